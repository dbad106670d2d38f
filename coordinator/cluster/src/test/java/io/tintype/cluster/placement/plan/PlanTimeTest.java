// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.placement.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.tintype.cluster.placement.plan.CopyPaces.Came;
import io.tintype.cluster.placement.plan.PlanStep.Kind;
import io.tintype.cluster.placement.plan.PlanTime.Turn;
import io.tintype.model.NodeId;
import io.tintype.model.ShardId;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

final class PlanTimeTest {
    private static final NodeId A = new NodeId("a");
    private static final NodeId B = new NodeId("b");
    private static final NodeId C = new NodeId("c");
    private static final NodeId D = new NodeId("d");
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
        assertThat(schedule.copied()).containsExactly(10.0, 20 + REST, 10.0);
        assertThat(schedule.seconds()).isCloseTo(2 * (10 + REST), within(0.01));
    }

    @Test
    void copiesThatShareANodeEndTogether() {
        var steps = List.of(move(1, B), move(2, B), move(3, C));
        assertThat(copied(steps, PlanTimeTest::own, 4)).containsExactly(20.0, 20.0, 10.0);
        assertThat(copied(steps, shard -> shard.value() == 3 ? own(new ShardId(1)) : own(shard), 4))
                .as("c takes what the first one leaves to its source")
                .containsExactly(20.0, 20.0, 20.0);
        assertThat(copied(steps, shard -> A, 4))
                .as("one sends all, to two at a time")
                .containsExactly(20.0, 30.0, 20.0);
    }

    /** What one copy cannot use because of its other side is for those that share with it. */
    @Test
    void noNodeIsSlowerForACopyThatIsHeldUpElsewhere() {
        var steps = List.of(add(1, B), add(2, B), add(3, B), add(4, C));
        assertThat(copied(steps, shard -> shard.value() >= 3 ? A : own(shard), 4))
                .as("a third into b, and what is left of a's into c")
                .containsExactly(30.0, 30.0, 30.0, 15.0);
    }

    @Test
    void aNodeThatNothingComesIntoHasTheNextTurn() {
        var steps = List.of(move(1, B), move(2, B), move(3, B), move(4, C));
        assertThat(copied(steps, PlanTimeTest::own, 2))
                .as("with c's, though it is the last")
                .satisfiesExactly(
                        first -> assertThat(first).isEqualTo(10.0),
                        second -> assertThat(second).isCloseTo(30 + REST, within(0.01)),
                        third -> assertThat(third).isCloseTo(30 + REST, within(0.01)),
                        last -> assertThat(last).isEqualTo(10.0));
    }

    /** A third copy from a node that sends two would only keep its place. */
    @Test
    void aStepWhoseSourceIsBusyLeavesItsTurnToOthers() {
        var steps = List.of(move(1, B), move(2, C), move(3, D), move(4, D));
        assertThat(copied(steps, shard -> shard.value() <= 3 ? A : own(shard), 3))
                .containsExactly(20.0, 20.0, 30.0, 10.0);
    }

    @Test
    void aNodeTakesInTwoAtATime() {
        var steps = List.of(move(1, B), move(2, B), move(3, B));
        assertThat(copied(steps, PlanTimeTest::own, 4)).containsExactly(20.0, 20.0, 30.0);
    }

    @Test
    void replicasThatAreMissingComeInTheirOrder() {
        var steps = List.of(add(1, B), add(2, B), move(3, C));
        assertThat(copied(steps, PlanTimeTest::own, 2)).containsExactly(20.0, 20.0, 20 + REST + 10);
    }

    @Test
    void whatIsUnderWayGoesOnBesideEachOtherWhateverComesIntoTheirNodes() {
        var begun = Stream.of(move(1, B), move(2, B), move(3, C))
                .map(step -> PlanTime.work(step, own(step.shard()), CopyPaces.NONE, LIMIT))
                .map(work -> work.shard() == 3
                        ? work
                        : new PlanTime.Work(
                                Turn.UNDER_WAY,
                                work.shard(),
                                work.fromOrNull(),
                                work.toOrNull(),
                                work.bytes(),
                                work.restSeconds()))
                .toList();
        assertThat(PlanTime.schedule(begun, 2, LIMIT, CopyPaces.NONE).copied())
                .containsExactly(20.0, 20.0, 20 + REST + 10);
    }

    /** No node sends or takes in more than it may, and nothing could go faster but at the cost of a copy that is no faster. */
    @Test
    void sharesAreFairAndNothingIsLeftUnused() {
        long seed = System.nanoTime();
        var random = new Random(seed);
        for (int round = 0; round < 300; round++) {
            var works = new ArrayList<PlanTime.Work>();
            for (int i = 0; i <= random.nextInt(20); i++) {
                works.add(new PlanTime.Work(
                        Turn.IN_ORDER, i, node("s", random), random.nextInt(9) == 0 ? null : node("t", random), 1, 0));
            }
            var paces = new CopyPaces(Map.of(new NodeId("t1"), came(1 + 8 * random.nextDouble())), StepRest.NONE);
            var shares = new FairShares(LIMIT, paces).of(works);
            for (int i = 0; i < shares.length; i++) {
                var work = works.get(i);
                boolean sentAll = isFull(
                        works,
                        shares,
                        shares[i],
                        LIMIT,
                        other -> Objects.equals(other.fromOrNull(), work.fromOrNull()));
                boolean takenAll = work.toOrNull() != null
                        && isFull(
                                works,
                                shares,
                                shares[i],
                                paces.into(work.toOrNull(), LIMIT).bytesPerSecond(),
                                other -> Objects.equals(other.toOrNull(), work.toOrNull()));
                assertThat(sentAll || takenAll)
                        .as("copy %d of seed %d", i, seed)
                        .isTrue();
            }
        }
    }

    /** Whether copies use all that there is, none of them being faster than this one; never more than there is. */
    private static boolean isFull(
            List<PlanTime.Work> works, double[] shares, double own, double all, Predicate<PlanTime.Work> among) {
        double used = 0;
        double most = 0;
        for (int i = 0; i < shares.length; i++) {
            if (among.test(works.get(i))) {
                used += shares[i];
                most = Math.max(most, shares[i]);
            }
        }
        assertThat(used).isLessThanOrEqualTo(all + 1);
        return used >= all - 1 && own >= most - 1;
    }

    private static NodeId node(String kind, Random random) {
        return new NodeId(kind + random.nextInt(4));
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

    private static List<Double> copied(List<PlanStep> steps, Function<ShardId, NodeId> primaries, int atOnce) {
        var works = steps.stream()
                .map(step -> PlanTime.work(step, primaries.apply(step.shard()), CopyPaces.NONE, LIMIT))
                .toList();
        return PlanTime.schedule(works, atOnce, LIMIT, CopyPaces.NONE).copied().stream()
                .map(seconds -> Math.rint(seconds * 1e6) / 1e6)
                .toList();
    }

    private static NodeId own(ShardId shard) {
        return new NodeId("own-" + shard.value());
    }

    private static PlanStep move(int shard, NodeId to) {
        return new PlanStep(Kind.MOVE, new ShardId(shard), A, to, null, BYTES, List.of(A), "");
    }

    private static PlanStep add(int shard, NodeId to) {
        return new PlanStep(Kind.ADD, new ShardId(shard), null, to, null, BYTES, List.of(A), "");
    }

    private static PlanStep lead(int shard) {
        return new PlanStep(Kind.LEAD, new ShardId(shard), A, B, null, 0, List.of(A, B), "");
    }
}
