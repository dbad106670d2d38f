// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.placement.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.tintype.cluster.placement.plan.PlanStep.Kind;
import io.tintype.model.NodeId;
import io.tintype.model.ShardId;
import java.util.List;
import org.junit.jupiter.api.Test;

final class PlanTimeTest {
    private static final NodeId A = new NodeId("a");
    private static final NodeId B = new NodeId("b");
    private static final NodeId C = new NodeId("c");

    @Test
    void copiesFromOneNodeFollowEachOtherAndLeadsAreFree() {
        var steps = List.of(lead(1), move(1, B), move(2, C));
        // Both come from a, so the second begins when the first is copied; each is read once more, four times as fast.
        assertThat(PlanTime.seconds(steps, shard -> A, 4, 100, 2)).isCloseTo(10 + 10 + 2.5 + 2, within(0.01));
    }

    @Test
    void copiesBetweenDifferentNodesGoTogetherWhilePlacesAreFree() {
        var steps = List.of(move(1, B), move(2, C));
        assertThat(PlanTime.seconds(steps, PlanTimeTest::own, 2, 100, 2)).isCloseTo(14.5, within(0.01));
        assertThat(PlanTime.seconds(steps, PlanTimeTest::own, 1, 100, 2)).isCloseTo(29, within(0.01));
    }

    private static NodeId own(ShardId shard) {
        return new NodeId("own-" + shard.value());
    }

    private static PlanStep move(int shard, NodeId to) {
        return new PlanStep(Kind.MOVE, new ShardId(shard), A, to, null, 1_000, List.of(A), "");
    }

    private static PlanStep lead(int shard) {
        return new PlanStep(Kind.LEAD, new ShardId(shard), A, B, null, 0, List.of(A, B), "");
    }
}
