// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.balance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tintype.cluster.placement.plan.PlanStep;
import io.tintype.model.NodeId;
import io.tintype.model.Reason;
import io.tintype.model.ShardId;
import io.tintype.model.TintypeException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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

    private static void refused(int movesAtOnce, long bytesPerSecond, String why) {
        assertThatThrownBy(() -> new Planning.Wish(false, Optional.empty(), movesAtOnce, bytesPerSecond))
                .isInstanceOfSatisfying(
                        TintypeException.class, e -> assertThat(e.reason()).isEqualTo(Reason.INVALID_ARGUMENT))
                .hasMessage(why);
    }

    /** What comes over the wire has no sign. */
    @Test
    void aPaceIsWhatTheSettingsWouldAllow() {
        long rate = 1 << 20;
        var slowest = new Planning.Wish(false, Optional.empty(), 1, rate);
        assertThat(slowest.bytesPerSecond()).isEqualTo(rate);
        refused(65, rate, "moves_at_once is 65; give 1 to 64, or 0 for the cluster's setting");
        refused(Integer.MIN_VALUE, rate, "moves_at_once is 2147483648; give 1 to 64, or 0 for the cluster's setting");
        refused(
                1,
                rate - 1,
                "bytes_per_second is 1048575; give 1048576 (1 MiB) to 9223372036854775807, or 0 for the cluster's"
                        + " setting");
        refused(
                1,
                -1,
                "bytes_per_second is 18446744073709551615; give 1048576 (1 MiB) to 9223372036854775807, or 0 for the"
                        + " cluster's setting");
    }

    @Test
    void howManyStepsAreToldHasALimitWhateverIsAsked() {
        assertThat(Messages.stepsTold(0)).isZero();
        assertThat(Messages.stepsTold(9_999)).isEqualTo(9_999);
        assertThat(Messages.stepsTold(10_001)).isEqualTo(10_000);
        assertThat(Messages.stepsTold(Integer.MIN_VALUE))
                .as("more than fits into an int")
                .isEqualTo(10_000);
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
