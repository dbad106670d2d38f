// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.placement;

import io.tintype.model.Labels;
import io.tintype.model.Limits;
import io.tintype.model.PoolId;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.proto.internal.v1.PoolRecord;
import io.tintype.proto.v1.Pool;
import java.util.Set;

/**
 * The rules of a pool, checked. Immutable.
 *
 * @param id its region and tier
 * @param replicationFactor replicas of each shard, 1 to 7
 * @param minInsync in-sync replicas that a write needs, 1 to {@code replicationFactor}
 * @param nodes on which nodes those replicas may stand
 * @param capacity how much a shard takes, and how many there are at first
 * @param quota what a user may store who has no quota of his own
 * @param residency where copies may stand, and where they do
 * @param cacheControl Cache-Control of answers over HTTP; empty: the default
 * @param sealed whether chunks that come in are sealed under a key of their user's own
 */
public record PoolRules(
        PoolId id,
        int replicationFactor,
        int minInsync,
        NodeRule nodes,
        Capacity capacity,
        UserQuota quota,
        Residency residency,
        String cacheControl,
        boolean sealed) {
    /** Most replicas of a shard. */
    public static final int MAX_REPLICATION_FACTOR = 7;
    /** Most users of a shard. */
    public static final int MAX_USERS_PER_SHARD = 10_000_000;
    /** Most shards a pool begins with. */
    public static final int MAX_INITIAL_SHARDS = 256;
    /** Longest Cache-Control. */
    public static final int MAX_CACHE_CONTROL = Limits.MAX_CACHE_CONTROL;

    /**
     * How much a shard takes, and how many there are at first.
     *
     * @param usersPerShard users a shard takes at most, 1 to 10,000,000; exact
     * @param bytesPerShard bytes beyond which a shard is given no more users; 0: no limit
     * @param initialShards shards the pool begins with, 1 to 256
     */
    public record Capacity(int usersPerShard, long bytesPerShard, int initialShards) {
        public Capacity {
            check("users_per_shard", usersPerShard, MAX_USERS_PER_SHARD);
            check("initial_shards", initialShards, MAX_INITIAL_SHARDS);
            notNegative("bytes_per_shard", bytesPerShard);
        }
    }

    /**
     * On which nodes of the serving region replicas that count may stand.
     *
     * @param zonesRequired whether each must have a zone of its own
     * @param labels what each must have
     */
    public record NodeRule(boolean zonesRequired, Set<String> labels) {
        /** Any nodes. */
        public static final NodeRule ANY = new NodeRule(false, Set.of());

        public NodeRule {
            labels = Labels.of(labels);
        }
    }

    /** Checks; throws {@link TintypeException} INVALID_ARGUMENT, which names the field and its limits. */
    public PoolRules {
        check("replication_factor", replicationFactor, MAX_REPLICATION_FACTOR);
        check("min_insync", minInsync, replicationFactor);
        residency.check(id);
        if (cacheControl.length() > MAX_CACHE_CONTROL || !cacheControl.chars().allMatch(c -> c >= ' ' && c < 0x7f)) {
            throw new TintypeException(
                    Reason.INVALID_ARGUMENT,
                    "cache_control has " + cacheControl.length() + " characters; give at most " + MAX_CACHE_CONTROL
                            + " printable ones of ASCII");
        }
    }

    /** A pool that is pinned to its region, without limits of bytes and without quotas. */
    public PoolRules(PoolId id, int replicationFactor, int minInsync, int usersPerShard, int initialShards) {
        this(
                id,
                replicationFactor,
                minInsync,
                NodeRule.ANY,
                new Capacity(usersPerShard, 0, initialShards),
                UserQuota.NONE,
                Residency.PINNED,
                "",
                false);
    }

    /** Whether each replica that counts must have a zone of its own. */
    public boolean zonesRequired() {
        return nodes.zonesRequired();
    }

    /** What a node must have to hold a replica that counts. */
    public Set<String> labels() {
        return nodes.labels();
    }

    /** Users a shard takes at most. */
    public int usersPerShard() {
        return capacity.usersPerShard();
    }

    /** Shards the pool begins with. */
    public int initialShards() {
        return capacity.initialShards();
    }

    /** The region whose nodes lead and vote. */
    public String servingRegion() {
        return residency.servingRegion(id);
    }

    /** The same, served by another region. See {@link Residency#switchedTo}. */
    public PoolRules switchedTo(String region) {
        return new PoolRules(
                id,
                replicationFactor,
                minInsync,
                nodes,
                capacity,
                quota,
                residency.switchedTo(id, region),
                cacheControl,
                sealed);
    }

    /** The rules in their znode. */
    public static PoolRules of(PoolRecord record) {
        return new PoolRules(
                new PoolId(record.getRegion(), record.getTier()),
                record.getReplicationFactor(),
                record.getMinInsync(),
                new NodeRule(record.getZonesRequired(), Set.copyOf(record.getLabelsList())),
                new Capacity(record.getUsersPerShard(), record.getBytesPerShard(), record.getInitialShards()),
                new UserQuota(record.getUserBytes(), record.getUserBlobs()),
                new Residency(record.getUnpinned(), record.getObserversList(), record.getServingRegion()),
                record.getCacheControl(),
                record.getSealed());
    }

    /** The rules somebody asks for. */
    public static PoolRules of(Pool pool) {
        return new PoolRules(
                new PoolId(pool.getRegion(), pool.getTier()),
                pool.getReplicationFactor(),
                pool.getMinInsync(),
                new NodeRule(pool.getZonesRequired(), Set.copyOf(pool.getLabelsList())),
                new Capacity(pool.getUsersPerShard(), pool.getBytesPerShard(), pool.getInitialShards()),
                new UserQuota(pool.getUserBytes(), pool.getUserBlobs()),
                new Residency(pool.getUnpinned(), pool.getObserversList(), pool.getServingRegion()),
                pool.getCacheControl(),
                pool.getSealed());
    }

    /** For their znode; the format is the caller's to add. */
    public PoolRecord.Builder toRecord() {
        return PoolRecord.newBuilder()
                .setRegion(id.region())
                .setTier(id.tier())
                .setReplicationFactor(replicationFactor)
                .setMinInsync(minInsync)
                .setUsersPerShard(usersPerShard())
                .setInitialShards(initialShards())
                .setBytesPerShard(capacity.bytesPerShard())
                .setUserBytes(quota.bytes())
                .setUserBlobs(quota.blobs())
                .setZonesRequired(nodes.zonesRequired())
                .addAllLabels(nodes.labels())
                .setUnpinned(residency.unpinned())
                .addAllObservers(residency.observers())
                .setServingRegion(residency.servingOrEmpty())
                .setCacheControl(cacheControl)
                .setSealed(sealed);
    }

    /** For an answer. */
    public Pool toWire() {
        return Pool.newBuilder()
                .setRegion(id.region())
                .setTier(id.tier())
                .setReplicationFactor(replicationFactor)
                .setMinInsync(minInsync)
                .setUsersPerShard(usersPerShard())
                .setInitialShards(initialShards())
                .setBytesPerShard(capacity.bytesPerShard())
                .setUserBytes(quota.bytes())
                .setUserBlobs(quota.blobs())
                .setZonesRequired(nodes.zonesRequired())
                .addAllLabels(nodes.labels())
                .setUnpinned(residency.unpinned())
                .addAllObservers(residency.observers())
                .setServingRegion(residency.servingOrEmpty())
                .setCacheControl(cacheControl)
                .setSealed(sealed)
                .build();
    }

    private static void check(String field, int value, int max) {
        if (value < 1 || value > max) {
            throw new TintypeException(
                    Reason.INVALID_ARGUMENT, field + " is " + Integer.toUnsignedString(value) + "; give 1 to " + max);
        }
    }

    static void notNegative(String field, long value) {
        if (value < 0) {
            throw new TintypeException(
                    Reason.INVALID_ARGUMENT,
                    field + " is " + Long.toUnsignedString(value) + "; give 0 (no limit) to " + Long.MAX_VALUE);
        }
    }
}
