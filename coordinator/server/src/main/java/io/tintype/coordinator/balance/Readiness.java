// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.balance;

import io.tintype.cluster.map.ClusterView;
import io.tintype.cluster.plan.PlanSteps;
import io.tintype.model.Limits;
import io.tintype.model.NodeId;
import io.tintype.model.NodeInfo;
import io.tintype.model.PoolId;
import io.tintype.model.ShardId;
import io.tintype.model.ShardInfo;
import io.tintype.proto.internal.v1.Placement;
import io.tintype.proto.internal.v1.PlanStepKind;
import io.tintype.proto.internal.v1.PlanStepPhase;
import io.tintype.proto.internal.v1.PlannedStep;
import io.tintype.proto.internal.v1.ReportNodeResponse;
import io.tintype.proto.internal.v1.ShardAssignment;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Whether a step may begin now, and what it waits for otherwise. Pure. */
final class Readiness {
    private Readiness() {}

    /** Why a step can never be made as planned, because the cluster is no longer as the plan found it; empty: it can. */
    static Optional<String> outdated(PlannedStep step, ClusterView view) {
        return outdated(step, Optional.ofNullable(view.assignments().get(new ShardId(step.getShard()))), view);
    }

    /** The same, by the shard's assignment as it was just read, if it has one: the view may be behind what a step has written. */
    static Optional<String> outdated(PlannedStep step, Optional<ShardAssignment> assigned, ClusterView view) {
        return otherwise(step, assigned).or(() -> assigned.flatMap(now -> wrongTarget(step, now, view)));
    }

    private static Optional<String> otherwise(PlannedStep step, Optional<ShardAssignment> assigned) {
        if (assigned.isEmpty()) {
            return Optional.of(isGone(step));
        }
        var now = PlanInputs.voters(assigned.get()).map(NodeId::value).collect(Collectors.toSet());
        return now.equals(Set.copyOf(step.getBaseList()))
                ? Optional.empty()
                : Optional.of("shard " + step.getShard() + " is assigned to " + sorted(now) + " now, not to "
                        + sorted(Set.copyOf(step.getBaseList())));
    }

    private static String isGone(PlannedStep step) {
        return "shard " + step.getShard() + " is no more";
    }

    /** Why a step that was begun can never end, because its shard was assigned otherwise meanwhile; empty: it can. */
    static Optional<String> overtaken(PlannedStep step, Optional<ShardAssignment> assigned) {
        if (assigned.isEmpty()) {
            return Optional.of(isGone(step));
        }
        var assignment = assigned.get();
        return switch (step.getPhase()) {
            case PLAN_STEP_PHASE_COPYING ->
                PlanInputs.voters(assignment).map(NodeId::value).anyMatch(step.getTo()::equals)
                        ? Optional.empty()
                        : Optional.of("shard " + step.getShard() + " is not assigned to " + step.getTo() + " any more");
            case PLAN_STEP_PHASE_LEAVING -> assignedAgain(step.getFrom(), assignment);
            case PLAN_STEP_PHASE_REVERTING -> assignedAgain(step.getTo(), assignment);
            default -> Optional.empty();
        };
    }

    private static Optional<String> assignedAgain(String node, ShardAssignment assignment) {
        return assignment.getReplicasList().stream().map(Placement::getNode).anyMatch(node::equals)
                ? Optional.of("shard " + assignment.getShard() + " is assigned to " + node + " again")
                : Optional.empty();
    }

    private static Optional<String> wrongTarget(PlannedStep step, ShardAssignment assignment, ClusterView view) {
        if (step.getTo().isEmpty() || step.getKind() == PlanStepKind.PLAN_STEP_KIND_LEAD) {
            return Optional.empty();
        }
        var node = view.map().node(new NodeId(step.getTo()));
        if (node.isEmpty()) {
            return Optional.of("node " + step.getTo() + " is no more");
        }
        var pool = PoolId.parse(assignment.getPool());
        String region = Optional.ofNullable(view.pools().get(pool))
                .map(rules -> rules.residency().servingRegion(pool))
                .orElse(pool.region());
        if (!node.get().region().equals(region)) {
            return Optional.of(
                    "node " + step.getTo() + " stands in region " + node.get().region() + ", not " + region);
        }
        if (view.intent(node.get().id()).getDraining()) {
            return Optional.of("node " + step.getTo() + " is to be drained");
        }
        return Optional.empty();
    }

    /**
     * What a step that could be made waits for; empty: nothing.
     *
     * @param underWay steps of all plans that were begun and are not over
     */
    static Optional<String> waitsFor(
            PlannedStep step, ClusterView view, NodePolls polls, List<PlannedStep> underWay, double headroom) {
        var found = view.map().shard(new ShardId(step.getShard()));
        if (found.isEmpty() || found.get().primary().isEmpty()) {
            return Optional.of("waits for a primary of shard " + step.getShard());
        }
        var shard = found.get();
        return switch (step.getKind()) {
            case PLAN_STEP_KIND_LEAD ->
                shard.inSync().contains(new NodeId(step.getTo()))
                        ? Optional.empty()
                        : Optional.of("waits for " + step.getTo() + " to be in sync");
            case PLAN_STEP_KIND_DROP -> dropWaitsFor(step, view, shard);
            case PLAN_STEP_KIND_ADD -> room(step, view, polls, underWay, headroom);
            default ->
                room(step, view, polls, underWay, headroom).or(() -> turn(step, shard.primary(), view, underWay));
        };
    }

    /** Who copies as much as he may has nothing for another step yet, which would only keep its place from others. */
    private static Optional<String> turn(
            PlannedStep step, Optional<NodeId> source, ClusterView view, List<PlannedStep> underWay) {
        var copies = underWay.stream().filter(other -> copies(other, view)).toList();
        return source.map(NodeId::value)
                .filter(node -> isMost(copies.stream().map(PlannedStep::getSource), node))
                .map(node -> "waits for " + node + ", which sends " + Limits.COPIES_AT_ONCE + " copies already")
                .or(() -> Optional.of(step.getTo())
                        .filter(node -> isMost(copies.stream().map(PlannedStep::getTo), node))
                        .map(node ->
                                "waits for " + node + ", which takes in " + Limits.COPIES_AT_ONCE + " copies already"));
    }

    private static boolean isMost(Stream<String> nodes, String node) {
        return nodes.filter(node::equals).count() >= Limits.COPIES_AT_ONCE;
    }

    private static boolean copies(PlannedStep step, ClusterView view) {
        return step.getPhase() == PlanStepPhase.PLAN_STEP_PHASE_COPYING
                && view.map()
                        .shard(new ShardId(step.getShard()))
                        .filter(shard -> !shard.inSync().contains(new NodeId(step.getTo())))
                        .isPresent();
    }

    /** A replica goes only while all others are in sync, unless it is not in sync itself. */
    static Optional<String> dropWaitsFor(PlannedStep step, ClusterView view, ShardInfo shard) {
        return missedBy(step, view, shard).map(node -> "waits for " + node + " to be in sync");
    }

    /** Who must be in sync before the replica that is to go may, and is not; nobody who is to go himself by now. */
    static Optional<NodeId> missedBy(PlannedStep step, ClusterView view, ShardInfo shard) {
        if (!shard.inSync().contains(new NodeId(step.getFrom()))) {
            return Optional.empty();
        }
        var assignment = view.assignments().get(shard.id());
        return step.getBaseList().stream()
                .filter(node -> !node.equals(step.getFrom()))
                .map(NodeId::new)
                .filter(node -> !shard.inSync().contains(node))
                .filter(node ->
                        assignment == null || PlanInputs.voters(assignment).anyMatch(node::equals))
                .findFirst();
    }

    private static Optional<String> room(
            PlannedStep step, ClusterView view, NodePolls polls, List<PlannedStep> underWay, double headroom) {
        var to = new NodeId(step.getTo());
        if (!view.map().node(to).map(NodeInfo::live).orElse(false)) {
            return Optional.of("waits for node " + to + " to be back");
        }
        if (view.intent(to).getMaintenance()) {
            return Optional.of("waits for node " + to + ", which is in maintenance");
        }
        Optional<ReportNodeResponse> report = polls.report(to);
        if (report.isEmpty()) {
            return Optional.of("waits for node " + to + " to report");
        }
        long coming = underWay.stream()
                .filter(other -> other.getTo().equals(step.getTo()) && PlanSteps.isUnderWay(other))
                .mapToLong(PlannedStep::getBytes)
                .sum();
        long room = report.get().getFreeBytes()
                - coming
                - (long) (headroom * report.get().getDiskBytes());
        return room >= step.getBytes()
                ? Optional.empty()
                : Optional.of("waits for room on " + to + ": " + (step.getBytes() - room)
                        + " bytes are missing above the headroom");
    }

    private static String sorted(Set<String> nodes) {
        return nodes.stream().sorted().collect(Collectors.joining(" "));
    }
}
