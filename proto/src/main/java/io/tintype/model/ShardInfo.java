// SPDX-License-Identifier: Apache-2.0
package io.tintype.model;

import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A shard as the map knows it: a hint for clients, which the replicas themselves correct.
 *
 * <p>Immutable. Of two records of one shard, the one with the higher {@code configVersion} is the newer.
 *
 * @param id the shard
 * @param directory whether it keeps directory entries instead of blobs
 * @param pool the pool it belongs to
 * @param epoch rises with every election
 * @param primaryOrNull the node that leads it, if one does
 * @param inSync nodes that hold every acknowledged write
 * @param replicas all nodes that hold a replica
 * @param configVersion rises with every change
 */
public record ShardInfo(
        ShardId id,
        boolean directory,
        PoolId pool,
        long epoch,
        @Nullable NodeId primaryOrNull,
        List<NodeId> inSync,
        List<NodeId> replicas,
        long configVersion) {
    public ShardInfo {
        inSync = List.copyOf(inSync);
        replicas = List.copyOf(replicas);
    }

    /** The node that leads it, if one does. */
    public Optional<NodeId> primary() {
        return Optional.ofNullable(primaryOrNull);
    }
}
