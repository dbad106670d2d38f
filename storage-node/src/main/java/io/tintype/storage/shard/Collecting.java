// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import io.tintype.model.ShardId;
import io.tintype.storage.blob.Collector;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Removes what is no longer needed, a bounded amount a shard and round: garbage past its grace from this disk; and, where
 * the replica leads, what only the log may remove (expired blobs, abandoned uploads) by proposing it, and how much of the
 * log has aged. And has the disk give the room of what was removed back to the file system.
 *
 * <p>Thread-safe; never blocks.
 */
final class Collecting {
    private static final Logger log = LoggerFactory.getLogger(Collecting.class);
    private static final int BUDGET = 256;

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
        if (!underWay.add(shard.id())) {
            return;
        }
        try {
            context.threads().io().execute(() -> {
                try {
                    collect(shard);
                } catch (RuntimeException e) {
                    log.warn("shard {}: removing what is no longer needed failed", shard.id(), e);
                } finally {
                    underWay.remove(shard.id());
                }
            });
        } catch (RejectedExecutionException e) {
            underWay.remove(shard.id()); // busy: next round
        }
    }

    private void collect(ShardRuntime shard) {
        long nowMs = context.clock().now().wallMillis();
        Collector.Collection found;
        synchronized (shard.store()) { // an installation waits for this before it begins
            if (!shard.board().whole) {
                return;
            }
            found = shard.store().collector().collect(nowMs, BUDGET);
        }
        context.metrics().collected(found.chunksRemoved());
        if (shard.board().leadingEpoch != 0) {
            shard.logAged(shard.store().logBefore(nowMs - ShardLimits.LOG_KEPT.toMillis(), ShardLimits.LOG_KEPT_BYTES));
        }
        if (shard.board().servingEpoch != 0) {
            for (var proposal : found.proposals()) {
                var unused = shard.propose(proposal).whenComplete((done, failure) -> {
                    if (failure != null) {
                        log.debug("shard {}: {} comes again next round", shard.id(), proposal.type(), failure);
                    }
                });
            }
        }
    }
}
