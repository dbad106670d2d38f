// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import io.tintype.model.ShardId;
import io.tintype.storage.blob.Collector;
import io.tintype.storage.blob.Collector.Kind;
import io.tintype.storage.blob.Proposal;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Removes what is no longer needed, for a bounded time a shard and round: garbage past its grace from this disk; and, where
 * the replica leads, what only the log may remove (expired blobs, abandoned uploads) by proposing it, and how much of the
 * log has aged. And has the disk give the room of what was removed back to the file system.
 *
 * <p>Thread-safe; never blocks.
 */
final class Collecting {
    private static final Logger log = LoggerFactory.getLogger(Collecting.class);

    /** Most that is removed at a time. */
    private static final int BUDGET = 256;

    /** How long a shard's part of a round may go on: garbage is to go as fast as it comes, and nobody is to notice. */
    static final Duration MOST_A_SHARD = Duration.ofSeconds(1);

    /** How often it is asked whether the disk has given enough room back; it should not go on for long after it has. */
    static final Duration SETTLE_EVERY = Duration.ofSeconds(1);

    private final ShardContext context;
    private final Set<ShardId> underWay = ConcurrentHashMap.newKeySet();
    private final AtomicBoolean maintaining = new AtomicBoolean();

    Collecting(ShardContext context) {
        this.context = context;
    }

    /** One round: for each shard, and for the disk, unless one is under way there. */
    void round(Iterable<ShardRuntime> shards) {
        shards.forEach(this::round);
        beginToMaintain();
    }

    /** Has the disk look whether it has given enough room back, if it is at it. */
    void settle() {
        if (context.disk().isCollecting()) {
            beginToMaintain();
        }
    }

    private void beginToMaintain() {
        if (maintaining.compareAndSet(false, true)) {
            try {
                context.threads().io().execute(this::maintain);
            } catch (RejectedExecutionException e) {
                maintaining.set(false); // busy: next round
            }
        }
    }

    private void maintain() {
        try {
            context.disk().maintain();
        } catch (RuntimeException e) {
            log.warn("giving the room of removed chunks back failed; it is tried again next round", e);
        } finally {
            maintaining.set(false);
        }
    }

    private void round(ShardRuntime shard) {
        if (underWay.add(shard.id())) {
            new Round(shard).goOn();
        }
    }

    /**
     * One shard's part of a round: a bounded amount after the other as long as there is more and time for it. Each waits in
     * line with what else has to be done on the disk, so a lot of garbage holds nobody up for long.
     */
    private final class Round {
        private final ShardRuntime shard;
        private final long nowMs = context.clock().now().wallMillis();
        private final long beganNanos = context.clock().now().nanos();
        private Set<Kind> left;
        private boolean toldAge;

        Round(ShardRuntime shard) {
            this.shard = shard;
            // What goes through the log is for the primary to find.
            this.left = shard.board().leadingEpoch == 0
                    ? EnumSet.complementOf(EnumSet.of(Kind.BLOBS))
                    : EnumSet.allOf(Kind.class);
        }

        void goOn() {
            try {
                context.threads().io().execute(this::guarded);
            } catch (RejectedExecutionException e) {
                end(); // busy: next round
            }
        }

        private void guarded() {
            try {
                step();
            } catch (RuntimeException | Error e) {
                log.warn("shard {}: removing what is no longer needed failed", shard.id(), e);
                end();
            }
        }

        private void step() {
            tellAge();
            var proposed = propose(collect());
            // In front of more proposals these must be through: they are not to crowd out anybody else's.
            var unused = proposed.orTimeout(MOST_A_SHARD.toNanos(), TimeUnit.NANOSECONDS)
                    .whenComplete((done, failure) -> {
                        if (failure != null) {
                            log.debug("shard {}: the rest comes next round", shard.id(), failure);
                        }
                        long taken = context.clock().now().nanos() - beganNanos;
                        if (failure != null || left.isEmpty() || taken >= MOST_A_SHARD.toNanos()) {
                            end();
                        } else {
                            goOn();
                        }
                    });
        }

        private void tellAge() {
            if (!toldAge && shard.board().leadingEpoch != 0) {
                toldAge = true;
                shard.logAged(
                        shard.store().logBefore(nowMs - ShardLimits.LOG_KEPT.toMillis(), ShardLimits.LOG_KEPT_BYTES));
            }
        }

        private List<Proposal> collect() {
            Collector.Collection found;
            synchronized (shard.store()) { // an installation waits for this before it begins
                if (!shard.board().whole) {
                    left = Set.of();
                    return List.of();
                }
                // What the log does not take for expired yet need not be proposed.
                long timeMs = shard.store().reader().timeMs(nowMs);
                found = shard.store().collector().collect(timeMs, BUDGET, left);
            }
            left = found.more();
            context.metrics().collected(found.chunksRemoved());
            return found.proposals();
        }

        private CompletableFuture<Void> propose(List<Proposal> proposals) {
            return shard.board().servingEpoch == 0
                    ? CompletableFuture.completedFuture(null)
                    : CompletableFuture.allOf(
                            proposals.stream().map(shard::propose).toArray(CompletableFuture<?>[]::new));
        }

        private void end() {
            underWay.remove(shard.id());
        }
    }
}
