// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.placement.plan;

import io.tintype.cluster.placement.plan.PlanStep.Kind;
import io.tintype.model.NodeId;
import io.tintype.model.ShardId;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Turns what a layout became into steps, in the order in which to begin them: repairs of the most endangered, leads that
 * cost nothing, moves, and the leads that wait for moves; among equals in the {@link CopyOrder}. Each step of a shard begins
 * where the one before it ends. Confined to one thread.
 */
final class Steps {
    private final Layout layout;
    private final Map<String, String> reasons;
    private final Map<Integer, Integer> leads;
    private final Map<Integer, Integer> earlyLeads;
    private final List<Repair> repairs = new ArrayList<>();
    private final List<PlanStep> free = new ArrayList<>();
    private final List<PlanStep> moves = new ArrayList<>();
    private final List<PlanStep> late = new ArrayList<>();

    /** Bytes of the steps into each node that need not wait for another of their shard. */
    private final long[] early;

    /**
     * @param reasons why a replica comes to a node, by {@link #key}
     * @param leads who is to lead, of the shards whose lead changes
     */
    Steps(Layout layout, Map<String, String> reasons, Map<Integer, Integer> leads) {
        this.layout = layout;
        this.reasons = reasons;
        this.leads = leads;
        this.earlyLeads = new EarlyLeads(layout, leads).run();
        this.early = new long[layout.nodes.length];
    }

    /** How many in-sync copies a shard has when a repair begins, and how many steps of the shard precede it. */
    private record Rank(int copies, int earlier) implements Comparable<Rank> {
        @Override
        public int compareTo(Rank other) {
            return copies != other.copies
                    ? Integer.compare(copies, other.copies)
                    : Integer.compare(earlier, other.earlier);
        }
    }

    private record Repair(Rank rank, PlanStep step) {}

    /** Names a replica that comes to a node. */
    static String key(int shard, int node) {
        return shard + " " + node;
    }

    List<PlanStep> run() {
        IntStream.range(0, layout.shards.length)
                .boxed()
                .sorted(Comparator.<Integer>comparingInt(layout::healthy).thenComparingInt(s -> s))
                .forEach(this::shard);
        var primaries = primaries();
        var urgent = new TreeMap<Rank, List<PlanStep>>();
        repairs.forEach(repair ->
                urgent.computeIfAbsent(repair.rank(), rank -> new ArrayList<>()).add(repair.step()));
        var all = new ArrayList<PlanStep>();
        urgent.values().forEach(steps -> all.addAll(CopyOrder.of(steps, primaries)));
        all.addAll(free);
        all.addAll(CopyOrder.of(moves, primaries));
        all.addAll(late);
        return all;
    }

    /** Who leads when the moves begin. */
    private Function<ShardId, @Nullable NodeId> primaries() {
        var found = new HashMap<ShardId, @Nullable NodeId>();
        for (int s = 0; s < layout.shards.length; s++) {
            @Nullable Integer sender = earlyLeads.get(s);
            found.put(
                    layout.shards[s].id(),
                    sender == null ? layout.shards[s].primaryOrNull() : layout.nodes[sender].id());
        }
        return found::get;
    }

    private void shard(int shard) {
        int[] before = layout.original[shard];
        int[] after = layout.placed(shard);
        var goes = new ArrayList<Integer>(IntStream.of(before)
                .filter(n -> !Layout.contains(after, n))
                .boxed()
                .toList());
        var comes = new ArrayList<Integer>(IntStream.of(after)
                .filter(n -> !Layout.contains(before, n))
                .boxed()
                .toList());
        int[] now = before.clone();
        int leader = layout.leadBefore(shard);
        @Nullable Integer sender = earlyLeads.get(shard);
        if (sender != null) {
            free.add(lead(shard, leader, sender, now, "has another node send what is copied"));
            leader = sender;
        }
        boolean led = false;
        int made = 0;
        while (!comes.isEmpty() || !goes.isEmpty()) {
            // What is missing comes first; then each newcomer replaces somebody.
            var pair = pick(now, comes.size() > goes.size() ? List.of() : goes, comes);
            @Nullable Integer from = pair.from();
            @Nullable Integer to = pair.to();
            boolean hadLead = from != null && from == leader;
            @Nullable Integer next = hadLead ? leads.get(shard) : null;
            if (next != null && (to == null || !next.equals(to)) && !Layout.contains(now, next)) {
                next = null; // who is to lead comes with a later step; the replicas choose until then
            }
            if (made == 0 && to != null) {
                early[to] += layout.shards[shard].bytes();
            }
            add(shard, from, to, next, now, made++);
            if (hadLead && next != null) {
                led = true;
            }
            now = step(now, from, to);
            comes.remove(to);
            goes.remove(from);
        }
        @Nullable Integer lead = leads.get(shard);
        if (lead != null && !led && lead != leader) {
            (Arrays.equals(now, before) ? free : late).add(lead(shard, leader, lead, now, "evens out who leads"));
        }
    }

    private PlanStep lead(int shard, int from, int to, int[] now, String why) {
        return new PlanStep(
                Kind.LEAD,
                layout.shards[shard].id(),
                from == Layout.NOBODY ? null : layout.nodes[from].id(),
                layout.nodes[to].id(),
                null,
                0,
                names(now),
                why);
    }

    /** Who goes and who comes in one step. */
    private record Pair(@Nullable Integer from, @Nullable Integer to) {}

    /**
     * The pair after which zones are used most evenly, so that no moment crowds a zone; of those a node that is gone; of those the
     * newcomer that has least to begin with, so that no node must wait until others have what comes first.
     */
    private Pair pick(int[] now, List<Integer> goes, List<Integer> comes) {
        List<@Nullable Integer> froms = goes.isEmpty() ? Collections.singletonList(null) : new ArrayList<>(goes);
        List<@Nullable Integer> tos = comes.isEmpty() ? Collections.singletonList(null) : new ArrayList<>(comes);
        Pair best = new Pair(froms.get(0), tos.get(0));
        long least = Long.MAX_VALUE;
        for (@Nullable Integer from : froms) {
            for (@Nullable Integer to : tos) {
                boolean gone = from != null && layout.nodes[from].part() == PlanNode.Part.DEAD;
                long score = 2 * crowding(step(now, from, to)) + (gone ? 0 : 1);
                boolean sooner = score == least && to != null && best.to() != null && early[to] < early[best.to()];
                if (score < least || sooner) {
                    least = score;
                    best = new Pair(from, to);
                }
            }
        }
        return best;
    }

    private long crowding(int[] places) {
        return IntStream.of(places)
                .boxed()
                .collect(Collectors.groupingBy(n -> layout.nodes[n].zone(), Collectors.counting()))
                .values()
                .stream()
                .mapToLong(Long::longValue)
                .max()
                .orElse(0);
    }

    private void add(
            int shard, @Nullable Integer from, @Nullable Integer to, @Nullable Integer leader, int[] now, int made) {
        var kind = to == null ? Kind.DROP : from == null ? Kind.ADD : Kind.MOVE;
        var step = new PlanStep(
                kind,
                layout.shards[shard].id(),
                from == null ? null : layout.nodes[from].id(),
                to == null ? null : layout.nodes[to].id(),
                leader == null ? null : layout.nodes[leader].id(),
                to == null ? 0 : layout.shards[shard].bytes(),
                names(now),
                to == null
                        ? "it is more than the pool asks for"
                        : reasons.getOrDefault(key(shard, to), "evens out bytes"));
        if (layout.lacksCopies(shard)) { // then all of its steps come early, since each begins where another ends
            repairs.add(new Repair(new Rank(layout.healthy(shard) + made, made), step));
        } else {
            moves.add(step);
        }
    }

    private static int[] step(int[] now, @Nullable Integer from, @Nullable Integer to) {
        var without = IntStream.of(now).filter(n -> from == null || n != from);
        return (to == null ? without : IntStream.concat(without, IntStream.of(to)))
                .sorted()
                .toArray();
    }

    private List<NodeId> names(int[] places) {
        return IntStream.of(places).mapToObj(n -> layout.nodes[n].id()).sorted().toList();
    }
}
