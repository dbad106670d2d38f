// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.placement.plan;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Plans what to move. Pure: equal input has an equal plan.
 *
 * <p>Never broken, at no moment of the plan: a shard has a node once; its replicas stay within the pool's region and labels;
 * no zone gets more of a shard's replicas than it must; headroom on every disk stays free even if nothing that leaves it
 * were ever deleted; a replica goes only after another has come, unless there are more than the pool asks for.
 *
 * <p>Then, by the fewest bytes: what is missing, lost or to be drained comes to the nodes furthest below their share; bytes
 * are evened out within the tolerance, then users as far as bytes bear it; then leads, by number and by calls, which costs
 * nothing.
 */
public final class Planner {
    /** Rounds end when nothing is left to even out, mostly after the second; this only bounds them. */
    private static final int MAX_ROUNDS = 64;

    private Planner() {}

    /** The plan for an input. Takes some seconds for a thousand nodes of 64,000 shards. */
    public static Plan plan(PlanInput input) {
        var layout = new Layout(input);
        var groups = Group.of(layout);
        var before = shares(layout, groups);
        var reasons = new HashMap<String, String>();
        var problems = new Repairs(layout, groups, reasons).run();
        if (input.rules().balance()) {
            for (int round = 0; round < MAX_ROUNDS && evenOut(layout, groups, reasons); round++) {
                // one group's moves may make room for another's
            }
        }
        Map<Integer, Integer> leads = new HashMap<>();
        List<HotShard> hot = new ArrayList<>();
        for (var group : groups) {
            var leading = new Leads(layout, group);
            leads.putAll(leading.run(input.rules().balance()));
            hot.addAll(leading.hot());
        }
        var steps = new Steps(layout, reasons, leads).run();
        return new Plan(steps, problems, hot, before, shares(layout, groups));
    }

    private static boolean evenOut(Layout layout, List<Group> groups, Map<String, String> reasons) {
        boolean moved = false;
        for (var group : groups) {
            moved |= new Evening(layout, group, reasons).run();
        }
        return moved;
    }

    private static List<NodeShare> shares(Layout layout, List<Group> groups) {
        double[] share = new double[layout.nodes.length];
        for (var group : groups) {
            double once = IntStream.of(group.shards())
                    .mapToLong(s -> layout.shards[s].bytes())
                    .sum();
            double all = IntStream.of(group.shards())
                    .mapToDouble(s -> (double) layout.shards[s].bytes() * counted(layout, s))
                    .sum();
            double[] each = Shares.of(layout, group, once, all, Repairs.zoneCopies(layout, group));
            for (int i = 0; i < each.length; i++) {
                share[group.nodes()[i]] += each[i];
            }
        }
        int[] primaries = new int[layout.nodes.length];
        double[] ops = new double[layout.nodes.length];
        for (int s = 0; s < layout.shards.length; s++) {
            if (layout.lead(s) != Layout.NOBODY) {
                primaries[layout.lead(s)]++;
                ops[layout.lead(s)] += layout.shards[s].opsPerSecond();
            }
        }
        return IntStream.range(0, layout.nodes.length)
                .mapToObj(n -> new NodeShare(
                        layout.nodes[n].id(),
                        layout.on(n).stream()
                                .mapToLong(s -> layout.shards[s].bytes())
                                .sum(),
                        Math.round(share[n]),
                        layout.on(n).size(),
                        primaries[n],
                        layout.users(n),
                        ops[n]))
                .toList();
    }

    /** Replicas that the group's nodes share among them: those on nodes that rest stay there. */
    private static long counted(Layout layout, int shard) {
        return IntStream.of(layout.placed(shard))
                .filter(n -> layout.nodes[n].part() != PlanNode.Part.RESTING)
                .count();
    }
}
