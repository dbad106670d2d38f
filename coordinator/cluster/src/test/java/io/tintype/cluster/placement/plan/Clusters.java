// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.placement.plan;

import io.tintype.cluster.placement.plan.PlanNode.Part;
import io.tintype.model.NodeId;
import io.tintype.model.PoolId;
import io.tintype.model.ShardId;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;

/** Clusters for the planner, and what becomes of them when a plan is carried out. */
final class Clusters {
    static final PoolId POOL = new PoolId("eu", "standard");
    static final long GIB = 1L << 30;

    private Clusters() {}

    static PlanNode node(int n, int zones, Part part) {
        return new PlanNode(
                new NodeId(String.format("n%04d", n)),
                "eu",
                "z" + n % zones,
                Set.of(),
                1000 * GIB,
                1000 * GIB,
                800 * GIB,
                part);
    }

    static List<PlanNode> nodes(int count, int zones) {
        var nodes = new ArrayList<PlanNode>();
        for (int n = 0; n < count; n++) {
            nodes.add(node(n, zones, Part.ACTIVE));
        }
        return nodes;
    }

    static PlanNode as(PlanNode node, Part part) {
        return new PlanNode(
                node.id(),
                node.region(),
                node.zone(),
                node.labels(),
                node.weight(),
                node.totalBytes(),
                node.freeBytes(),
                part);
    }

    static PlanShard shard(int id, List<NodeId> replicas, long bytes) {
        return new PlanShard(new ShardId(id), POOL, replicas, replicas.get(0), Set.copyOf(replicas), bytes, 10, 0);
    }

    /** A cluster whose shards lie anywhere that the rules allow, with anything amiss that may be. */
    static PlanInput random(long seed) {
        var random = new Random(seed);
        int zones = 1 + random.nextInt(5);
        int count = 3 + random.nextInt(12);
        int factor = 1 + random.nextInt(Math.min(3, count));
        var nodes = new ArrayList<PlanNode>();
        for (int n = 0; n < count; n++) {
            var part = switch (random.nextInt(12)) {
                case 0 -> Part.DRAINING;
                case 1 -> Part.DEAD;
                case 2 -> Part.RESTING;
                default -> Part.ACTIVE;
            };
            long total = (1 + random.nextInt(4)) * 500L * GIB;
            nodes.add(new PlanNode(
                    new NodeId("n" + n),
                    random.nextInt(8) == 0 ? "us" : "eu",
                    "z" + random.nextInt(zones),
                    random.nextBoolean() ? Set.of("ssd") : Set.of(),
                    random.nextBoolean() ? total : 1000.0 * GIB,
                    total,
                    (long) (total * random.nextDouble()),
                    part));
        }
        var archive = new PlanPool(new PoolId("eu", "archive"), factor, Set.of("ssd"));
        var standard = new PlanPool(POOL, factor, Set.of());
        var shards = new ArrayList<PlanShard>();
        int shardCount = random.nextInt(60);
        for (int s = 1; s <= shardCount; s++) {
            var pool = random.nextInt(4) == 0 ? archive : standard;
            // The pool's rules, or the labels of nodes, may have been others once.
            boolean byOldRules = random.nextInt(8) == 0;
            var legal = new ArrayList<>(nodes.stream()
                    .filter(node -> byOldRules || pool.mayLiveOn(node))
                    .map(PlanNode::id)
                    .toList());
            Collections.shuffle(legal, random);
            int have = Math.min(legal.size(), random.nextInt(10) == 0 ? Math.max(1, factor - 1) : factor);
            if (have == 0) {
                continue;
            }
            var replicas = List.copyOf(legal.subList(0, have));
            var inSync = new HashSet<>(replicas);
            replicas.stream().filter(r -> random.nextInt(10) == 0).forEach(inSync::remove);
            nodes.stream().filter(n -> n.part() == Part.DEAD).map(PlanNode::id).forEach(inSync::remove);
            shards.add(new PlanShard(
                    new ShardId(s),
                    pool.id(),
                    replicas,
                    inSync.isEmpty() ? null : new TreeSet<>(inSync).first(),
                    inSync,
                    (long) (random.nextDouble() * 20 * GIB),
                    random.nextInt(1000),
                    random.nextInt(3) == 0 ? 0 : random.nextDouble() * 1000));
        }
        return new PlanInput(nodes, shards, List.of(standard, archive), PlanRules.DEFAULT);
    }

    /** The cluster once a plan is carried out: everybody in sync, and what left not deleted yet. */
    static PlanInput after(PlanInput input, Plan plan) {
        var shards = new ArrayList<PlanShard>();
        for (var shard : input.shards()) {
            var replicas = new TreeSet<>(shard.replicas());
            var inSync = new HashSet<>(shard.inSync());
            var primary = shard.primaryOrNull();
            for (var step : plan.steps()) {
                if (!step.shard().equals(shard.id())) {
                    continue;
                }
                if (step.kind() == PlanStep.Kind.LEAD) {
                    primary = step.toOrNull();
                    continue;
                }
                step.to().ifPresent(to -> {
                    replicas.add(to);
                    inSync.add(to);
                });
                if (step.from().isPresent()) {
                    replicas.remove(step.from().get());
                    inSync.remove(step.from().get());
                    if (step.from().get().equals(primary)) {
                        primary = step.leader().orElse(inSync.isEmpty() ? null : new TreeSet<>(inSync).first());
                    }
                }
            }
            shards.add(new PlanShard(
                    shard.id(),
                    shard.pool(),
                    List.copyOf(replicas),
                    primary,
                    inSync,
                    shard.bytes(),
                    shard.users(),
                    shard.opsPerSecond()));
        }
        var nodes = input.nodes().stream()
                .map(node -> {
                    long came = plan.steps().stream()
                            .filter(step -> step.kind() != PlanStep.Kind.LEAD
                                    && node.id().equals(step.toOrNull()))
                            .mapToLong(step -> step.bytes() + Layout.REPLICA_BYTES)
                            .sum();
                    return new PlanNode(
                            node.id(),
                            node.region(),
                            node.zone(),
                            node.labels(),
                            node.weight(),
                            node.totalBytes(),
                            node.freeBytes() - came,
                            node.part());
                })
                .toList();
        return new PlanInput(nodes, shards, input.pools(), input.rules());
    }
}
