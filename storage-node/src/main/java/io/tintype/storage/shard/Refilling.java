// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import io.tintype.model.ShardId;
import io.tintype.storage.disk.DiskException;
import io.tintype.storage.replica.ReplicaState;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks, while a damaged store is kept beside the one in use, whether everything that it held has been copied since ({@link
 * Redundancy#isRefilled}), and tells the disk once. Costs one look at a file a round otherwise.
 *
 * <p>{@link #round} on the timer's thread, never blocks.
 */
final class Refilling {
    private static final Logger log = LoggerFactory.getLogger(Refilling.class);

    /** How often to look. */
    static final Duration EVERY = Duration.ofSeconds(5);

    private final ShardContext context;
    private final ShardRegistry registry;
    private final Supplier<Set<ShardId>> assigned;
    private final AtomicBoolean underWay = new AtomicBoolean();
    private volatile boolean over;

    /** @param assigned shards that the controller wants here, once all are known; empty before that */
    Refilling(ShardContext context, ShardRegistry registry, Supplier<Set<ShardId>> assigned) {
        this.context = context;
        this.registry = registry;
        this.assigned = assigned;
    }

    /** One look. */
    void round() {
        if (over || !underWay.compareAndSet(false, true)) {
            return;
        }
        try {
            context.threads().io().execute(this::look);
        } catch (RejectedExecutionException e) {
            underWay.set(false); // busy, or stopping: the next round comes
        }
    }

    private void look() {
        var wanted = assigned.get();
        try {
            over = !context.disk().isToBeRefilled();
        } catch (DiskException e) {
            log.warn("it cannot be told whether what a damaged store held has been copied", e);
        }
        var here = serving();
        if (over || wanted.isEmpty() || !here.keySet().containsAll(wanted)) {
            underWay.set(false);
            return;
        }
        var unused = context.znodes().recordsNaming(context.self()).whenComplete((records, failure) -> {
            if (failure == null && Redundancy.isRefilled(context.self(), records, here, wanted)) {
                context.threads().later(0, () -> context.threads().io().execute(this::note));
            }
            underWay.set(false);
        });
    }

    private void note() {
        try {
            context.disk().noteRefilled();
            over = true;
            log.info(
                    "all replicas here have been filled since the store was damaged; what was set aside may be removed");
        } catch (DiskException e) {
            log.warn("all replicas here have been filled, but that cannot be noted; trying again", e);
        }
    }

    private Map<ShardId, Long> serving() {
        var serving = new HashMap<ShardId, Long>();
        for (var shard : registry.running()) {
            boolean observes = shard.status().state() == ReplicaState.OBSERVER;
            if (shard.status().serving() || observes) {
                serving.put(shard.id(), shard.self().incarnation());
            }
        }
        return serving;
    }
}
