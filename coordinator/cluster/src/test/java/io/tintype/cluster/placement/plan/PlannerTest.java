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
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** What the planner promises, on clusters drawn at random; jqwik prints the seed of what fails. */
final class PlannerTest {
    @Property(tries = 500)
    void noStepEverBreaksAHardRule(@ForAll long seed) {
        var input = Clusters.random(seed);
        var plan = Planner.plan(input);
        Map<NodeId, PlanNode> nodes = input.nodes().stream().collect(Collectors.toMap(PlanNode::id, node -> node));
        Map<ShardId, Set<NodeId>> holds = new HashMap<>();
        input.shards().forEach(shard -> holds.put(shard.id(), new HashSet<>(shard.replicas())));
        Map<NodeId, Long> free = new HashMap<>();
        input.nodes().forEach(node -> free.put(node.id(), node.freeBytes()));
        for (var step : plan.steps()) {
            var shard = shard(input, step.shard());
            var pool = pool(input, shard);
            var replicas = holds.getOrDefault(step.shard(), Set.of());
            assertThat(step.base()).as("what %s begins with", step).containsExactlyInAnyOrderElementsOf(replicas);
            if (step.kind() == PlanStep.Kind.LEAD) {
                assertThat(replicas).contains(step.target());
                continue;
            }
            int before = replicas.size();
            if (step.toOrNull() != null) {
                var to = nodes.getOrDefault(step.target(), input.nodes().get(0));
                assertThat(to.part()).as("%s", step).isEqualTo(Part.ACTIVE);
                assertThat(pool.mayLiveOn(to))
                        .as("region and labels of %s", step)
                        .isTrue();
                assertThat(replicas.add(step.target()))
                        .as("a node twice: %s", step)
                        .isTrue();
                long left = free.merge(to.id(), -step.bytes(), Long::sum);
                assertThat(left).as("headroom after %s", step).isGreaterThanOrEqualTo((long)
                        (input.rules().headroom() * to.totalBytes()));
            }
            step.from().ifPresent(replicas::remove);
            assertThat(replicas.size())
                    .as("replicas after %s", step)
                    .isGreaterThanOrEqualTo(Math.min(before, pool.replicationFactor()));
            assertThat(crowding(nodes, replicas))
                    .as("zones after %s", step)
                    .isLessThanOrEqualTo(
                            Math.max(limit(input, pool), crowding(nodes, new HashSet<>(shard.replicas()))));
        }
    }

    @Property(tries = 500)
    void whatStandsOnNodesThatThePoolDoesNotAskForIsMoved(@ForAll long seed) {
        var input = Clusters.random(seed);
        var plan = Planner.plan(input);
        var after = Clusters.after(input, plan);
        if (plan.problems().isEmpty()) {
            assertThat(misplaced(after)).isZero();
        }
        assertThat(misplaced(after)).isLessThanOrEqualTo(misplaced(input));
    }

    /** A node in maintenance is about to be restarted, and one out of touch cannot lead. */
    @Property(tries = 500)
    void noNodeThatRestsIsToLeadWhileAnActiveOneMay(@ForAll long seed) {
        var input = Clusters.random(seed);
        var plan = Planner.plan(input);
        var after = Clusters.after(input, plan);
        Map<NodeId, Part> parts = input.nodes().stream().collect(Collectors.toMap(PlanNode::id, PlanNode::part));
        for (var step : plan.steps()) {
            var leader = step.kind() == PlanStep.Kind.LEAD ? step.to() : step.leader();
            var before = shard(input, step.shard());
            if (leader.map(parts::get).filter(Part.RESTING::equals).isPresent()) {
                assertThat(shard(after, step.shard()).replicas())
                        .as("%s of %s", step, before)
                        .noneMatch(node -> parts.get(node) == Part.ACTIVE
                                && (before.inSync().contains(node)
                                        || !before.replicas().contains(node)));
            }
        }
    }

    private static PlanPool pool(PlanInput input, PlanShard shard) {
        return input.pools().stream()
                .filter(pool -> pool.id().equals(shard.pool()))
                .findFirst()
                .orElseThrow();
    }

    /** Replicas on nodes that are there and not what their pool asks for. */
    private static long misplaced(PlanInput input) {
        return input.shards().stream()
                .mapToLong(shard -> input.nodes().stream()
                        .filter(node -> shard.replicas().contains(node.id()))
                        .filter(node -> !pool(input, shard).mayLiveOn(node))
                        .count())
                .sum();
    }

    @Property(tries = 500)
    void nothingIsMovedOfAShardThatNobodyHoldsInSync(@ForAll long seed) {
        var input = Clusters.random(seed);
        for (var step : Planner.plan(input).steps()) {
            var shard = shard(input, step.shard());
            assertThat(input.nodes())
                    .as("%s of %s", step, shard)
                    .anyMatch(node -> node.part() != Part.DEAD && shard.inSync().contains(node.id()));
        }
    }

    /** What costs nothing helps at once; only what makes a copy anew that is missing may come before it. */
    @Property(tries = 500)
    void leadsThatNeedNoCopyComeBeforeAllThatIsCopiedForBalance(@ForAll long seed) {
        var input = Clusters.random(seed);
        boolean copied = false;
        for (var step : Planner.plan(input).steps()) {
            var shard = shard(input, step.shard());
            if (step.kind() == PlanStep.Kind.LEAD) {
                boolean free = Set.copyOf(step.base()).equals(Set.copyOf(shard.replicas()));
                assertThat(free && copied).as("%s", step).isFalse();
            } else {
                boolean repairs = shard.replicas().size() < pool(input, shard).replicationFactor()
                        || input.nodes().stream()
                                .anyMatch(node -> node.part() == Part.DEAD
                                        && shard.replicas().contains(node.id()));
                copied |= !repairs;
            }
        }
    }

    @Property(tries = 500)
    void aSecondPlanIsEmptyUnlessSomethingHadNoPlace(@ForAll long seed) {
        var input = Clusters.random(seed);
        var plan = Planner.plan(input);
        if (plan.problems().isEmpty()) {
            assertThat(Planner.plan(Clusters.after(input, plan)).steps()).isEmpty();
        }
    }

    @Property(tries = 500)
    void noClusterIsWorseAfterwards(@ForAll long seed) {
        var drawn = Clusters.random(seed);
        var onePool = drawn.shards().stream()
                .filter(shard -> shard.pool().equals(Clusters.POOL))
                .toList();
        var input = new PlanInput(drawn.nodes(), onePool, drawn.pools(), drawn.rules());
        var plan = Planner.plan(input);
        var after = Clusters.after(input, plan);
        assertThat(amiss(after)).isLessThanOrEqualTo(amiss(input));
        var must = Planner.plan(input.with(input.rules().onlyWhatMust()));
        boolean mustMove = !must.steps().isEmpty() || !must.problems().isEmpty();
        for (int n = 0; n < plan.after().size() && !mustMove; n++) {
            var share = plan.after().get(n);
            long off = Math.abs(share.bytes() - share.shareBytes());
            long before =
                    Math.abs(plan.before().get(n).bytes() - plan.before().get(n).shareBytes());
            assertThat((double) off)
                    .as("bytes off its share of %s", share.node())
                    .isLessThanOrEqualTo(
                            Math.max((double) before, 0.05 * share.shareBytes()) + 60 * Layout.REPLICA_BYTES);
        }
    }

    @Property(tries = 60)
    void anEvenClusterStaysAsItIs(@ForAll long seed, @ForAll @IntRange(min = 3, max = 20) int nodes) {
        assertThat(Planner.plan(evened(seed, nodes, 0)).steps()).isEmpty();
    }

    @Property(tries = 200)
    void theOrderOfTheInputDoesNotMatter(@ForAll long seed) {
        var input = Clusters.random(seed);
        var nodes = new ArrayList<>(input.nodes());
        var shards = new ArrayList<>(input.shards());
        Collections.shuffle(nodes, new Random(seed));
        Collections.shuffle(shards, new Random(seed));
        var same = new PlanInput(nodes, shards, input.pools(), input.rules());
        assertThat(Planner.plan(same)).isEqualTo(Planner.plan(input));
        assertThat(Planner.plan(same).hash()).isEqualTo(Planner.plan(input).hash());
    }

    @Property(tries = 60)
    void addingANodeMovesLittleMoreThanItsShare(@ForAll long seed, @ForAll @IntRange(min = 4, max = 20) int nodes) {
        var even = evened(seed, nodes, 0);
        var grown = new ArrayList<>(even.nodes());
        grown.add(Clusters.node(nodes, 1, Part.ACTIVE));
        var plan = Planner.plan(new PlanInput(grown, even.shards(), even.pools(), even.rules()));
        long share = plan.after().get(nodes).bytes();
        assertThat((double) plan.bytes()).isLessThanOrEqualTo(1.1 * share);
        assertThat((double) share).isGreaterThan(0.9 * plan.after().get(nodes).shareBytes());
    }

    @Property(tries = 60)
    void drainingANodeMovesWhatItHasAndNothingElse(@ForAll long seed, @ForAll @IntRange(min = 5, max = 20) int nodes) {
        var even = evened(seed, nodes, 0);
        var drained = new ArrayList<>(even.nodes());
        drained.set(2, Clusters.as(drained.get(2), Part.DRAINING));
        var input = new PlanInput(drained, even.shards(), even.pools(), even.rules());
        var plan = Planner.plan(input.with(input.rules().onlyWhatMust()));
        assertThat(plan.problems()).isEmpty();
        assertThat(plan.bytes()).isEqualTo(plan.before().get(2).bytes());
        assertThat(plan.after().get(2).replicas()).isZero();
        assertThat(plan.after().get(2).primaries()).isZero();
        assertThat((double) Planner.plan(input).bytes()).isLessThanOrEqualTo(1.1 * plan.bytes());
    }

    /** Whatever a new node is given, it need not wait until the other one has had its replica of the same shard. */
    @Example
    void nodesThatJoinAreGivenTheirFirstReplicasTogether() {
        var nodes = Clusters.nodes(5, 1);
        var old = nodes.subList(0, 3).stream().map(PlanNode::id).toList();
        var shards = new ArrayList<PlanShard>();
        for (int s = 1; s <= 12; s++) {
            shards.add(Clusters.shard(s, old, Clusters.GIB));
        }
        var plan = Planner.plan(
                new PlanInput(nodes, shards, List.of(new PlanPool(Clusters.POOL, 3, Set.of())), PlanRules.DEFAULT));
        var seen = new HashSet<ShardId>();
        var first = plan.steps().stream()
                .filter(step -> step.kind() == PlanStep.Kind.MOVE && seen.add(step.shard()))
                .collect(Collectors.groupingBy(PlanStep::target, Collectors.counting()));
        assertThat(first).hasSize(2);
        assertThat(Collections.max(first.values()) - Collections.min(first.values()))
                .as("first moves of shards into each of the new nodes: %s", first)
                .isLessThanOrEqualTo(1);
        var copies = plan.steps().stream()
                .filter(step -> step.kind() == PlanStep.Kind.MOVE)
                .map(PlanStep::target)
                .toList();
        assertThat(copies.subList(0, 4))
                .as("of four at once")
                .satisfies(four -> assertThat(
                                four.stream().distinct().mapToInt(node -> Collections.frequency(four, node)))
                        .containsExactly(2, 2));
    }

    @Example
    void weightsAndZonesAreHeldTo() {
        var nodes = new ArrayList<PlanNode>();
        for (int n = 0; n < 6; n++) {
            var node = Clusters.node(n, 3, Part.ACTIVE);
            double weight = n < 3 ? 1 : 3;
            nodes.add(new PlanNode(
                    node.id(), "eu", node.zone(), Set.of(), weight, node.totalBytes(), node.freeBytes(), Part.ACTIVE));
        }
        var shards = new ArrayList<PlanShard>();
        for (int s = 1; s <= 60; s++) {
            shards.add(Clusters.shard(
                    s,
                    List.of(nodes.get(0).id(), nodes.get(1).id(), nodes.get(2).id()),
                    Clusters.GIB));
        }
        var pool = new PlanPool(Clusters.POOL, 3, Set.of());
        var plan = Planner.plan(new PlanInput(nodes, shards, List.of(pool), PlanRules.DEFAULT));
        assertThat(plan.after().subList(0, 3)).allMatch(share -> share.replicas() == 15);
        assertThat(plan.after().subList(3, 6)).allMatch(share -> share.replicas() == 45);
        int leads = plan.after().get(0).primaries();
        assertThat(leads).as("leads follow weights").isBetween(3, 8);
    }

    @Example
    void aDrainThatCannotFitSaysHowMuchIsMissing() {
        var nodes = new ArrayList<>(Clusters.nodes(3, 1));
        var small = nodes.get(1);
        nodes.set(
                1,
                new PlanNode(small.id(), "eu", "z0", Set.of(), 1, 100 * Clusters.GIB, 14 * Clusters.GIB, Part.ACTIVE));
        nodes.set(2, Clusters.as(nodes.get(2), Part.DRAINING));
        var shards = new ArrayList<PlanShard>();
        for (int s = 1; s <= 5; s++) {
            shards.add(Clusters.shard(s, List.of(nodes.get(2).id(), nodes.get(0).id()), 2 * Clusters.GIB));
        }
        var plan = Planner.plan(new PlanInput(
                nodes, shards, List.of(new PlanPool(Clusters.POOL, 2, Set.of())), PlanRules.DEFAULT.onlyWhatMust()));
        assertThat(plan.isBlocked()).isTrue();
        assertThat(plan.steps())
                .as("what fits in 4 GiB above the headroom")
                .filteredOn(step -> step.kind() == PlanStep.Kind.MOVE)
                .hasSize(1);
        assertThat(plan.problems()).singleElement().satisfies(problem -> {
            assertThat(problem.missingBytes()).isEqualTo(4 * (2 * Clusters.GIB + Layout.REPLICA_BYTES));
            assertThat(problem.what()).contains("n0002 is to be drained").contains("bytes of room are missing");
            assertThat(problem.fix()).contains("Add a node with at least");
        });
    }

    @Example
    void aDrainWithTooFewNodesSaysSo() {
        var nodes = new ArrayList<>(Clusters.nodes(3, 3));
        nodes.set(2, Clusters.as(nodes.get(2), Part.DRAINING));
        var shard = Clusters.shard(1, nodes.stream().map(PlanNode::id).toList(), Clusters.GIB);
        var plan = Planner.plan(new PlanInput(
                nodes, List.of(shard), List.of(new PlanPool(Clusters.POOL, 3, Set.of())), PlanRules.DEFAULT));
        assertThat(plan.isBlocked()).isTrue();
        assertThat(plan.problems())
                .singleElement()
                .satisfies(problem -> assertThat(problem.toString()).contains("Add a node there"));
    }

    @Example
    void theMostEndangeredShardsComeFirst() {
        var nodes = new ArrayList<>(Clusters.nodes(6, 1));
        nodes.set(0, Clusters.as(nodes.get(0), Part.DEAD));
        nodes.set(1, Clusters.as(nodes.get(1), Part.DEAD));
        var id = nodes.stream().map(PlanNode::id).toList();
        var once = new PlanShard(
                new ShardId(1),
                Clusters.POOL,
                List.of(id.get(0), id.get(2), id.get(3)),
                id.get(2),
                Set.of(id.get(2), id.get(3)),
                9 * Clusters.GIB,
                1,
                0);
        var twice = new PlanShard(
                new ShardId(2),
                Clusters.POOL,
                List.of(id.get(0), id.get(1), id.get(2)),
                id.get(2),
                Set.of(id.get(2)),
                Clusters.GIB,
                1,
                0);
        var plan = Planner.plan(new PlanInput(
                nodes,
                List.of(once, twice),
                List.of(new PlanPool(Clusters.POOL, 3, Set.of())),
                PlanRules.DEFAULT.onlyWhatMust()));
        assertThat(plan.steps())
                .extracting(PlanStep::shard)
                .containsExactly(new ShardId(2), new ShardId(1), new ShardId(2));
    }

    /** Moving a lead costs nothing, so once it is worth while it is done well. */
    @Example
    void leadsThatAreFarFromEvenBecomeEven() {
        var nodes = Clusters.nodes(3, 3);
        int[] leads = {57, 23, 126};
        var plan = Planner.plan(new PlanInput(
                nodes, ledBy(nodes, leads), List.of(new PlanPool(Clusters.POOL, 3, Set.of())), PlanRules.DEFAULT));
        assertThat(plan.before()).extracting(NodeShare::primaries).containsExactly(57, 23, 126);
        assertThat(plan.after()).extracting(NodeShare::primaries).allMatch(primaries -> primaries / 2 == 34);
        assertThat(plan.steps())
                .as("no lead goes over twice, and none in vain")
                .hasSize(126 - 69)
                .allMatch(step -> step.kind() == PlanStep.Kind.LEAD);
    }

    @Example
    void leadsThatAreNearlyEvenStayWhereTheyAre() {
        var nodes = Clusters.nodes(3, 3);
        int[] leads = {72, 66, 62};
        var plan = Planner.plan(new PlanInput(
                nodes, ledBy(nodes, leads), List.of(new PlanPool(Clusters.POOL, 3, Set.of())), PlanRules.DEFAULT));
        assertThat(plan.steps()).isEmpty();
    }

    /** Shards of which every node has a replica. */
    private static List<PlanShard> ledBy(List<PlanNode> nodes, int[] leads) {
        var all = nodes.stream().map(PlanNode::id).toList();
        var shards = new ArrayList<PlanShard>();
        for (int n = 0; n < leads.length; n++) {
            for (int i = 0; i < leads[n]; i++) {
                shards.add(new PlanShard(
                        new ShardId(shards.size() + 1),
                        Clusters.POOL,
                        all,
                        all.get(n),
                        Set.copyOf(all),
                        Clusters.GIB,
                        10,
                        0));
            }
        }
        return shards;
    }

    @Example
    void usersAreEvenedOutByTheFewestBytesOnceBytesAre() {
        var nodes = Clusters.nodes(2, 1);
        var full = nodes.get(0).id();
        var shards = new ArrayList<PlanShard>();
        shards.add(alone(1, full, 100 * Clusters.GIB, 0));
        shards.add(alone(2, nodes.get(1).id(), 100 * Clusters.GIB, 0));
        for (int s = 3; s < 23; s++) {
            shards.add(alone(s, full, 0, 100));
        }
        var plan = Planner.plan(
                new PlanInput(nodes, shards, List.of(new PlanPool(Clusters.POOL, 1, Set.of())), PlanRules.DEFAULT));
        assertThat(plan.before()).extracting(NodeShare::users).containsExactly(2000L, 0L);
        assertThat(plan.after()).extracting(NodeShare::users).allMatch(users -> users >= 750 && users <= 1250);
        assertThat(plan.bytes()).as("of the shards with users alone").isLessThan(Clusters.GIB);
        assertThat(plan.steps())
                .filteredOn(step -> step.kind() == PlanStep.Kind.MOVE)
                .isNotEmpty()
                .allSatisfy(step -> assertThat(step.reason()).startsWith("evens out users: " + full));
    }

    private static PlanShard alone(int shard, NodeId node, long bytes, int users) {
        return new PlanShard(new ShardId(shard), Clusters.POOL, List.of(node), node, Set.of(node), bytes, users, 0);
    }

    @Example
    void leadsGoWhereTheCallsAreFewAndAHotShardIsNamed() {
        var nodes = Clusters.nodes(3, 1);
        var ids = nodes.stream().map(PlanNode::id).toList();
        var shards = new ArrayList<PlanShard>();
        for (int s = 1; s <= 9; s++) {
            shards.add(new PlanShard(
                    new ShardId(s), Clusters.POOL, ids, ids.get(0), Set.copyOf(ids), 0, 0, s == 1 ? 900 : 100));
        }
        var plan = Planner.plan(
                new PlanInput(nodes, shards, List.of(new PlanPool(Clusters.POOL, 3, Set.of())), PlanRules.DEFAULT));
        assertThat(plan.steps()).isNotEmpty().allMatch(step -> step.kind() == PlanStep.Kind.LEAD);
        assertThat(plan.bytes()).isZero();
        assertThat(plan.hot())
                .singleElement()
                .satisfies(hot -> assertThat(hot.shard()).isEqualTo(new ShardId(1)));
        double most =
                plan.after().stream().mapToDouble(NodeShare::opsPerSecond).max().orElse(0);
        assertThat(most).isLessThanOrEqualTo(1000);
    }

    /** Nodes of one size and equal zones, with shards of 1 to 3 GiB, about 60 a node, spread as the planner likes. */
    private static PlanInput evened(long seed, int count, int more) {
        var random = new Random(seed);
        var nodes = Clusters.nodes(count + more, 1);
        var shards = new ArrayList<PlanShard>();
        for (int s = 1; s <= count * 20; s++) {
            var ids = new ArrayList<>(nodes.stream().map(PlanNode::id).toList());
            Collections.shuffle(ids, random);
            shards.add(Clusters.shard(
                    s, ids.subList(0, 3), Clusters.GIB + (long) (random.nextDouble() * 2 * Clusters.GIB)));
        }
        var input = new PlanInput(nodes, shards, List.of(new PlanPool(Clusters.POOL, 3, Set.of())), PlanRules.DEFAULT);
        return Clusters.after(input, Planner.plan(input));
    }

    private static PlanShard shard(PlanInput input, ShardId id) {
        return input.shards().stream()
                .filter(shard -> shard.id().equals(id))
                .findFirst()
                .orElseThrow();
    }

    private static long crowding(Map<NodeId, PlanNode> nodes, Set<NodeId> replicas) {
        return replicas.stream()
                .filter(nodes::containsKey)
                .collect(Collectors.groupingBy(
                        id -> nodes.getOrDefault(id, nodes.values().iterator().next())
                                .zone(),
                        Collectors.counting()))
                .values()
                .stream()
                .mapToLong(Long::longValue)
                .max()
                .orElse(0);
    }

    private static long limit(PlanInput input, PlanPool pool) {
        long zones = input.nodes().stream()
                .filter(node -> node.part() == Part.ACTIVE && pool.mayLiveOn(node))
                .map(PlanNode::zone)
                .distinct()
                .count();
        return zones == 0 ? 0 : (pool.replicationFactor() + zones - 1) / zones;
    }

    /** Replicas that are missing or on nodes that leave. */
    private static long amiss(PlanInput input) {
        var leaving = input.nodes().stream()
                .filter(PlanNode::leaves)
                .map(PlanNode::id)
                .collect(Collectors.toSet());
        return input.shards().stream()
                .mapToLong(shard ->
                        shard.replicas().stream().filter(leaving::contains).count()
                                + Math.max(
                                        0,
                                        input.pools().get(0).replicationFactor()
                                                - shard.replicas().size()))
                .sum();
    }
}
