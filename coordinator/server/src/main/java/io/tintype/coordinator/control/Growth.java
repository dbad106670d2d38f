// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.control;

import io.tintype.cluster.placement.PoolRules;
import java.util.List;

/**
 * When a pool gets more shards, and how many: ahead of need, as soon as its room, of users or of bytes, falls below a share
 * of what it could hold. Pure.
 */
final class Growth {
    /** A pool grows by this share of what it has, at a time. */
    private static final int GROWTH_PERCENT = 25;

    private static final int PERCENT = 100;

    private Growth() {}

    /**
     * What is known of one of the pool's shards.
     *
     * @param users users it holds
     * @param bytes bytes of their blobs
     */
    record Fill(long users, long bytes) {}

    /**
     * How many shards the pool should get now.
     *
     * @param shards all of its shards
     * @param roomPercent the share of room below which it grows, 0 to 100; at 0 only once there is none
     */
    static int wanted(PoolRules pool, List<Fill> shards, int roomPercent) {
        if (shards.isEmpty()) {
            return 0;
        }
        var capacity = pool.capacity();
        long usersLimit = capacity.usersPerShard();
        long bytesLimit = capacity.bytesPerShard();
        double room = 0;
        for (var shard : shards) {
            double users = share(shard.users(), usersLimit);
            // A shard that is full of either takes nobody, whatever room of the other it has.
            room += Math.min(users, bytesLimit == 0 ? 1 : share(shard.bytes(), bytesLimit));
        }
        boolean isLow = room * PERCENT < (double) roomPercent * shards.size() || room <= 0;
        return isLow ? Math.max(1, shards.size() * GROWTH_PERCENT / PERCENT) : 0;
    }

    private static double share(long used, long limit) {
        return Math.max(0, limit - used) / (double) limit;
    }
}
