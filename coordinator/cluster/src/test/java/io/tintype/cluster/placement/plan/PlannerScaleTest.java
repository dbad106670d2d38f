// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.placement.plan;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.cluster.placement.plan.PlanNode.Part;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The size that the planner must bear. */
final class PlannerScaleTest {
    private static final long SEED = 5;

    /** CPU time, because other work of the machine is not the planner's. */
    @Test
    void aThousandNodesOfSixtyFourThousandShardsArePlannedInThirtySeconds() {
        var random = new Random(SEED);
        var nodes = new ArrayList<>(Clusters.nodes(1_000, 5));
        for (int n = 0; n < 20; n++) {
            nodes.set(n * 40, Clusters.as(nodes.get(n * 40), n < 5 ? Part.DEAD : Part.DRAINING));
        }
        var shards = new ArrayList<PlanShard>();
        for (int s = 1; s <= 64_000; s++) {
            int at = random.nextInt(950); // the last fifty nodes are new
            var replicas = List.of(
                    nodes.get(at).id(),
                    nodes.get((at + 1) % 950).id(),
                    nodes.get((at + 2) % 950).id());
            shards.add(Clusters.shard(s, replicas, (long) (random.nextDouble() * Clusters.GIB)));
        }
        var input = new PlanInput(nodes, shards, List.of(new PlanPool(Clusters.POOL, 3, Set.of())), PlanRules.DEFAULT);
        long before = cpuNanos();
        var plan = Planner.plan(input);
        var took = Duration.ofNanos(cpuNanos() - before);
        System.out.printf(
                Locale.ROOT,
                "1,000 nodes of 64,000 shards: %,d steps planned in %.1f s%n",
                plan.steps().size(),
                took.toMillis() / 1e3);
        assertThat(plan.problems()).isEmpty();
        assertThat(plan.steps().size()).isGreaterThan(5_000);
        assertThat(took).isLessThan(Duration.ofSeconds(30));
    }

    private static long cpuNanos() {
        return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
    }
}
