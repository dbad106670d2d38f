// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.balance;

import io.tintype.cluster.map.ClusterView;
import io.tintype.cluster.placement.PoolRules;
import io.tintype.coordinator.control.BalanceSettings;
import io.tintype.model.NodeId;
import io.tintype.model.NodeInfo;
import io.tintype.model.PoolId;
import io.tintype.model.ShardId;
import io.tintype.model.ShardInfo;
import io.tintype.proto.internal.v1.ReplicaReport;
import io.tintype.proto.internal.v1.ReportNodeResponse;
import io.tintype.proto.internal.v1.ShardAssignment;
import io.tintype.proto.v1.EndangeredShard;
import io.tintype.proto.v1.GetClusterStatusResponse;
import io.tintype.proto.v1.GetPlanResponse;
import io.tintype.proto.v1.NodeFares;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/** Whether the data is safe now, and what is not as it should be. Thread-safe; never blocks. */
final class ClusterHealth {
    private static final int TOLD = 100;
    private static final int MOST_TOLD = 10_000;

    private final Supplier<ClusterView> view;
    private final NodePolls polls;
    private final Absences absences;
    private final BalanceSettings settings;

    ClusterHealth(Supplier<ClusterView> view, NodePolls polls, Absences absences, BalanceSettings settings) {
        this.view = view;
        this.polls = polls;
        this.absences = absences;
        this.settings = settings;
    }

    /**
     * How things stand.
     *
     * @param plans those that are being carried out
     * @param damaged ids of those that should be and cannot be understood
     * @param current whether ZooKeeper answers; else all is as it was last known, and cannot be called safe
     * @param most of so many endangered shards, which came without a sign, are told; 0: of {@value #TOLD}
     */
    GetClusterStatusResponse tell(List<GetPlanResponse> plans, List<String> damaged, boolean current, int most) {
        var now = view.get();
        var endangered = new ArrayList<EndangeredShard>();
        int withoutWrites = 0;
        int oneCopy = 0;
        for (var assignment : now.assignments().values()) {
            var shard = shard(now, assignment);
            if (shard.isPresent()) {
                endangered.add(shard.get());
            }
            boolean led = now.map()
                    .shard(new ShardId(assignment.getShard()))
                    .flatMap(ShardInfo::primary)
                    .filter(primary -> isLive(now, primary))
                    .isPresent();
            int inSync = inSync(now, assignment).size();
            withoutWrites += !led || inSync < assignment.getMinInsync() ? 1 : 0;
            oneCopy += inSync <= 1 && wanted(now, assignment) > 1 ? 1 : 0;
        }
        endangered.sort(
                Comparator.comparingInt(EndangeredShard::getInSync).thenComparingInt(EndangeredShard::getShard));
        var answer = GetClusterStatusResponse.newBuilder()
                .setSafe(current && !now.assignments().isEmpty() && withoutWrites == 0 && endangered.isEmpty())
                .setStale(!current)
                .setShards(now.assignments().size())
                .setUnderReplicated(endangered.size())
                .setWithoutWrites(withoutWrites)
                .setOneCopy(oneCopy)
                .addAllPlans(plans)
                .addAllDamagedPlans(damaged)
                .addAllEndangered(endangered);
        var carried = carried(now);
        now.map().nodes().map(node -> fares(now, node, carried)).forEach(answer::addNodes);
        answer.setSummary(HealthText.of(answer)); // which goes by all of them
        int told = most == 0 ? TOLD : Integer.compareUnsigned(most, MOST_TOLD) < 0 ? most : MOST_TOLD;
        return answer.clearEndangered()
                .addAllEndangered(endangered.subList(0, Math.min(told, endangered.size())))
                .build();
    }

    /** Replicas that count, and leads, by node: counted once for all of them. */
    private record Carried(Map<NodeId, Integer> replicas, Map<NodeId, Integer> primaries) {}

    private static Carried carried(ClusterView now) {
        var carried = new Carried(new HashMap<>(), new HashMap<>());
        now.assignments().values().stream()
                .flatMap(PlanInputs::voters)
                .forEach(node -> carried.replicas().merge(node, 1, Integer::sum));
        now.map()
                .shards()
                .map(ShardInfo::primary)
                .flatMap(Optional::stream)
                .forEach(node -> carried.primaries().merge(node, 1, Integer::sum));
        return carried;
    }

    private Optional<EndangeredShard> shard(ClusterView now, ShardAssignment assignment) {
        var inSync = inSync(now, assignment);
        int wanted = wanted(now, assignment);
        if (inSync.size() >= wanted) {
            return Optional.empty();
        }
        var endangered = EndangeredShard.newBuilder()
                .setShard(assignment.getShard())
                .setInSync(inSync.size())
                .setWanted(wanted)
                .setMinInsync(assignment.getMinInsync());
        PlanInputs.voters(assignment)
                .filter(node -> !inSync.contains(node))
                .map(NodeId::value)
                .forEach(endangered::addMissing);
        return Optional.of(endangered.build());
    }

    private static List<NodeId> inSync(ClusterView now, ShardAssignment assignment) {
        return now.map().shard(new ShardId(assignment.getShard())).map(ShardInfo::inSync).orElse(List.of()).stream()
                .filter(node -> isLive(now, node))
                .toList();
    }

    private static int wanted(ClusterView now, ShardAssignment assignment) {
        var rules = now.pools().get(PoolId.parse(assignment.getPool()));
        return Optional.ofNullable(rules).map(PoolRules::replicationFactor).orElseGet(() ->
                (int) PlanInputs.voters(assignment).count());
    }

    private static boolean isLive(ClusterView now, NodeId node) {
        return now.map().node(node).map(NodeInfo::live).orElse(false);
    }

    private NodeFares fares(ClusterView now, NodeInfo node, Carried carried) {
        var intent = now.intent(node.id());
        var fares = NodeFares.newBuilder()
                .setNode(node.id().value())
                .setLive(node.live())
                .setIntent(Messages.intent(node.id(), intent))
                .setReplicas(carried.replicas().getOrDefault(node.id(), 0))
                .setPrimaries(carried.primaries().getOrDefault(node.id(), 0));
        polls.report(node.id()).ifPresent(report -> report(fares, report));
        boolean replaced = !node.live()
                && !intent.getMaintenance()
                && !settings.replaceAfter().isZero()
                && fares.getReplicas() > 0;
        fares.setReplacedInSeconds(
                replaced
                        ? absences.of(node.id())
                                .map(absent -> Math.max(
                                        0, settings.replaceAfter().minus(absent).toSeconds()))
                                .orElse(settings.replaceAfter().toSeconds())
                        : -1);
        return fares.build();
    }

    private static void report(NodeFares.Builder fares, ReportNodeResponse report) {
        fares.setDiskBytes(report.getDiskBytes())
                .setFreeBytes(report.getFreeBytes())
                .setBytes(report.getReplicasList().stream()
                        .mapToLong(ReplicaReport::getBytes)
                        .sum())
                .setReadP99Micros(report.getReadP99Micros())
                .setCallsPerSecond(report.getCallsPerSecond());
    }
}
