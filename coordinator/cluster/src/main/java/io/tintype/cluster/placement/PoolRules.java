// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.placement;

import io.tintype.model.PoolId;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.proto.internal.v1.PoolRecord;
import io.tintype.proto.v1.Pool;

/**
 * The rules of a pool, checked. Immutable.
 *
 * @param id its region and tier
 * @param replicationFactor replicas of each shard, 1 to 7
 * @param minInsync in-sync replicas that a write needs, 1 to {@code replicationFactor}
 * @param usersPerShard users a shard takes at most, 1 to 10,000,000
 * @param initialShards shards the pool begins with, 1 to 256
 */
public record PoolRules(PoolId id, int replicationFactor, int minInsync, int usersPerShard, int initialShards) {
    /** Most replicas of a shard. */
    public static final int MAX_REPLICATION_FACTOR = 7;
    /** Most users of a shard. */
    public static final int MAX_USERS_PER_SHARD = 10_000_000;
    /** Most shards a pool begins with. */
    public static final int MAX_INITIAL_SHARDS = 256;

    /** Checks; throws {@link TintypeException} INVALID_ARGUMENT, which names the field and its limits. */
    public PoolRules {
        check("replication_factor", replicationFactor, MAX_REPLICATION_FACTOR);
        check("min_insync", minInsync, replicationFactor);
        check("users_per_shard", usersPerShard, MAX_USERS_PER_SHARD);
        check("initial_shards", initialShards, MAX_INITIAL_SHARDS);
    }

    /** The rules in their znode. */
    public static PoolRules of(PoolRecord record) {
        return new PoolRules(
                new PoolId(record.getRegion(), record.getTier()),
                record.getReplicationFactor(),
                record.getMinInsync(),
                record.getUsersPerShard(),
                record.getInitialShards());
    }

    /** The rules somebody asks for. */
    public static PoolRules of(Pool pool) {
        return new PoolRules(
                new PoolId(pool.getRegion(), pool.getTier()),
                pool.getReplicationFactor(),
                pool.getMinInsync(),
                pool.getUsersPerShard(),
                pool.getInitialShards());
    }

    /** For their znode; the format is the caller's to add. */
    public PoolRecord.Builder toRecord() {
        return PoolRecord.newBuilder()
                .setRegion(id.region())
                .setTier(id.tier())
                .setReplicationFactor(replicationFactor)
                .setMinInsync(minInsync)
                .setUsersPerShard(usersPerShard)
                .setInitialShards(initialShards);
    }

    /** For an answer. */
    public Pool toWire() {
        return Pool.newBuilder()
                .setRegion(id.region())
                .setTier(id.tier())
                .setReplicationFactor(replicationFactor)
                .setMinInsync(minInsync)
                .setUsersPerShard(usersPerShard)
                .setInitialShards(initialShards)
                .build();
    }

    private static void check(String field, int value, int max) {
        if (value < 1 || value > max) {
            throw new TintypeException(
                    Reason.INVALID_ARGUMENT, field + " is " + Integer.toUnsignedString(value) + "; give 1 to " + max);
        }
    }
}
