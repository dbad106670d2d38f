// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.move;

import io.tintype.model.NodeId;
import io.tintype.model.Reason;
import io.tintype.model.ShardId;
import io.tintype.model.TintypeException;
import io.tintype.model.UserId;
import io.tintype.storage.shard.Peers;
import io.tintype.storage.shard.ShardReplica;
import io.tintype.wire.Errors;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The copies that this node makes: each user once at a time, so many at once, the others in turn. Thread-safe; starting
 * never blocks.
 */
final class Pulls implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Pulls.class);
    /** Most users that wait for their turn. */
    static final int WAITING = 10_000;

    private static final int CLOSE_SECONDS = 5;

    private record Key(ShardId shard, UserId user) {}

    private final Source source;
    private final Peers peers;
    private final Function<ShardId, CompletableFuture<List<NodeId>>> replicas;
    private final Throttle throttle;
    private final ThreadPoolExecutor threads;
    private final Map<Key, MoveProgress> running = new ConcurrentHashMap<>();
    private final OpenCopies open = new OpenCopies();
    private final LongAdder copied = new LongAdder();
    private final LongAdder brokenOff = new LongAdder();
    private volatile Mismatch mismatch = (shard, user, move) -> {};

    /** Is told of a copy that does not come out equal to what the source has. */
    interface Mismatch {
        void found(ShardReplica shard, UserId user, long move);
    }

    /** @param replicas nodes that hold a shard, those to read from first */
    Pulls(
            Source source,
            Peers peers,
            Function<ShardId, CompletableFuture<List<NodeId>>> replicas,
            MoveSettings settings) {
        this.source = source;
        this.peers = peers;
        this.replicas = replicas;
        this.throttle = new Throttle(settings.bytesPerSecond());
        var count = new AtomicInteger();
        this.threads = new ThreadPoolExecutor(
                settings.atOnce(), settings.atOnce(), 0, TimeUnit.SECONDS, new LinkedBlockingQueue<>(WAITING), task -> {
                    var thread = new Thread(task, "tintype-move-" + count.getAndIncrement());
                    thread.setDaemon(true);
                    return thread;
                });
    }

    void onMismatch(Mismatch listener) {
        mismatch = listener;
    }

    /**
     * Copies a user, unless that is under way.
     *
     * @param then what to do once he is installed
     */
    void start(ShardReplica target, UserId user, MoveStep.Pull what, Supplier<CompletableFuture<?>> then) {
        var key = new Key(target.id(), user);
        var progress = new MoveProgress();
        if (running.putIfAbsent(key, progress) != null) {
            return;
        }
        try {
            threads.execute(() -> run(key, target, what, progress, then));
        } catch (RejectedExecutionException e) {
            running.remove(key); // busy, or stopping: asked again soon
        }
    }

    /** Before a move is given up here: see {@link OpenCopies#abortLeftBehind}. Blocks on the disk. */
    void abortLeftBehind(ShardReplica target, UserId user) {
        open.abortLeftBehind(target, user);
    }

    /** Copies under way. */
    int running() {
        return threads.getActiveCount();
    }

    /** Copies that wait for their turn. */
    int waiting() {
        return threads.getQueue().size();
    }

    /** Copies that were finished. */
    long copied() {
        return copied.sum();
    }

    /** Copies that broke off. */
    long brokenOff() {
        return brokenOff.sum();
    }

    /** How far a copy is that is under way. */
    Optional<MoveProgress> progress(ShardId shard, UserId user) {
        return Optional.ofNullable(running.get(new Key(shard, user)));
    }

    private void run(
            Key key,
            ShardReplica target,
            MoveStep.Pull what,
            MoveProgress progress,
            Supplier<CompletableFuture<?>> then) {
        try {
            open.abortLeftBehind(target, key.user());
            var from = new ShardId(what.from());
            var nodes = Pull.await(replicas.apply(from));
            if (nodes.isEmpty()) {
                throw new TintypeException(Reason.NO_PRIMARY, "shard " + from + " has no replicas to copy from");
            }
            var copier = new BlobCopier(peers, target, key.user(), from, what.move(), throttle, progress, open);
            new Pull(source, target, key.user(), what, copier, nodes, progress).run();
            Pull.await(then.get());
            copied.increment();
        } catch (RuntimeException e) {
            brokenOff.increment();
            failed(key, target, what, Errors.fromWire(e));
        } finally {
            running.remove(key);
        }
    }

    private void failed(Key key, ShardReplica target, MoveStep.Pull what, TintypeException cause) {
        if (cause.reason() == Reason.CHECKSUM_MISMATCH) {
            log.error(
                    "user '{}': move {} to shard {} ends: {}",
                    key.user(),
                    what.move(),
                    key.shard(),
                    cause.getMessage());
            mismatch.found(target, key.user(), what.move());
        } else if (cause.reason() != Reason.MOVE_CONFLICT && target.status().leads()) {
            log.warn(
                    "user '{}': copying from shard {} to shard {} begins again: {}",
                    key.user(),
                    what.from(),
                    key.shard(),
                    cause.getMessage());
        }
    }

    /** Ends what is under way; what was copied is found again. */
    @Override
    public void close() {
        threads.shutdownNow();
        try {
            if (!threads.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS)) {
                log.warn("a copy did not end within {} s", CLOSE_SECONDS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
