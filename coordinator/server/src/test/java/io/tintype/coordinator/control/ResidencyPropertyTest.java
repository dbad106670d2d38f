// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import io.tintype.cluster.map.ClusterView;
import io.tintype.cluster.placement.PoolRules;
import io.tintype.cluster.placement.Residency;
import io.tintype.cluster.placement.UserQuota;
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
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Whatever happens to nodes and rules, no replica of a pinned pool is ever assigned outside its region. */
final class ResidencyPropertyTest {
    private static final int RUNS = 200;
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
            var settled = new ClusterView(view.map(), pools, assignments, null);
            var again = new Assignments(settled, new Occupancy(settled));
            assignments
                    .values()
                    .forEach(shard -> assertThat(again.follow(shard, rulesOf(pools, shard)))
                            .as("following twice changes nothing")
                            .isEqualTo(shard));
        }
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
                "");
    }

    private static boolean hasSsd(String id) {
        return Math.floorMod(id.hashCode(), 3) != 0;
    }

    private static Set<String> nodesOf(@Nullable ShardAssignment shard) {
        return shard == null
                ? Set.of()
                : shard.getReplicasList().stream().map(Placement::getNode).collect(Collectors.toSet());
    }

    /** @param before the nodes that had a replica before */
    private static void check(ShardAssignment shard, Set<String> before, PoolRules rules, Map<String, NodeInfo> nodes) {
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
            } else {
                assertThat(node.region()).isEqualTo(rules.servingRegion());
                if (!before.contains(replica.getNode())) {
                    assertThat(node.labels())
                            .as("%s gets a replica of %s", node, rules)
                            .containsAll(rules.labels());
                }
            }
        }
        assertThat(observed).doesNotHaveDuplicates();
        assertThat(rules.residency().observers()).containsAll(observed);
        assertThat(shard.getUnpinned()).isEqualTo(rules.residency().unpinned());
    }
}
