// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.control;

import io.tintype.cluster.map.ClusterView;
import io.tintype.cluster.map.DirectoryLayout;
import io.tintype.cluster.placement.PoolRules;
import io.tintype.cluster.placement.ReplicaPlacement;
import io.tintype.cluster.placement.ReplicaPlacement.Candidate;
import io.tintype.model.NodeId;
import io.tintype.model.NodeInfo;
import io.tintype.model.ShardId;
import io.tintype.proto.internal.v1.Placement;
import io.tintype.proto.internal.v1.ReplicaRole;
import io.tintype.proto.internal.v1.ShardAssignment;
import io.tintype.proto.internal.v1.ShardType;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Plans the shards that a cluster lacks: those of the directory, and the first ones of each pool. Pure. */
final class FirstPlacement {
    private static final int FORMAT = 1;

    private final ClusterView view;
    private final Map<NodeId, Integer> replicas = new HashMap<>();
    private final Map<NodeId, Integer> leads = new HashMap<>();
    private int lastId;

    /** What is to be written together: new shards and, with the first directory shards, which of them keeps what. */
    record Plan(List<ShardAssignment> shards, @Nullable DirectoryLayout layout) {}

    private FirstPlacement(ClusterView view) {
        this.view = view;
        for (var assignment : view.assignments().values()) {
            lastId = Math.max(lastId, assignment.getShard());
            count(assignment.getReplicasList().stream()
                    .map(Placement::getNode)
                    .map(NodeId::new)
                    .toList());
        }
        lastId = Math.max(
                lastId,
                view.map().shards().mapToInt(shard -> shard.id().value()).max().orElse(0));
    }

    /**
     * The next thing to write, if anything is lacking and there are nodes enough for it.
     *
     * @param directoryShards how many directory shards a cluster begins with; they follow the rules of its first pool
     */
    static Optional<Plan> next(ClusterView view, int directoryShards) {
        var pools = view.pools().values().stream()
                .sorted(Comparator.comparing(PoolRules::id))
                .toList();
        for (var pool : pools) {
            var plan = new FirstPlacement(view).plan(pool, directoryShards);
            if (plan.isPresent()) {
                return plan;
            }
        }
        return Optional.empty();
    }

    private Optional<Plan> plan(PoolRules pool, int directoryShards) {
        if (view.directory().isEmpty()) {
            return place(pool, ShardType.SHARD_TYPE_DIRECTORY, directoryShards).map(shards -> {
                var ids = shards.stream()
                        .map(shard -> new ShardId(shard.getShard()))
                        .toList();
                return new Plan(shards, DirectoryLayout.even(ids));
            });
        }
        boolean hasShards = view.assignments().values().stream()
                .anyMatch(shard -> shard.getType() == ShardType.SHARD_TYPE_DATA
                        && shard.getPool().equals(pool.id().toString()));
        return hasShards
                ? Optional.empty()
                : place(pool, ShardType.SHARD_TYPE_DATA, pool.initialShards()).map(shards -> new Plan(shards, null));
    }

    private Optional<List<ShardAssignment>> place(PoolRules pool, ShardType type, int count) {
        var shards = new ArrayList<ShardAssignment>(count);
        for (int i = 0; i < count; i++) {
            var id = new ShardId(++lastId);
            var nodes = ReplicaPlacement.choose(id, pool.id().region(), pool.replicationFactor(), candidates());
            if (nodes.isEmpty()) {
                return Optional.empty();
            }
            count(nodes.get());
            shards.add(assignment(id, type, pool, nodes.get()));
        }
        return Optional.of(shards);
    }

    private void count(List<NodeId> nodes) {
        nodes.forEach(node -> replicas.merge(node, 1, Integer::sum));
        nodes.stream().findFirst().ifPresent(first -> leads.merge(first, 1, Integer::sum));
    }

    private List<Candidate> candidates() {
        return view.map()
                .nodes()
                .filter(NodeInfo::live)
                .map(node -> new Candidate(
                        node.id(),
                        node.region(),
                        node.zone(),
                        node.diskBytes(),
                        replicas.getOrDefault(node.id(), 0),
                        leads.getOrDefault(node.id(), 0)))
                .toList();
    }

    private static ShardAssignment assignment(ShardId id, ShardType type, PoolRules pool, List<NodeId> nodes) {
        var assignment = ShardAssignment.newBuilder()
                .setFormat(FORMAT)
                .setShard(id.value())
                .setType(type)
                .setPool(pool.id().toString())
                .setMinInsync(pool.minInsync())
                .setUsersLimit(pool.usersPerShard());
        nodes.forEach(node -> assignment.addReplicas(
                Placement.newBuilder().setNode(node.value()).setRole(ReplicaRole.REPLICA_ROLE_VOTER)));
        return assignment.build();
    }
}
