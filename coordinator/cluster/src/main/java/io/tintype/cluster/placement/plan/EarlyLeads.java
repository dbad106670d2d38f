// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.placement.plan;

import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Leads that are given to other replicas before anything is copied. A shard's primary sends what is copied of it: where one node leads
 * most of the shards that move, all the others would wait for it. While a node is to send more than any node is to take in, it gives
 * leads away that the plan gives to others anyhow: those first that stay where they come, and then, for one handover more each, those
 * that go on to newcomers. Shards that lack a copy are left alone: nothing is to come before their repair. Confined to one thread; pure.
 */
final class EarlyLeads {
    private final Layout layout;
    private final Map<Integer, Integer> leads;
    private final long[] sends;
    private final long[] takes;

    /** @param leads who is to lead, of the shards whose lead changes */
    EarlyLeads(Layout layout, Map<Integer, Integer> leads) {
        this.layout = layout;
        this.leads = leads;
        this.sends = new long[layout.nodes.length];
        this.takes = new long[layout.nodes.length];
    }

    /** Who is to lead while the plan copies, of the shards whose lead goes early. */
    Map<Integer, Integer> run() {
        for (int s = 0; s < layout.shards.length; s++) {
            for (int n : comes(s).toArray()) {
                takes[n] += layout.shards[s].bytes();
            }
            int leader = layout.leadBefore(s);
            if (leader != Layout.NOBODY) {
                sends[leader] += copied(s);
            }
        }
        long most =
                IntStream.range(0, takes.length).mapToLong(n -> takes[n]).max().orElse(0);
        Map<Integer, Integer> early = new HashMap<>();
        leads.keySet().stream()
                .filter(s -> layout.leadBefore(s) != Layout.NOBODY && copied(s) > 0 && !layout.lacksCopies(s))
                .sorted(Comparator.<Integer, Boolean>comparing(s -> !stays(s)).thenComparing(s -> s))
                .forEach(s -> {
                    int from = layout.leadBefore(s);
                    int to = sends[from] > most ? to(s, from) : Layout.NOBODY;
                    if (to != Layout.NOBODY && sends[to] + copied(s) < sends[from]) {
                        sends[from] -= copied(s);
                        sends[to] += copied(s);
                        early.put(s, to);
                    }
                });
        return early;
    }

    private IntStream comes(int shard) {
        return IntStream.of(layout.placed(shard)).filter(n -> !layout.isOriginal(shard, n));
    }

    private long copied(int shard) {
        return comes(shard).count() * layout.shards[shard].bytes();
    }

    /** Whether the one who is to lead a shard in the end can do so now. */
    private boolean stays(int shard) {
        int lead = leads.getOrDefault(shard, Layout.NOBODY);
        return lead != layout.leadBefore(shard) && layout.isOriginal(shard, lead) && mayLead(shard, lead);
    }

    private int to(int shard, int from) {
        if (stays(shard)) {
            return leads.getOrDefault(shard, Layout.NOBODY);
        }
        return IntStream.of(layout.original[shard])
                .filter(n -> n != from && mayLead(shard, n))
                .boxed()
                .min(Comparator.<Integer>comparingLong(n -> sends[n]).thenComparing(n -> n))
                .orElse(Layout.NOBODY);
    }

    private boolean mayLead(int shard, int node) {
        return layout.nodes[node].part() == PlanNode.Part.ACTIVE && layout.isInSync(shard, node);
    }
}
