// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.zk;

import com.google.protobuf.Message;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.BiPredicate;
import org.apache.zookeeper.KeeperException.Code;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Replaces records by compare-and-set and finds out how it ended, also when ZooKeeper's answer was lost. Thread-safe;
 * never blocks the caller.
 *
 * <p>After a lost answer the znode is read again, behind a {@code sync}:
 *
 * <ul>
 *   <li>it holds the very record of this attempt (same writer and nonce): the attempt won;
 *   <li>it has moved on from the expected version: the attempt lost, and can never take effect, because its version is
 *       gone;
 *   <li>it still has the expected version: the write may yet arrive, so it is sent again, until one of the above holds.
 * </ul>
 *
 * <p>So an outcome is always the truth and always final. While ZooKeeper is out of reach the future stays open; it fails
 * only when the session is closed for good, or on a record that cannot be encoded or decoded. Whoever waits must meanwhile
 * reckon with both outcomes.
 */
public final class CompareAndSet<T extends Message> {
    private static final Logger log = LoggerFactory.getLogger(CompareAndSet.class);

    private static final long FIRST_PAUSE_MS = 50;
    private static final long LONGEST_PAUSE_MS = 2_000;

    private final Znodes znodes;
    private final ZnodeCodec<T> codec;
    private final BiPredicate<T, T> sameWrite;

    /**
     * @param znodes the session's operations
     * @param codec how records of this kind are stored
     * @param sameWrite whether two records were written by the same attempt
     */
    public CompareAndSet(Znodes znodes, ZnodeCodec<T> codec, BiPredicate<T, T> sameWrite) {
        this.znodes = znodes;
        this.codec = codec;
        this.sameWrite = sameWrite;
    }

    /** Replaces the record at {@code path} if it still has {@code expectedVersion}. */
    public CompletableFuture<CasOutcome<T>> set(String path, int expectedVersion, T next) {
        return begin(new Attempt(path, next, expectedVersion));
    }

    /** Creates the record at {@code path} if there is none. The outcome is never {@link CasOutcome.Missing}. */
    public CompletableFuture<CasOutcome<T>> create(String path, T first) {
        return begin(new Attempt(path, first, Attempt.ABSENT));
    }

    /**
     * Reads the record as it is now: every change acknowledged before this call is seen. Fails at once where ZooKeeper
     * is out of reach.
     */
    public CompletableFuture<Optional<Versioned<T>>> read(String path) {
        return znodes.sync(path)
                .thenCompose(synced -> znodes.get(path))
                .thenApply(found -> found.map(z -> decode(path, z)));
    }

    private CompletableFuture<CasOutcome<T>> begin(Attempt attempt) {
        try {
            attempt.bytes = codec.encode(attempt.path, attempt.next);
            attempt.send();
        } catch (ZnodeFormatException e) {
            attempt.outcome.completeExceptionally(e);
        }
        return attempt.outcome;
    }

    private Versioned<T> decode(String path, Znode znode) {
        return new Versioned<>(codec.decode(path, znode.data()), znode.version());
    }

    /** One attempt until its outcome is known; its steps follow each other, never two at a time. */
    private final class Attempt {
        static final int ABSENT = -1;

        final CompletableFuture<CasOutcome<T>> outcome = new CompletableFuture<>();
        final String path;
        final T next;
        final int expectedVersion;
        byte[] bytes = {};
        private long pauseMs = FIRST_PAUSE_MS;

        Attempt(String path, T next, int expectedVersion) {
            this.path = path;
            this.next = next;
            this.expectedVersion = expectedVersion;
        }

        void send() {
            if (expectedVersion == ABSENT) {
                var unused = znodes.create(path, bytes).whenComplete((done, failure) -> sent(failure, 0));
            } else {
                var unused = znodes.set(path, bytes, expectedVersion)
                        .whenComplete((version, failure) -> sent(failure, version == null ? 0 : version));
            }
        }

        private void sent(@Nullable Throwable failure, int newVersion) {
            if (failure == null) {
                outcome.complete(new CasOutcome.Won<>(new Versioned<>(next, newVersion)));
            } else if (ZkErrors.is(failure, Code.BADVERSION)
                    || ZkErrors.is(failure, Code.NODEEXISTS)
                    || ZkErrors.is(failure, Code.NONODE)) {
                // Perhaps the doing of an earlier send whose answer was lost inside the client.
                settle();
            } else {
                later(failure, this::settle);
            }
        }

        private void settle() {
            var unused = read(path).whenComplete((found, failure) -> {
                if (failure != null) {
                    later(failure, this::settle);
                } else {
                    judge(found);
                }
            });
        }

        private void judge(Optional<Versioned<T>> found) {
            if (found.isEmpty()) {
                if (expectedVersion == ABSENT) {
                    later(null, this::send);
                } else {
                    outcome.complete(new CasOutcome.Missing<>());
                }
                return;
            }
            var current = found.get();
            if (sameWrite.test(current.value(), next)) {
                outcome.complete(new CasOutcome.Won<>(current));
            } else if (current.version() != expectedVersion) {
                outcome.complete(new CasOutcome.Lost<>(current));
            } else {
                later(null, this::send);
            }
        }

        private void later(@Nullable Throwable failure, Runnable step) {
            if (failure != null && (znodes.isClosed() || !ZkErrors.isUnanswered(failure))) {
                outcome.completeExceptionally(ZkErrors.unwrap(failure));
                return;
            }
            log.debug("outcome of a write to {} is open; looking again in {} ms", path, pauseMs, failure);
            Executor pause = CompletableFuture.delayedExecutor(pauseMs, TimeUnit.MILLISECONDS);
            pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
            pause.execute(step);
        }
    }
}
