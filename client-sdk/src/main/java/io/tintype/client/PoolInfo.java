// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import io.tintype.model.PoolId;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * The shards of one region and tier, and their rules. Immutable. The cluster checks the limits named here.
 *
 * @param id region and tier
 * @param replicationFactor replicas of each shard, 1 to 7
 * @param minInsync in-sync replicas that a write needs, 1 to {@code replicationFactor}
 * @param usersPerShard users a shard takes at most, 1 to 10,000,000
 * @param initialShards shards the pool begins with, 1 to 256
 * @param bytesPerShard bytes beyond which a shard is given no more users; 0: no limit
 * @param userBytes bytes a user may store who has no quota of his own; 0: no limit
 * @param userBlobs blobs a user may have who has no quota of his own; 0: no limit
 * @param zonesRequired whether each replica must have a zone of its own, or only as far as zones allow
 * @param unpinned whether copies may stand in other regions; if not, no byte leaves the pool's region
 * @param observers regions that are to hold a copy of every shard, at most 4; only where unpinned
 * @param servingRegion region whose nodes lead and vote; empty: the pool's own
 * @param cacheControl Cache-Control of answers over HTTP, at most 128 characters; empty: the default
 * @param labels what a node must have to hold a replica that counts, at most 8
 * @param sealed whether chunks that come in are sealed under a key of their user's own
 */
public record PoolInfo(
        PoolId id,
        int replicationFactor,
        int minInsync,
        int usersPerShard,
        int initialShards,
        long bytesPerShard,
        long userBytes,
        long userBlobs,
        boolean zonesRequired,
        boolean unpinned,
        List<String> observers,
        String servingRegion,
        String cacheControl,
        Set<String> labels,
        boolean sealed) {
    public PoolInfo {
        observers = List.copyOf(observers);
        labels = Collections.unmodifiableSet(new TreeSet<>(labels));
    }

    /** A pool pinned to its region, without quotas and limits of bytes. */
    public PoolInfo(PoolId id, int replicationFactor, int minInsync, int usersPerShard, int initialShards) {
        this(
                id,
                replicationFactor,
                minInsync,
                usersPerShard,
                initialShards,
                0,
                0,
                0,
                false,
                false,
                List.of(),
                "",
                "",
                Set.of(),
                false);
    }
}
