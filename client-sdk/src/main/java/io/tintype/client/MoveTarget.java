// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import io.tintype.model.PoolId;
import io.tintype.model.ShardId;

/**
 * Where a user is to live. Immutable.
 *
 * @param region the pool's region; empty: the one he is in
 * @param tier the pool's tier; empty: the one he is in
 * @param shard the shard; 0: one of the pool that has room
 */
public record MoveTarget(String region, String tier, int shard) {
    /** Another tier of the region he is in. */
    public static MoveTarget tier(String tier) {
        return new MoveTarget("", tier, 0);
    }

    /** The same tier of another region. */
    public static MoveTarget region(String region) {
        return new MoveTarget(region, "", 0);
    }

    /** A pool. */
    public static MoveTarget pool(PoolId pool) {
        return new MoveTarget(pool.region(), pool.tier(), 0);
    }

    /** A shard, of whatever pool. */
    public static MoveTarget shard(ShardId shard) {
        return new MoveTarget("", "", shard.value());
    }
}
