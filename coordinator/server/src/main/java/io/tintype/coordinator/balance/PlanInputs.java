// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.balance;

import io.tintype.cluster.map.ClusterView;
import io.tintype.cluster.placement.plan.PlanInput;
import io.tintype.cluster.placement.plan.PlanNode;
import io.tintype.cluster.placement.plan.PlanPool;
import io.tintype.cluster.placement.plan.PlanRules;
import io.tintype.cluster.placement.plan.PlanShard;
import io.tintype.coordinator.control.BalanceSettings;
import io.tintype.model.NodeId;
import io.tintype.model.NodeInfo;
import io.tintype.model.PoolId;
import io.tintype.model.ShardId;
import io.tintype.proto.internal.v1.ReplicaReport;
import io.tintype.proto.internal.v1.ReplicaRole;
import io.tintype.proto.internal.v1.ReportNodeResponse;
import io.tintype.proto.internal.v1.ShardAssignment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What the planner goes by, put together from the map, reports and absences. Pure but for reading them. */
final class PlanInputs {
    private static final double PERMILLE = 1000;

    private PlanInputs() {}

    /**
     * The cluster as it is.
     *
     * @param drain a node to plan as if it were to be drained; empty: none
     */
    static PlanInput of(
            ClusterView view,
            NodePolls polls,
            Absences absences,
            BalanceSettings settings,
            PlanRules rules,
            Optional<NodeId> drain) {
        var registered = view.map().nodes().map(node -> node(view, polls, absences, settings, node, drain));
        var nodes = Stream.concat(
                        registered, unregistered(view).stream().sorted().map(PlanInputs::gone))
                .toList();
        Map<Integer, List<ReplicaReport>> reports = new HashMap<>();
        view.map()
                .nodes()
                .forEach(node -> polls.report(node.id())
                        .map(ReportNodeResponse::getReplicasList)
                        .orElse(List.of())
                        .forEach(replica -> reports.computeIfAbsent(replica.getShard(), shard -> new ArrayList<>())
                                .add(replica)));
        var shards = view.assignments().values().stream()
                .map(assignment -> shard(view, assignment, reports.getOrDefault(assignment.getShard(), List.of())))
                .toList();
        var pools = view.pools().values().stream()
                .map(pool -> new PlanPool(
                        pool.id(), pool.residency().servingRegion(pool.id()), pool.replicationFactor(), pool.labels()))
                .toList();
        return new PlanInput(nodes, shards, pools, rules);
    }

    /** Nodes that are to vote in a shard and were removed at the moment in which they were chosen. */
    static Set<NodeId> unregistered(ClusterView view) {
        return view.assignments().values().stream()
                .flatMap(PlanInputs::voters)
                .filter(node -> view.map().node(node).isEmpty())
                .collect(Collectors.toSet());
    }

    /** A node that is not registered has nothing, and comes back with nothing. */
    private static PlanNode gone(NodeId node) {
        return new PlanNode(node, "", "", Set.of(), 1, 0, 0, PlanNode.Part.DEAD);
    }

    private static PlanNode node(
            ClusterView view,
            NodePolls polls,
            Absences absences,
            BalanceSettings settings,
            NodeInfo node,
            Optional<NodeId> drain) {
        var report = polls.report(node.id());
        int permille = view.intent(node.id()).getWeightPermille();
        double weight = Math.max(1, node.diskBytes()) * (permille == 0 ? 1 : permille / PERMILLE);
        return new PlanNode(
                node.id(),
                node.region(),
                node.zone(),
                node.labels(),
                weight,
                report.map(ReportNodeResponse::getDiskBytes).orElse(0L),
                report.map(ReportNodeResponse::getFreeBytes).orElse(0L),
                part(view, absences, settings, node, report.isPresent(), drain));
    }

    /** What a node is there for, by what operators want and whether it is there. */
    static PlanNode.Part part(
            ClusterView view,
            Absences absences,
            BalanceSettings settings,
            NodeInfo node,
            boolean reports,
            Optional<NodeId> drain) {
        var intent = view.intent(node.id());
        if (!node.live()) {
            return absences.isGone(view, node.id(), settings.replaceAfter())
                    ? PlanNode.Part.DEAD
                    : PlanNode.Part.RESTING;
        }
        if (intent.getDraining() || drain.filter(node.id()::equals).isPresent()) {
            return PlanNode.Part.DRAINING;
        }
        return intent.getMaintenance() || !reports ? PlanNode.Part.RESTING : PlanNode.Part.ACTIVE;
    }

    private static PlanShard shard(ClusterView view, ShardAssignment assignment, List<ReplicaReport> reports) {
        var id = new ShardId(assignment.getShard());
        var info = view.map().shard(id);
        return new PlanShard(
                id,
                PoolId.parse(assignment.getPool()),
                voters(assignment).toList(),
                info.flatMap(shard -> shard.primary()).orElse(null),
                new HashSet<>(info.map(shard -> shard.inSync()).orElse(List.of())),
                reports.stream().mapToLong(ReplicaReport::getBytes).max().orElse(0),
                reports.stream().mapToLong(ReplicaReport::getUsers).max().orElse(0),
                reports.stream()
                        .filter(ReplicaReport::getLeads)
                        .mapToDouble(ReplicaReport::getCallsPerSecond)
                        .max()
                        .orElse(0));
    }

    /** How shards grow, as their primaries say; those that do not are missing. */
    static Map<ShardId, Growth> growth(ClusterView view, NodePolls polls) {
        Map<ShardId, Growth> growth = new HashMap<>();
        view.map()
                .nodes()
                .map(node -> polls.report(node.id()))
                .flatMap(Optional::stream)
                .flatMap(report -> report.getReplicasList().stream())
                .filter(replica -> replica.getLeads() && replica.getGrowthBytesPerSecond() != 0)
                .forEach(replica -> growth.put(new ShardId(replica.getShard()), Growth.of(replica)));
        return growth;
    }

    /** Shards of which a node is to keep a copy that does not count: no plan has those. */
    static long readCopies(ClusterView view, NodeId node) {
        return view.assignments().values().stream()
                .filter(assignment -> assignment.getReplicasList().stream()
                        .anyMatch(placed -> placed.getRole() == ReplicaRole.REPLICA_ROLE_OBSERVER
                                && placed.getNode().equals(node.value())))
                .count();
    }

    /** The nodes that are to vote in a shard. */
    static Stream<NodeId> voters(ShardAssignment assignment) {
        return assignment.getReplicasList().stream()
                .filter(placed -> placed.getRole() == ReplicaRole.REPLICA_ROLE_VOTER)
                .map(placed -> new NodeId(placed.getNode()));
    }
}
