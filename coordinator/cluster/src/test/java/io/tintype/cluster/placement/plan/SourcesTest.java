// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.placement.plan;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.cluster.placement.plan.PlanStep.Kind;
import io.tintype.model.NodeId;
import io.tintype.model.ShardId;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class SourcesTest {
    private static final NodeId A = new NodeId("a");
    private static final NodeId B = new NodeId("b");
    private static final NodeId C = new NodeId("c");
    private static final NodeId D = new NodeId("d");

    private final Sources sources = new Sources(shard -> shard.value() == 1 ? A : null);

    @Test
    void whoeverLeadsSendsUntilAStepChangesThat() {
        assertThat(sources.next(step(Kind.MOVE, 1, B, C, null))).isEqualTo(A);
        assertThat(sources.next(step(Kind.MOVE, 1, A, D, C))).as("still a's").isEqualTo(A);
        assertThat(sources.next(step(Kind.ADD, 1, null, B, null))).isEqualTo(C);
        assertThat(sources.next(step(Kind.LEAD, 1, C, D, null))).isEqualTo(C);
        assertThat(sources.next(step(Kind.ADD, 1, null, A, null))).isEqualTo(D);
    }

    @Test
    void whoTheReplicasChooseIsNotKnown() {
        assertThat(sources.next(step(Kind.MOVE, 1, A, D, null))).isEqualTo(A);
        assertThat(sources.next(step(Kind.ADD, 1, null, B, null))).isNull();
    }

    @Test
    void shardsWithoutAPrimaryHaveNone() {
        assertThat(sources.next(step(Kind.ADD, 2, null, B, null))).isNull();
        assertThat(sources.next(step(Kind.LEAD, 2, null, B, null))).isNull();
        assertThat(sources.next(step(Kind.ADD, 2, null, C, null))).isEqualTo(B);
    }

    private static PlanStep step(
            Kind kind, int shard, @Nullable NodeId from, @Nullable NodeId to, @Nullable NodeId leader) {
        return new PlanStep(kind, new ShardId(shard), from, to, leader, 1, List.of(A), "");
    }
}
