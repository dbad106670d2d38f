// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import io.tintype.cluster.map.ClusterView;
import io.tintype.cluster.placement.PoolRules;
import io.tintype.cluster.placement.Residency;
import io.tintype.cluster.placement.UserQuota;
import io.tintype.cluster.placement.plan.PlanInput;
import io.tintype.cluster.placement.plan.PlanNode;
import io.tintype.cluster.placement.plan.PlanPool;
import io.tintype.cluster.placement.plan.PlanRules;
import io.tintype.cluster.placement.plan.PlanShard;
import io.tintype.cluster.placement.plan.PlanStep;
import io.tintype.cluster.placement.plan.Planner;
import io.tintype.model.NodeId;
import io.tintype.model.NodeInfo;
import io.tintype.model.PoolId;
import io.tintype.model.ShardId;
import io.tintype.model.ShardMap;
import io.tintype.proto.internal.v1.Placement;
import io.tintype.proto.internal.v1.ReplicaRole;
import io.tintype.proto.internal.v1.ShardAssignment;
import io.tintype.proto.internal.v1.ShardType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * Whatever happens to nodes and rules, no replica of a pinned pool is ever assigned outside its region: not at first, not when
 * rules change, not by a plan that repairs or balances, and not at any step of it.
 */
final class ResidencyPropertyTest {
    private static final int RUNS = 200;

    /** How often the controller looks until nothing is left to be done; one change may call for another. */
    private static final int LOOKS = 3;

    private static final List<String> REGIONS = List.of("eu", "us", "ap");
    private static final PoolId PINNED = new PoolId("eu", "paid");
    private static final PoolId FREE = new PoolId("eu", "free");

    @Test
    void underRandomTopologyChanges() {
        long first = System.nanoTime();
        for (long seed = first; seed < first + RUNS; seed++) {
            long drawn = seed;
            assertThatCode(() -> run(drawn)).as("seed %d", seed).doesNotThrowAnyException();
        }
    }

    private static void run(long seed) {
        var random = new Random(seed);
        Map<String, NodeInfo> nodes = new HashMap<>();
        Map<ShardId, ShardAssignment> assignments = new HashMap<>();
        Map<PoolId, PoolRules> pools = new HashMap<>(Map.of(PINNED, rules(PINNED, random), FREE, rules(FREE, random)));
        int lastShard = 0;
        for (int step = 0; step < 40; step++) {
            change(random, nodes, pools);
            planned(random, nodes, pools, assignments);
            var view = new ClusterView(ShardMap.of(List.copyOf(nodes.values()), List.of()), pools, assignments, null);
            var planning = new Assignments(view, new Occupancy(view));
            var next = new HashMap<ShardId, ShardAssignment>();
            assignments.forEach((id, now) -> next.put(id, planning.follow(now, rulesOf(pools, now))));
            for (var pool : pools.values()) {
                var id = new ShardId(++lastShard);
                planning.place(id, ShardType.SHARD_TYPE_DATA, pool).ifPresent(made -> next.put(id, made));
            }
            for (var shard : next.values()) {
                var before = nodesOf(assignments.get(new ShardId(shard.getShard())));
                check(shard, before, rulesOf(pools, shard), nodes);
            }
            assignments = next;
            for (int look = 0; look < LOOKS; look++) {
                var seen = new ClusterView(view.map(), pools, assignments, null);
                var following = new Assignments(seen, new Occupancy(seen));
                var then = new HashMap<ShardId, ShardAssignment>();
                assignments.forEach((id, now) -> then.put(id, following.follow(now, rulesOf(pools, now))));
                for (var shard : then.values()) {
                    var before = nodesOf(assignments.get(new ShardId(shard.getShard())));
                    check(shard, before, rulesOf(pools, shard), nodes);
                }
                assignments = then;
            }
            var settled = new ClusterView(view.map(), pools, assignments, null);
            var again = new Assignments(settled, new Occupancy(settled));
            assignments
                    .values()
                    .forEach(shard -> assertThat(again.follow(shard, rulesOf(pools, shard)))
                            .as("nothing is left to be done after some looks")
                            .isEqualTo(shard));
        }
    }

    /** Some of what a plan asks for is done, each step as the balancer does it: one replica comes, and then one goes. */
    private static void planned(
            Random random,
            Map<String, NodeInfo> nodes,
            Map<PoolId, PoolRules> pools,
            Map<ShardId, ShardAssignment> assignments) {
        var input = new PlanInput(
                nodes.values().stream().map(node -> planNode(random, node)).toList(),
                assignments.values().stream()
                        .map(ResidencyPropertyTest::planShard)
                        .toList(),
                pools.values().stream()
                        .map(pool ->
                                new PlanPool(pool.id(), pool.servingRegion(), pool.replicationFactor(), pool.labels()))
                        .toList(),
                PlanRules.DEFAULT);
        for (var step : Planner.plan(input).steps()) {
            if (step.kind() == PlanStep.Kind.LEAD || random.nextBoolean()) {
                continue;
            }
            var now = Objects.requireNonNull(assignments.get(step.shard()));
            // A copy where the new one comes becomes it.
            var moved = new HashSet<String>();
            step.to().ifPresent(node -> moved.add(node.value()));
            step.from().ifPresent(node -> moved.add(node.value()));
            var then = now.toBuilder().clearReplicas();
            now.getReplicasList().stream()
                    .filter(replica -> !moved.contains(replica.getNode()))
                    .forEach(then::addReplicas);
            step.to()
                    .ifPresent(node -> then.addReplicas(
                            Placement.newBuilder().setNode(node.value()).setRole(ReplicaRole.REPLICA_ROLE_VOTER)));
            checkPlaces(then.build(), nodesOf(now), rulesOf(pools, now), nodes);
            assignments.put(step.shard(), then.build());
        }
    }

    private static PlanNode planNode(Random random, NodeInfo node) {
        var part = node.live()
                ? random.nextInt(5) == 0 ? PlanNode.Part.DRAINING : PlanNode.Part.ACTIVE
                : random.nextBoolean() ? PlanNode.Part.DEAD : PlanNode.Part.RESTING;
        return new PlanNode(
                node.id(),
                node.region(),
                node.zone(),
                node.labels(),
                1,
                1L << 40,
                random.nextInt(2) * (1L << 39),
                part);
    }

    private static PlanShard planShard(ShardAssignment shard) {
        var voters = shard.getReplicasList().stream()
                .filter(replica -> replica.getRole() == ReplicaRole.REPLICA_ROLE_VOTER)
                .map(replica -> new NodeId(replica.getNode()))
                .toList();
        return new PlanShard(
                new ShardId(shard.getShard()),
                PoolId.parse(shard.getPool()),
                voters,
                voters.isEmpty() ? null : voters.get(0),
                Set.copyOf(voters),
                (1L + shard.getShard() % 7) << 30,
                10,
                0);
    }

    private static PoolRules rulesOf(Map<PoolId, PoolRules> pools, ShardAssignment shard) {
        return pools.getOrDefault(PoolId.parse(shard.getPool()), new PoolRules(PINNED, 1, 1, 1, 1));
    }

    private static void change(Random random, Map<String, NodeInfo> nodes, Map<PoolId, PoolRules> pools) {
        for (int i = 0; i < 3; i++) {
            var id = "n" + random.nextInt(12);
            // A node's region is its own for ever; it comes and goes.
            var region = REGIONS.get(Math.floorMod(id.hashCode(), REGIONS.size()));
            nodes.put(
                    id,
                    new NodeInfo(
                            new NodeId(id),
                            id,
                            id,
                            region,
                            "z" + Math.floorMod(id.hashCode(), 4),
                            random.nextBoolean(),
                            1,
                            hasSsd(id) ? Set.of("ssd", "fast") : Set.of()));
        }
        if (random.nextInt(3) == 0) {
            var pool = random.nextBoolean() ? PINNED : FREE;
            pools.put(pool, rules(pool, random));
        }
        if (random.nextInt(4) == 0) {
            var free = Objects.requireNonNull(pools.get(FREE));
            var observers = free.residency().observers();
            pools.put(FREE, free.switchedTo(observers.get(random.nextInt(observers.size()))));
        }
    }

    private static PoolRules rules(PoolId id, Random random) {
        int factor = 1 + random.nextInt(4);
        var residency = id.equals(PINNED)
                ? Residency.PINNED
                : new Residency(true, random.nextBoolean() ? List.of("us") : List.of("us", "ap"), "");
        return new PoolRules(
                id,
                factor,
                1 + random.nextInt(factor),
                new PoolRules.NodeRule(random.nextBoolean(), random.nextInt(4) == 0 ? Set.of("ssd") : Set.of()),
                new PoolRules.Capacity(10, 0, 1),
                UserQuota.NONE,
                residency,
                "",
                false);
    }

    private static boolean hasSsd(String id) {
        return Math.floorMod(id.hashCode(), 3) != 0;
    }

    private static Set<String> nodesOf(@Nullable ShardAssignment shard) {
        return shard == null
                ? Set.of()
                : shard.getReplicasList().stream().map(Placement::getNode).collect(Collectors.toSet());
    }

    /**
     * Of an assignment that follows its rules.
     *
     * @param before the nodes that had a replica before
     */
    private static void check(ShardAssignment shard, Set<String> before, PoolRules rules, Map<String, NodeInfo> nodes) {
        var observed = checkPlaces(shard, before, rules, nodes);
        assertThat(observed).doesNotHaveDuplicates();
        boolean waits = shard.getReplicasList().stream()
                .filter(replica -> replica.getRole() == ReplicaRole.REPLICA_ROLE_VOTER)
                .map(replica -> Objects.requireNonNull(nodes.get(replica.getNode())))
                .noneMatch(node -> node.region().equals(rules.servingRegion()));
        if (waits) { // the region that is to serve keeps its copy until it can
            observed.remove(rules.servingRegion());
        }
        assertThat(rules.residency().observers()).containsAll(observed);
        assertThat(shard.getUnpinned()).isEqualTo(rules.residency().unpinned());
    }

    /** Where replicas may stand at any moment; the regions of those that only observe. */
    private static List<String> checkPlaces(
            ShardAssignment shard, Set<String> before, PoolRules rules, Map<String, NodeInfo> nodes) {
        var names = new HashSet<String>();
        var observed = new ArrayList<String>();
        for (var replica : shard.getReplicasList()) {
            var node = nodes.get(replica.getNode());
            assertThat(node).isNotNull();
            assertThat(names.add(replica.getNode())).as("each node once").isTrue();
            assertThat(rules.residency().allows(rules.id(), node.region()))
                    .as("%s on %s of %s", rules.id(), node.id(), node.region())
                    .isTrue();
            if (replica.getRole() == ReplicaRole.REPLICA_ROLE_OBSERVER) {
                observed.add(node.region());
                continue;
            }
            assertThat(node.region().equals(rules.servingRegion()) || before.contains(replica.getNode()))
                    .as("%s votes in a shard served by %s", node, rules.servingRegion())
                    .isTrue();
            if (!before.contains(replica.getNode())) {
                assertThat(node.labels())
                        .as("%s gets a replica of %s", node, rules)
                        .containsAll(rules.labels());
            }
        }
        return observed;
    }
}
