// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.placement.plan;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.cluster.placement.plan.PlanStep.Kind;
import io.tintype.model.NodeId;
import io.tintype.model.ShardId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

final class TargetOrderTest {
    private static final NodeId A = new NodeId("a");
    private static final long MOST_BYTES = 1_000;

    /** Two nodes join: a runner that makes two steps at once always copies to both. */
    @Test
    void newNodesAreFilledTogetherAndShardsOfSeveralMovesBeginEarly() {
        var moves = List.of(
                move(1, "n4", 10), move(2, "n4", 10), move(3, "n4", 10), move(3, "n5", 10), move(4, "n5", 10), drop(9));
        assertThat(TargetOrder.of(moves))
                .extracting(step -> step.shard().value()
                        + step.to().map(to -> " to " + to.value()).orElse(" goes"))
                .containsExactly("9 goes", "3 to n4", "3 to n5", "1 to n4", "4 to n5", "2 to n4");
    }

    /** Nothing is added or lost, a shard's steps stay in order, and no node that could be given something is left behind. */
    @Property(tries = 500)
    void targetsKeepPaceWithEachOther(@ForAll long seed) {
        var random = new Random(seed);
        var moves = new ArrayList<PlanStep>();
        for (int shard = 1; shard <= 30; shard++) {
            for (int i = 0; i <= random.nextInt(3); i++) {
                moves.add(
                        random.nextInt(8) == 0
                                ? drop(shard)
                                : move(shard, "n" + random.nextInt(5), 1 + random.nextInt((int) MOST_BYTES)));
            }
        }
        var ordered = TargetOrder.of(moves);
        assertThat(ordered).containsExactlyInAnyOrderElementsOf(moves);
        for (int shard = 1; shard <= 30; shard++) {
            assertThat(of(shard, ordered)).containsExactlyElementsOf(of(shard, moves));
        }
        Map<Optional<NodeId>, Long> given = new HashMap<>();
        for (int i = 0; i < ordered.size(); i++) {
            var step = ordered.get(i);
            long has = given.getOrDefault(step.to(), 0L);
            var rest = ordered.subList(i, ordered.size());
            for (int shard = 1; shard <= 30; shard++) {
                of(shard, rest).stream()
                        .findFirst()
                        .ifPresent(could -> assertThat(given.getOrDefault(could.to(), 0L))
                                .as("what %s, which could be given %s, has when another gets a step", could.to(), could)
                                .isGreaterThanOrEqualTo(has));
            }
            given.merge(step.to(), step.bytes(), Long::sum);
        }
    }

    private static List<PlanStep> of(int shard, List<PlanStep> steps) {
        return steps.stream().filter(step -> step.shard().value() == shard).toList();
    }

    private static PlanStep move(int shard, String to, long bytes) {
        return new PlanStep(Kind.MOVE, new ShardId(shard), A, new NodeId(to), null, bytes, List.of(A), "");
    }

    private static PlanStep drop(int shard) {
        return new PlanStep(Kind.DROP, new ShardId(shard), A, null, null, 0, List.of(A), "");
    }
}
