// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.placement.plan;

import io.tintype.model.NodeId;
import io.tintype.model.PoolId;
import io.tintype.model.ShardId;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A shard as the planner sees it. Immutable.
 *
 * @param id the shard
 * @param pool the pool whose rules it follows
 * @param replicas the nodes it is assigned to as a voter, each once
 * @param primaryOrNull the node that leads it
 * @param inSync nodes that hold every acknowledged write
 * @param bytes what one replica of it takes
 * @param users users that live on it
 * @param opsPerSecond calls a second that its primary answers
 */
public record PlanShard(
        ShardId id,
        PoolId pool,
        List<NodeId> replicas,
        @Nullable NodeId primaryOrNull,
        Set<NodeId> inSync,
        long bytes,
        long users,
        double opsPerSecond) {
    public PlanShard {
        replicas = List.copyOf(replicas);
        inSync = Set.copyOf(inSync);
    }

    /** The node that leads it. */
    public Optional<NodeId> primary() {
        return Optional.ofNullable(primaryOrNull);
    }
}
