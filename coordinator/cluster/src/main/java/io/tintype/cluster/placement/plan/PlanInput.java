// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.placement.plan;

import java.util.Comparator;
import java.util.List;

/**
 * All that the planner goes by. Immutable; in order of ids, whatever order it was given in.
 *
 * @param nodes every node that is registered
 * @param shards every shard that is assigned; one of a pool that is not among {@code pools} is left where it is
 * @param pools every pool
 * @param rules what the plan must hold to
 */
public record PlanInput(List<PlanNode> nodes, List<PlanShard> shards, List<PlanPool> pools, PlanRules rules) {
    public PlanInput {
        nodes = nodes.stream().sorted(Comparator.comparing(PlanNode::id)).toList();
        shards = shards.stream().sorted(Comparator.comparing(PlanShard::id)).toList();
        pools = pools.stream().sorted(Comparator.comparing(PlanPool::id)).toList();
    }

    /** The same under other rules. */
    public PlanInput with(PlanRules other) {
        return new PlanInput(nodes, shards, pools, other);
    }
}
