// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.placement.plan;

import io.tintype.model.NodeId;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * What must move whatever it costs: replicas that are missing, those on nodes that are gone, to be drained, or not what the pool
 * asks for, more than the pool asks for, and more in one zone than need be. The most endangered shard first. Confined to one thread.
 */
final class Repairs {
    private final Layout layout;
    private final Map<Integer, Group> groupOf = new HashMap<>();
    private final Map<Integer, double[]> shares = new HashMap<>();
    private final List<PlanProblem> problems = new ArrayList<>();
    private final Map<String, String> reasons;
    private final Map<String, Stuck> stuck = new TreeMap<>();

    /** What could not be put anywhere, of one node and group. */
    private static final class Stuck {
        int replicas;
        long bytes;
        long largest;
        boolean nodesMissing;
    }

    /** @param reasons is given why a replica comes to a node; see {@link Steps#key} */
    Repairs(Layout layout, List<Group> groups, Map<String, String> reasons) {
        this.layout = layout;
        this.reasons = reasons;
        for (var group : groups) {
            double once = IntStream.of(group.shards()).mapToLong(layout::sizeOf).sum();
            double all = IntStream.of(group.shards())
                    .mapToDouble(s -> (double) layout.sizeOf(s) * layout.pools[s].replicationFactor())
                    .sum();
            double[] each = Shares.of(layout, group, once, all, zoneCopies(layout, group));
            for (int i = 0; i < group.nodes().length; i++) {
                shares.computeIfAbsent(group.nodes()[i], n -> new double[1])[0] += each[i];
            }
            for (int s : group.shards()) {
                groupOf.put(s, group);
            }
        }
    }

    static int zoneCopies(Layout layout, Group group) {
        return IntStream.of(group.shards())
                .map(s -> group.zoneLimit(layout.pools[s].replicationFactor()))
                .max()
                .orElse(1);
    }

    List<PlanProblem> run() {
        IntStream.range(0, layout.shards.length)
                .boxed()
                .filter(this::isAmiss)
                .sorted(Comparator.<Integer>comparingInt(layout::healthy)
                        .thenComparing(Comparator.<Integer>comparingLong(layout::sizeOf)
                                .reversed())
                        .thenComparingInt(s -> s))
                .forEach(this::repair);
        stuck.forEach((key, what) -> problems.add(describe(key, what)));
        return problems;
    }

    private boolean isAmiss(int shard) {
        int[] placed = layout.placed(shard);
        return placed.length != layout.pools[shard].replicationFactor()
                || IntStream.of(placed).anyMatch(n -> layout.nodes[n].leaves() || isMisplaced(shard, n))
                || IntStream.of(placed).anyMatch(n -> crowded(shard, n));
    }

    private void repair(int shard) {
        if (layout.healthy(shard) == 0) {
            boolean leaving = IntStream.of(layout.placed(shard)).anyMatch(n -> layout.nodes[n].leaves());
            boolean misplaced = IntStream.of(layout.placed(shard)).anyMatch(n -> isMisplaced(shard, n));
            boolean missing = layout.placed(shard).length < layout.pools[shard].replicationFactor();
            if (leaving || misplaced || missing) {
                problems.add(new PlanProblem(
                        "Shard " + layout.shards[shard].id() + " has no in-sync replica that answers.",
                        "Bring one of its nodes back: " + names(layout.shards[shard].replicas()) + ".",
                        0,
                        leaving));
            }
            return;
        }
        for (int n : layout.placed(shard)) {
            if (layout.nodes[n].leaves()) {
                replace(shard, n, layout.nodes[n].part() == PlanNode.Part.DEAD ? "is gone" : "is to be drained");
            } else if (isMisplaced(shard, n)) {
                replace(shard, n, "has not the labels or the region that the pool asks for");
            }
        }
        while (layout.placed(shard).length < layout.pools[shard].replicationFactor()) {
            int to = target(shard, Layout.NOBODY);
            if (to == Layout.NOBODY) {
                note(shard, "a replica is missing");
                break;
            }
            reasons.put(Steps.key(shard, to), "a replica is missing");
            layout.add(shard, to);
        }
        dropSurplus(shard);
        for (int n : layout.placed(shard)) {
            if (!layout.nodes[n].leaves() && crowded(shard, n)) {
                String why = "zone " + layout.nodes[n].zone() + " holds more of its replicas than need be";
                int to = target(shard, n);
                if (to == Layout.NOBODY) {
                    note(shard, why);
                } else {
                    reasons.put(Steps.key(shard, to), why);
                    layout.move(shard, n, to);
                }
            }
        }
    }

    private void replace(int shard, int node, String why) {
        String reason = "node " + layout.nodes[node].id() + " " + why;
        if (layout.placed(shard).length > layout.pools[shard].replicationFactor()) {
            layout.drop(shard, node);
            return;
        }
        int to = target(shard, node);
        if (to == Layout.NOBODY) {
            note(shard, reason);
        } else {
            reasons.put(Steps.key(shard, to), reason);
            layout.move(shard, node, to);
        }
    }

    private void dropSurplus(int shard) {
        while (layout.placed(shard).length > layout.pools[shard].replicationFactor()) {
            int fullest = IntStream.of(layout.placed(shard))
                    .boxed()
                    .max(Comparator.<Integer, Boolean>comparing(n -> crowded(shard, n))
                            .thenComparing(n -> n != layout.lead(shard))
                            .thenComparingDouble(n -> layout.size(n) / layout.nodes[n].weight())
                            .thenComparing(n -> n))
                    .orElseThrow();
            layout.drop(shard, fullest);
        }
    }

    private boolean isMisplaced(int shard, int node) {
        return !layout.pools[shard].mayLiveOn(layout.nodes[node]);
    }

    /** Whether another zone could take this replica, and this one has more of the shard than that. */
    private boolean crowded(int shard, int node) {
        var group = group(shard);
        if (!layout.isOriginal(shard, node)) {
            return false;
        }
        long inZone = IntStream.of(layout.placed(shard))
                .filter(n -> layout.nodes[n].zone().equals(layout.nodes[node].zone()))
                .count();
        return inZone > group.zoneLimit(layout.pools[shard].replicationFactor());
    }

    /** Every shard of the layout is in one. */
    private Group group(int shard) {
        return Objects.requireNonNull(groupOf.get(shard));
    }

    /** The node that is furthest below its share. */
    private int target(int shard, int goes) {
        var group = group(shard);
        int best = Layout.NOBODY;
        double least = Double.MAX_VALUE;
        for (int n : group.nodes()) {
            if (!layout.isFull() && layout.mayTake(group, shard, n, goes)) {
                double share = shares.getOrDefault(n, new double[] {0})[0];
                double fill = (layout.size(n) + layout.sizeOf(shard)) / Math.max(1, share);
                if (fill < least) {
                    least = fill;
                    best = n;
                }
            }
        }
        return best;
    }

    private void note(int shard, String why) {
        if (layout.isFull()) {
            return; // what is left comes with the next plan
        }
        var group = group(shard);
        var what = stuck.computeIfAbsent(why + "|" + layout.pools[shard].id(), key -> new Stuck());
        what.replicas++;
        what.bytes += layout.sizeOf(shard);
        what.largest = Math.max(what.largest, layout.sizeOf(shard));
        what.nodesMissing |=
                IntStream.of(group.nodes()).filter(n -> !layout.isOn(shard, n)).count() == 0;
    }

    private PlanProblem describe(String key, Stuck what) {
        String why = key.substring(0, key.indexOf('|'));
        String pool = key.substring(key.indexOf('|') + 1);
        String subject = what.replicas + " replicas of pool " + pool + " have nowhere to go (" + why + ")";
        boolean blocking = why.endsWith("is to be drained");
        if (what.nodesMissing) {
            return new PlanProblem(
                    subject + ": every other node of its region and labels holds one already.",
                    "Add a node there, or lower the pool's replicas.",
                    0,
                    blocking);
        }
        return new PlanProblem(
                subject + ": " + what.bytes + " bytes of room are missing above the headroom of "
                        + Math.round(100 * layout.rules().headroom()) + " %.",
                "Add a node with at least " + what.bytes + " free bytes in that region and a zone with fewer replicas, "
                        + "free room on the others, or ask for less headroom.",
                what.bytes,
                blocking);
    }

    private static String names(List<NodeId> nodes) {
        return String.join(", ", nodes.stream().map(NodeId::value).toList());
    }
}
