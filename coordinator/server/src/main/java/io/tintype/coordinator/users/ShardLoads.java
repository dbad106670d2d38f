// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.users;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.grpc.Deadline;
import io.tintype.cluster.channel.GrpcLimits;
import io.tintype.model.ShardId;
import io.tintype.proto.internal.v1.DescribeReplicaResponse;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** Remembers how full shards said they were when they were asked last. Thread-safe; never blocks. */
public final class ShardLoads {
    /** Most shards whose load is remembered. */
    private static final int REMEMBERED = 100_000;

    /** A load older than this is asked for anew; the old one serves meanwhile. */
    private static final Duration FRESH = Duration.ofSeconds(5);

    private final DataShards shards;

    private final Cache<ShardId, Boolean> asked = Caffeine.newBuilder()
            .maximumSize(REMEMBERED)
            .expireAfterWrite(FRESH)
            .build();

    private final Cache<ShardId, Held> held =
            Caffeine.newBuilder().maximumSize(REMEMBERED).build();

    ShardLoads(DataShards shards) {
        this.shards = shards;
    }

    /**
     * What a shard holds and bears.
     *
     * @param users users it owns
     * @param bytes bytes of their blobs
     * @param callsPerSecond reads and writes a second that its primary was asked for, lately
     */
    public record Held(long users, long bytes, double callsPerSecond) {
        static final Held NOTHING = new Held(0, 0, 0);
    }

    void heard(ShardId shard, DescribeReplicaResponse said) {
        held.put(shard, new Held(said.getUsers(), said.getBytes(), said.getCallsPerSecond()));
    }

    /** What a shard was last heard to hold; empty: nothing was heard yet. */
    public Optional<Held> lastHeard(ShardId shard) {
        return Optional.ofNullable(held.getIfPresent(shard));
    }

    /** Asks a shard what it holds, unless it was asked a short while ago. */
    public void refresh(ShardId shard) {
        if (asked.getIfPresent(shard) == null) {
            asked.put(shard, true);
            var unused =
                    shards.describe(shard, Deadline.after(GrpcLimits.UNARY_DEADLINE.toMillis(), TimeUnit.MILLISECONDS));
        }
    }
}
