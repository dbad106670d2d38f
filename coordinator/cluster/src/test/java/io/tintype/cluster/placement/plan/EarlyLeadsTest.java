// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.placement.plan;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.cluster.placement.plan.PlanNode.Part;
import io.tintype.model.NodeId;
import io.tintype.model.ShardId;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class EarlyLeadsTest {
    private static final int SHARDS = 12;

    private final List<PlanNode> nodes = Clusters.nodes(5, 5);

    /** Nodes that join take in what they may only where the others send together. */
    @Test
    void whereOneNodeLeadsAllShardsTheOthersSendToo() {
        var input = cluster(shard -> 0);
        var plan = Planner.plan(input);
        long most = Collections.max(taken(plan).values());
        assertThat(sent(input, plan).values())
                .isNotEmpty()
                .allSatisfy(bytes -> assertThat(bytes).isLessThanOrEqualTo(most + Clusters.GIB));
        assertThat(early(plan)).as("handovers before copies").hasSizeLessThan(SHARDS / 2 + 1);

        var after = Clusters.after(input, plan);
        assertThat(Planner.plan(after).steps()).as("once it is done").isEmpty();
        var leads = new HashMap<NodeId, Integer>();
        after.shards().forEach(shard -> leads.merge(shard.primary().orElseThrow(), 1, Integer::sum));
        assertThat(leads.values()).as("leads of five nodes").hasSize(5).allMatch(number -> number >= 2 && number <= 4);
    }

    /** Then new nodes take longer to take in than old ones to send, whoever does. */
    @Test
    void whereLeadsAreEvenNoneGoesEarly() {
        assertThat(early(Planner.plan(cluster(shard -> shard % 3)))).isEmpty();
    }

    /** It is copied first, by whoever leads it. */
    @Test
    void aShardThatLacksACopyIsRepairedByWhoLeadsIt() {
        var all = cluster(shard -> 0);
        var dead = new ArrayList<>(nodes);
        dead.set(2, Clusters.as(dead.get(2), Part.DEAD));
        var plan = Planner.plan(new PlanInput(dead, all.shards(), all.pools(), all.rules()));
        assertThat(early(plan)).isEmpty();
    }

    private interface Led {
        int by(int shard);
    }

    /** Twelve shards on three nodes, which two others join. */
    private PlanInput cluster(Led led) {
        var shards = new ArrayList<PlanShard>();
        for (int s = 1; s <= SHARDS; s++) {
            var replicas = new ArrayList<>(
                    nodes.subList(0, 3).stream().map(PlanNode::id).toList());
            Collections.swap(replicas, 0, led.by(s));
            shards.add(Clusters.shard(s, replicas, Clusters.GIB));
        }
        return new PlanInput(nodes, shards, List.of(new PlanPool(Clusters.POOL, 3, Set.of())), PlanRules.DEFAULT);
    }

    private static Map<NodeId, Long> sent(PlanInput input, Plan plan) {
        var primaries = new HashMap<ShardId, NodeId>();
        input.shards()
                .forEach(shard -> primaries.put(shard.id(), shard.primary().orElseThrow()));
        var sources = new Sources(primaries::get);
        Map<NodeId, Long> sent = new HashMap<>();
        for (var step : plan.steps()) {
            var source = sources.next(step);
            if (source != null && step.bytes() > 0) {
                sent.merge(source, step.bytes(), Long::sum);
            }
        }
        return sent;
    }

    private static Map<NodeId, Long> taken(Plan plan) {
        Map<NodeId, Long> taken = new HashMap<>();
        plan.steps().stream()
                .filter(step -> step.bytes() > 0)
                .forEach(step -> taken.merge(step.target(), step.bytes(), Long::sum));
        return taken;
    }

    /** Leads of shards that are copied later. */
    private static List<PlanStep> early(Plan plan) {
        var early = new ArrayList<PlanStep>();
        var copied = new HashSet<ShardId>();
        for (int i = plan.steps().size() - 1; i >= 0; i--) {
            var step = plan.steps().get(i);
            if (step.bytes() > 0) {
                copied.add(step.shard());
            } else if (step.kind() == PlanStep.Kind.LEAD && copied.contains(step.shard())) {
                early.add(step);
            }
        }
        return early;
    }
}
