// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import io.tintype.model.ShardId;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The newest {@link ReplicaSample} of each replica of a node. Thread-safe; never blocks. */
final class Samples {
    private static final Logger log = LoggerFactory.getLogger(Samples.class);

    /** How often calls are counted. */
    static final Duration EVERY = Duration.ofSeconds(1);

    private final ShardContext context;
    private final ShardRegistry registry;
    private final ToLongFunction<ShardRuntime> size;
    private final Map<ShardId, ReplicaSample> newest = new ConcurrentHashMap<>();
    private final AtomicBoolean underWay = new AtomicBoolean();

    Samples(ShardContext context, ShardRegistry registry) {
        this(context, registry, shard -> shard.store().sizeBytes());
    }

    /** @param size how many bytes a copy of a replica has; may block on the disk */
    Samples(ShardContext context, ShardRegistry registry, ToLongFunction<ShardRuntime> size) {
        this.context = context;
        this.registry = registry;
        this.size = size;
    }

    /** The newest sample of a replica; null: there is none yet. */
    @Nullable
    ReplicaSample of(ShardId shard) {
        return newest.get(shard);
    }

    /** Counts calls, and now and then bytes, which takes looks at the disk; called every {@link #EVERY}. */
    void round() {
        if (underWay.compareAndSet(false, true)) {
            try {
                context.threads().io().execute(this::takeAll);
            } catch (RejectedExecutionException e) {
                underWay.set(false); // busy: next round
            }
        }
    }

    private void takeAll() {
        try {
            for (var shard : registry.running()) {
                try {
                    take(shard);
                } catch (RuntimeException e) {
                    log.warn("shard {}: how much it holds and bears cannot be told", shard.id(), e);
                }
            }
            newest.keySet().removeIf(id -> registry.runtime(id).isEmpty());
        } finally {
            underWay.set(false);
        }
    }

    private void take(ShardRuntime shard) {
        var seen = new ReplicaSample.Seen(
                shard.calls(),
                context.clock().now().nanos(),
                shard.reader().appliedAt().seq(),
                context.snapshots().arrival(shard.id()).taken());
        var sample = ReplicaSample.next(newest.get(shard.id()), seen, () -> size.applyAsLong(shard));
        newest.put(shard.id(), sample);
        shard.peerInbox().counted(sample.rate());
    }
}
