// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.map;

import io.tintype.cluster.placement.PoolRules;
import io.tintype.model.NodeId;
import io.tintype.model.PoolId;
import io.tintype.model.ShardId;
import io.tintype.model.ShardMap;
import io.tintype.proto.internal.v1.NodeIntent;
import io.tintype.proto.internal.v1.ShardAssignment;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * All that a coordinator knows of the cluster at one moment. Immutable.
 *
 * @param map nodes and shards; a shard that is assigned but has not come to life is in it without a primary
 * @param pools rules of each pool
 * @param assignments where each shard should be
 * @param directoryOrNull which directory shard keeps which users, once the controller has laid that down
 * @param intents what operators want of nodes, of those of which they want anything
 */
public record ClusterView(
        ShardMap map,
        Map<PoolId, PoolRules> pools,
        Map<ShardId, ShardAssignment> assignments,
        @Nullable DirectoryLayout directoryOrNull,
        Map<NodeId, NodeIntent> intents) {
    /** Knows nothing. */
    public static final ClusterView EMPTY = new ClusterView(ShardMap.EMPTY, Map.of(), Map.of(), null);

    public ClusterView {
        pools = Map.copyOf(pools);
        assignments = Map.copyOf(assignments);
        intents = Map.copyOf(intents);
    }

    /** As above, where operators want nothing of any node. */
    public ClusterView(
            ShardMap map,
            Map<PoolId, PoolRules> pools,
            Map<ShardId, ShardAssignment> assignments,
            @Nullable DirectoryLayout directoryOrNull) {
        this(map, pools, assignments, directoryOrNull, Map.of());
    }

    /** What operators want of a node. */
    public NodeIntent intent(NodeId node) {
        return intents.getOrDefault(node, NodeIntent.getDefaultInstance());
    }

    /** Which directory shard keeps which users, once the controller has laid that down. */
    public Optional<DirectoryLayout> directory() {
        return Optional.ofNullable(directoryOrNull);
    }
}
