// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.balance;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.cluster.placement.plan.PlanStep;
import io.tintype.model.NodeId;
import io.tintype.model.ShardId;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class PlanningTest {
    private static final ShardId SHARD = new ShardId(7);

    private static PlanStep copy(long bytes) {
        return new PlanStep(
                PlanStep.Kind.MOVE,
                SHARD,
                new NodeId("a"),
                new NodeId("b"),
                null,
                bytes,
                List.of(new NodeId("a")),
                "test");
    }

    private static Map<ShardId, Growth> growing(double bytesPerSecond, double forSeconds) {
        return Map.of(SHARD, new Growth(bytesPerSecond, forSeconds));
    }

    @Test
    void whatIsWrittenUntilACopyBeginsTravelsToo() {
        assertThat(Planning.grown(copy(1_000_000), growing(2_000, 60), 30)).isEqualTo(1_060_000);
        assertThat(Planning.grown(copy(1_000_000), Map.of(), 30))
                .as("a shard that does not grow")
                .isEqualTo(1_000_000);
    }

    @Test
    void aBurstIsNotForeseenForLongerThanItHasLasted() {
        assertThat(Planning.grown(copy(1_000_000), growing(100_000, 5), 300)).isEqualTo(1_500_000);
    }

    @Test
    void growthIsNotCountedOnForLongerThanWhatWasReplacedIsKept() {
        assertThat(Planning.grown(copy(1_000_000), growing(1_000, 86_400), 100_000))
                .isEqualTo(1_600_000);
    }

    @Test
    void aShardThatShrinksKeepsSomethingAndWhatNeverTravelledNeverDoes() {
        assertThat(Planning.grown(copy(1_000), growing(-1_000, 60), 30)).isEqualTo(1);
        assertThat(Planning.grown(copy(0), growing(1_000, 60), 30)).isZero();
    }
}
