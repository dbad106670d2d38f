// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.placement.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.tintype.cluster.placement.plan.CopyPaces.Came;
import io.tintype.cluster.placement.plan.PlanStep.Kind;
import io.tintype.model.NodeId;
import io.tintype.model.ShardId;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

final class PlanTimeTest {
    private static final NodeId A = new NodeId("a");
    private static final NodeId B = new NodeId("b");
    private static final NodeId C = new NodeId("c");
    private static final long BYTES = 100L << 20;
    private static final double LIMIT = 10 << 20;

    /** What a step takes besides where nothing was measured: the guess, and one more look at each byte. */
    private static final double REST = 2.5 + 10.0 / 4;

    @Test
    void copiesFromOneNodeFollowEachOtherAndLeadsAreFree() {
        var steps = List.of(lead(1), move(1, B), move(2, C));
        assertThat(seconds(steps, shard -> A, 4, CopyPaces.NONE)).isCloseTo(10 + 10 + REST, within(0.01));
    }

    @Test
    void copiesBetweenDifferentNodesGoTogetherWhilePlacesAreFree() {
        var steps = List.of(move(1, B), move(2, C));
        assertThat(seconds(steps, PlanTimeTest::own, 2, CopyPaces.NONE)).isCloseTo(10 + REST, within(0.01));
        assertThat(seconds(steps, PlanTimeTest::own, 1, CopyPaces.NONE)).isCloseTo(2 * (10 + REST), within(0.01));
    }

    @Test
    void copiesIntoASlowNodeTakeAsLongAsTheyDidBefore() {
        var slow = new CopyPaces(Map.of(B, came(2), C, came(10)), StepRest.NONE.plus(BYTES, 3));
        var steps = List.of(move(1, B), move(2, C), move(3, B));
        assertThat(seconds(steps, PlanTimeTest::own, 4, slow))
                .as("100 MiB twice at 2 MiB a second into b, and what a step took besides")
                .isCloseTo(50 + 50 + 3, within(0.01));
    }

    /** While a shard's second step waits for the first, those behind it are made. */
    @Test
    void stepsOfOneShardFollowEachOtherAndOthersPass() {
        var steps = List.of(move(1, B), move(1, C), move(2, C));
        var works = steps.stream()
                .map(step -> PlanTime.work(step, own(step.shard()), CopyPaces.NONE, LIMIT))
                .toList();
        var schedule = PlanTime.schedule(works, 2, LIMIT, CopyPaces.NONE);
        assertThat(schedule.begins()).containsExactly(0.0, 10 + REST, 0.0);
        assertThat(schedule.seconds()).isCloseTo(2 * (10 + REST), within(0.01));
    }

    /** A snapshot is of the moment in which it begins to be sent. */
    @Test
    void bytesBeginToTravelOnceBothNodesAreDoneWithOthers() {
        var steps = List.of(move(1, B), move(2, B), move(3, C));
        var works = steps.stream()
                .map(step -> PlanTime.work(
                        step,
                        step.shard().value() == 3 ? own(new ShardId(1)) : own(step.shard()),
                        CopyPaces.NONE,
                        LIMIT))
                .toList();
        assertThat(PlanTime.schedule(works, 4, LIMIT, CopyPaces.NONE).begins())
                .as(
                        "all begin at once, but b takes in the first one first, and the first one's source sends that first")
                .containsExactly(0.0, 10.0, 10.0);
    }

    /** A plan never takes less time by readers' taking more. */
    @Test
    void theMoreReadersTakeTheLongerItTakes() {
        long seed = System.nanoTime();
        var random = new Random(seed);
        for (int round = 0; round < 200; round++) {
            var paces = new CopyPaces(
                    Map.of(B, came(1 + 9 * random.nextDouble())), StepRest.NONE.plus(BYTES, 5 * random.nextDouble()));
            var steps = new ArrayList<PlanStep>();
            for (int i = 0; i <= random.nextInt(12); i++) {
                steps.add(move(1 + i, random.nextBoolean() ? B : C));
            }
            double before = 0;
            for (double left = 1; left > 0.1; left -= 0.2) {
                double allowed = LIMIT * left;
                var works = steps.stream()
                        .map(step -> PlanTime.work(step, own(step.shard()), paces, allowed))
                        .toList();
                double seconds = PlanTime.seconds(works, 3, allowed, paces);
                assertThat(seconds).as("seed %d", seed).isGreaterThanOrEqualTo(before - 1e-6);
                before = seconds;
            }
        }
    }

    private static Came came(double mibPerSecond) {
        return new Came(mibPerSecond * 30 * (1 << 20), 30, LIMIT * 30);
    }

    private static double seconds(
            List<PlanStep> steps, Function<ShardId, NodeId> primaries, int atOnce, CopyPaces paces) {
        var works = steps.stream()
                .map(step -> PlanTime.work(step, primaries.apply(step.shard()), paces, LIMIT))
                .toList();
        return PlanTime.seconds(works, atOnce, LIMIT, paces);
    }

    private static NodeId own(ShardId shard) {
        return new NodeId("own-" + shard.value());
    }

    private static PlanStep move(int shard, NodeId to) {
        return new PlanStep(Kind.MOVE, new ShardId(shard), A, to, null, BYTES, List.of(A), "");
    }

    private static PlanStep lead(int shard) {
        return new PlanStep(Kind.LEAD, new ShardId(shard), A, B, null, 0, List.of(A, B), "");
    }
}
