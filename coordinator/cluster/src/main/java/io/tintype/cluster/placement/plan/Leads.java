// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.placement.plan;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/**
 * Evens out who leads: half by number, half by calls, where there are calls. Moves no bytes. Confined to one thread.
 *
 * <p>A lead goes over only where that brings both nodes together nearer to their shares by a good part of what goes over, so
 * that nothing goes back the next time.
 */
final class Leads {
    /** Of what goes over, so much at least must bring nodes nearer to their shares. */
    private static final double LEAST_GAIN = 0.5;

    /** How far from its share of leads a node may be before anything is done; then it is done as well as it can be. */
    private static final double TOLERANCE = 0.1;

    /** With fewer calls a second than this, in all, calls say nothing. */
    private static final double LEAST_OPS = 10;

    /** Shares of one whole that differ by less are equal: sums of the same numbers differ by the order of adding. */
    private static final double ROUNDING = 1e-9;

    private final Layout layout;
    private final Group group;
    private final double[] cost;
    private final double[] has;
    private final double[] share;
    private final double totalOps;
    private double totalWeight;
    private final Map<Integer, Integer> decided = new HashMap<>();

    Leads(Layout layout, Group group) {
        this.layout = layout;
        this.group = group;
        this.totalOps = IntStream.of(group.shards())
                .mapToDouble(s -> layout.shards[s].opsPerSecond())
                .sum();
        this.cost = new double[layout.shards.length];
        boolean busy = totalOps >= LEAST_OPS;
        for (int s : group.shards()) {
            double byNumber = 1.0 / group.shards().length;
            cost[s] = busy ? byNumber / 2 + layout.shards[s].opsPerSecond() / totalOps / 2 : byNumber;
        }
        this.has = new double[layout.nodes.length];
        this.share = new double[layout.nodes.length];
        for (int n : group.nodes()) {
            totalWeight += layout.nodes[n].weight();
        }
        for (int n : group.nodes()) {
            share[n] = layout.nodes[n].weight() / totalWeight;
        }
    }

    /** Where the lead of a shard goes; of all whose lead should change. In order of shard. */
    Map<Integer, Integer> run(boolean balance) {
        for (int s : group.shards()) {
            if (layout.lead(s) != Layout.NOBODY) {
                has[layout.lead(s)] += cost[s];
            }
        }
        for (int s : group.shards()) {
            if (layout.lead(s) == Layout.NOBODY || layout.nodes[layout.lead(s)].leaves()) {
                nextLeader(s);
            }
        }
        boolean isDue = balance && IntStream.of(group.nodes()).anyMatch(this::isOff);
        while (isDue && step()) {
            // until nothing is left to do
        }
        return decided;
    }

    private boolean isOff(int node) {
        return Math.abs(over(node)) > TOLERANCE * share[node] + ROUNDING;
    }

    /** Who leads a shard whose primary goes: the least laden of those who may, and where nobody may, of those who stay. */
    private void nextLeader(int shard) {
        int former = layout.lead(shard);
        int best = leastLaden(shard, n -> mayLead(shard, n));
        if (best == Layout.NOBODY) {
            best = leastLaden(shard, n -> !layout.nodes[n].leaves());
        }
        if (best != Layout.NOBODY && layout.shards[shard].primaryOrNull() != null) {
            if (former != Layout.NOBODY) {
                has[former] -= cost[shard];
            }
            lead(shard, best);
        }
    }

    private int leastLaden(int shard, IntPredicate which) {
        int best = Layout.NOBODY;
        for (int n : layout.placed(shard)) {
            if (which.test(n) && (best == Layout.NOBODY || over(n) < over(best))) {
                best = n;
            }
        }
        return best;
    }

    private boolean step() {
        boolean[] tried = new boolean[layout.nodes.length];
        for (int from = most(tried); from >= 0 && over(from) > ROUNDING; from = most(tried)) {
            int bestShard = -1;
            int bestTo = -1;
            double bestGain = 0;
            for (int s : layout.on(from)) {
                if (layout.lead(s) != from || cost[s] == 0) {
                    continue;
                }
                for (int to : layout.placed(s)) {
                    if (to != from && mayLead(s, to)) {
                        double gain = gain(from, to, cost[s]);
                        if (gain > LEAST_GAIN * 2 * cost[s] + ROUNDING && gain > bestGain + ROUNDING) {
                            bestGain = gain;
                            bestShard = s;
                            bestTo = to;
                        }
                    }
                }
            }
            if (bestShard >= 0) {
                has[from] -= cost[bestShard];
                lead(bestShard, bestTo);
                return true;
            }
            tried[from] = true;
        }
        return false;
    }

    private void lead(int shard, int to) {
        has[to] += cost[shard];
        layout.setLead(shard, to);
        decided.put(shard, to);
    }

    private boolean mayLead(int shard, int node) {
        return layout.nodes[node].part() == PlanNode.Part.ACTIVE
                && (layout.isInSync(shard, node) || !layout.isOriginal(shard, node));
    }

    private double over(int node) {
        return has[node] - share[node];
    }

    private double gain(int from, int to, double amount) {
        return Math.abs(over(from)) - Math.abs(over(from) - amount) + Math.abs(over(to)) - Math.abs(over(to) + amount);
    }

    private int most(boolean[] tried) {
        int best = -1;
        for (int n : group.nodes()) {
            if (!tried[n] && (best < 0 || over(n) > over(best))) {
                best = n;
            }
        }
        return best;
    }

    /** Shards that alone are more than a node's share of all calls. */
    List<HotShard> hot() {
        var hot = new ArrayList<HotShard>();
        if (totalOps < LEAST_OPS || group.nodes().length < 2) {
            return hot;
        }
        double fair = totalOps / group.nodes().length;
        for (int s : group.shards()) {
            var shard = layout.shards[s];
            shard.primary()
                    .filter(primary -> shard.opsPerSecond() > fair)
                    .ifPresent(primary -> hot.add(new HotShard(shard.id(), primary, shard.opsPerSecond(), fair)));
        }
        return hot;
    }
}
