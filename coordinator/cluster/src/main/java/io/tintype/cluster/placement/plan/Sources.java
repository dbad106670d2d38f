// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.placement.plan;

import io.tintype.model.NodeId;
import io.tintype.model.ShardId;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Who sends what steps copy: whoever leads the shard when a step begins, as earlier steps of the plan leave it. Asked for the steps
 * of a shard in their order; used by one thread.
 */
public final class Sources {
    private final Function<ShardId, @Nullable NodeId> primaries;
    private final Map<ShardId, @Nullable NodeId> leaders = new HashMap<>();

    /** @param primaries who leads a shard when the plan begins; null: nobody, or nobody knows */
    public Sources(Function<ShardId, @Nullable NodeId> primaries) {
        this.primaries = primaries;
    }

    /** Who leads when a step begins; null: that is not known. Takes the step for done from then on. */
    public @Nullable NodeId next(PlanStep step) {
        var shard = step.shard();
        var leader = leaders.containsKey(shard) ? leaders.get(shard) : primaries.apply(shard);
        var after = leader;
        if (step.kind() == PlanStep.Kind.LEAD) {
            after = step.toOrNull();
        } else if (leader != null && leader.equals(step.fromOrNull())) {
            after = step.leaderOrNull();
        }
        leaders.put(shard, after);
        return leader;
    }
}
