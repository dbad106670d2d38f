// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.placement.plan;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.cluster.placement.plan.PlanStep.Kind;
import io.tintype.model.NodeId;
import io.tintype.model.ShardId;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

final class CopyOrderTest {
    private static final NodeId A = new NodeId("a");
    private static final int MOST_BYTES = 1_000;

    /** Two nodes join: a runner that makes two steps at once always copies to both. */
    @Test
    void newNodesAreFilledTogetherAndShardsOfSeveralMovesBeginEarly() {
        var moves = List.of(
                move(1, "n4", 10), move(2, "n4", 10), move(3, "n4", 10), move(3, "n5", 10), move(4, "n5", 10), drop(9));
        assertThat(CopyOrder.of(moves, CopyOrderTest::own))
                .extracting(CopyOrderTest::text)
                .containsExactly("9 goes", "3 to n4", "4 to n5", "1 to n4", "3 to n5", "2 to n4");
    }

    /** What one node leads is not copied at once to two nodes, each at half its pace, while another node sends nothing. */
    @Test
    void nodesSendTogether() {
        var moves =
                List.of(move(1, "n4", 10), move(2, "n4", 10), move(3, "n5", 10), move(4, "n5", 10), move(5, "n5", 10));
        assertThat(CopyOrder.of(moves, shard -> new NodeId(shard.value() % 2 == 1 ? "n1" : "n2")))
                .extracting(CopyOrderTest::text)
                .as("n1 has most to send, so it sends first and all the time")
                .containsExactly("1 to n4", "4 to n5", "2 to n4", "3 to n5", "5 to n5");
    }

    /** Nothing is added or lost, and a shard's steps stay in order. */
    @Property(tries = 500)
    void theStepsStayTheSame(@ForAll long seed) {
        var random = new Random(seed);
        var moves = moves(random, 5);
        var ordered = CopyOrder.of(moves, shard -> random.nextInt(9) == 0 ? null : node(random, 5));
        assertThat(ordered).containsExactlyInAnyOrderElementsOf(moves);
        for (int shard = 1; shard <= SHARDS; shard++) {
            assertThat(of(shard, ordered)).containsExactlyElementsOf(of(shard, moves));
        }
    }

    /**
     * With as many steps at once as there are nodes, a plan takes less than twice as long as the node that has most to send or to take
     * in, or the shard with most to move, needs alone; mostly hardly longer.
     */
    @Property(tries = 500)
    void aPlanTakesLittleLongerThanWhoHasMostToDo(@ForAll long seed) {
        var random = new Random(seed);
        int nodes = 2 + random.nextInt(6);
        var moves = moves(random, nodes);
        var primaries = new HashMap<ShardId, NodeId>();
        moves.forEach(step -> primaries.computeIfAbsent(step.shard(), shard -> node(random, nodes)));
        double least = leastSeconds(moves, primaries);
        double ordered = seconds(CopyOrder.of(moves, primaries::get), primaries, nodes);
        assertThat(ordered).isLessThan(2 * least);
    }

    /** Twelve shards in three nodes that two nodes join, as often as they can be led otherwise. */
    @Property(tries = 300)
    void twoNodesThatJoinAreFilledInLittleMoreThanTheTimeThatBothNeed(@ForAll long seed) {
        var random = new Random(seed);
        var primaries = new HashMap<ShardId, NodeId>();
        var moves = new ArrayList<PlanStep>();
        var targets = new ArrayList<>(Collections.nCopies(7, "m1"));
        targets.addAll(Collections.nCopies(7, "m2"));
        Collections.shuffle(targets, random);
        for (int i = 0; i < targets.size(); i++) {
            var shard = new ShardId(1 + i % 12);
            primaries.putIfAbsent(shard, new NodeId("n" + shard.value() % 3));
            moves.add(move(shard.value(), targets.get(i), 90 + random.nextInt(20)));
        }
        double least = leastSeconds(moves, primaries);
        assertThat(seconds(CopyOrder.of(moves, primaries::get), primaries, 4)).isLessThan(1.3 * least);
    }

    private static final int SHARDS = 30;

    private static List<PlanStep> moves(Random random, int nodes) {
        var moves = new ArrayList<PlanStep>();
        for (int shard = 1; shard <= SHARDS; shard++) {
            for (int i = 0; i <= random.nextInt(3); i++) {
                moves.add(
                        random.nextInt(8) == 0
                                ? drop(shard)
                                : move(shard, "m" + random.nextInt(nodes), 1 + random.nextInt(MOST_BYTES)));
            }
        }
        return moves;
    }

    private static NodeId node(Random random, int nodes) {
        return new NodeId("n" + random.nextInt(nodes));
    }

    private static double leastSeconds(List<PlanStep> moves, Map<ShardId, NodeId> primaries) {
        Map<Object, Long> loads = new HashMap<>();
        for (var step : moves) {
            loads.merge("from " + primaries.get(step.shard()), step.bytes(), Long::sum);
            loads.merge("to " + step.to(), step.bytes(), Long::sum);
            loads.merge(step.shard(), step.bytes(), Long::sum);
        }
        return Collections.max(loads.values());
    }

    /** Carried out at a byte a second, and nothing besides. */
    private static double seconds(List<PlanStep> steps, Map<ShardId, NodeId> primaries, int atOnce) {
        var works = steps.stream()
                .map(step -> new PlanTime.Work(
                        PlanTime.Turn.WHERE_NOTHING_COMES,
                        step.shard().value(),
                        primaries.get(step.shard()),
                        step.toOrNull(),
                        step.bytes(),
                        0))
                .toList();
        return PlanTime.seconds(works, atOnce, 1, CopyPaces.NONE);
    }

    private static NodeId own(ShardId shard) {
        return new NodeId("own-" + shard.value());
    }

    private static List<PlanStep> of(int shard, List<PlanStep> steps) {
        return steps.stream().filter(step -> step.shard().value() == shard).toList();
    }

    private static String text(PlanStep step) {
        return step.shard().value() + step.to().map(to -> " to " + to.value()).orElse(" goes");
    }

    private static PlanStep move(int shard, String to, long bytes) {
        return new PlanStep(Kind.MOVE, new ShardId(shard), A, new NodeId(to), null, bytes, List.of(A), "");
    }

    private static PlanStep drop(int shard) {
        return new PlanStep(Kind.DROP, new ShardId(shard), A, null, null, 0, List.of(A), "");
    }
}
