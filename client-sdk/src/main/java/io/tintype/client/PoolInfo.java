// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import io.tintype.model.PoolId;

/**
 * The shards of one region and tier, and their rules. Immutable.
 *
 * @param id region and tier
 * @param replicationFactor replicas of each shard, 1 to 7
 * @param minInsync in-sync replicas that a write needs, 1 to {@code replicationFactor}
 * @param usersPerShard users a shard takes at most, 1 to 10,000,000
 * @param initialShards shards the pool begins with, 1 to 256
 */
public record PoolInfo(PoolId id, int replicationFactor, int minInsync, int usersPerShard, int initialShards) {}
