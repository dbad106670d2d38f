// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.balance;

import io.tintype.cluster.control.Term;
import io.tintype.cluster.map.ClusterView;
import io.tintype.cluster.plan.StoredPlan;
import io.tintype.model.NodeId;
import io.tintype.model.ShardId;
import io.tintype.model.ShardInfo;
import io.tintype.proto.internal.v1.PlanStepPhase;
import io.tintype.proto.internal.v1.PlannedStep;
import io.tintype.proto.internal.v1.ShardAssignment;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * Waits for replicas that are to go. A shard's primary lets nobody go before everybody else who is wanted is in sync; where one of
 * those never will be, a step does not wait any longer: the shard's repair waits for the end of the step. Confined to the
 * balancer's thread; blocks on ZooKeeper.
 */
final class Departures {
    private final Journal journal;
    private final StepEnds ends;
    private final Absences absences;
    private final CopyWatch copies;
    private final Duration goneAfter;

    /** @param goneAfter for how long a node is away that is not waited for any more; also where nodes are never replaced */
    Departures(Journal journal, StepEnds ends, Absences absences, CopyWatch copies, Duration goneAfter) {
        this.journal = journal;
        this.ends = ends;
        this.absences = absences;
        this.copies = copies;
        this.goneAfter = goneAfter;
    }

    /** The source goes, or stays in the place of whoever is missed: no copy is given up. */
    StoredPlan leaving(Term term, ClusterView view, StoredPlan plan, int i, PlannedStep step, boolean cancelled)
            throws Journal.Interrupted {
        var shard = view.map().shard(new ShardId(step.getShard()));
        var from = new NodeId(step.getFrom());
        if (!isReplica(shard, from)) {
            return ends.done(term, plan, i, next -> copies.timed(StepMaker.key(plan, i), next));
        }
        if (missed(view, step, cancelled).isEmpty()) {
            return plan;
        }
        var assignment = journal.assignment(step.getShard());
        var missed = missed(view, shard, assignment.value(), cancelled);
        if (missed.isEmpty()) {
            return plan; // the view is behind
        }
        String why = "node " + missed.get() + " is not in sync; ";
        var inSync = shard.map(ShardInfo::inSync).orElse(List.of());
        if (inSync.contains(from)) {
            var kept = Placements.with(assignment.value(), from.value());
            return ends.skip(term, plan, i, why + "what came is kept, and " + from + " stays", assignment, kept);
        }
        // While too few are in sync to take writes, those who were last are kept for an election.
        return inSync.size() < assignment.value().getMinInsync()
                ? ends.skip(term, plan, i, why + from + " goes once it is made anew")
                : plan;
    }

    /** The target goes again; where somebody is missed, by itself, once the shard has been repaired. */
    StoredPlan reverting(Term term, ClusterView view, StoredPlan plan, int i, PlannedStep step, boolean cancelled)
            throws Journal.Interrupted {
        boolean waits = isReplica(view.map().shard(new ShardId(step.getShard())), new NodeId(step.getTo()))
                && missed(view, step, cancelled).isEmpty();
        return waits ? plan : ends.skip(term, plan, i, step.getDetail());
    }

    /** Nobody can go while somebody else is missed. The newcomer stays in the place of that one: no copy is given up. */
    StoredPlan missing(
            Term term, ClusterView view, StoredPlan plan, int i, PlannedStep step, NodeId missed, boolean cancelled)
            throws Journal.Interrupted {
        boolean gone = absences.isGone(view, missed, goneAfter);
        return cancelled || gone
                ? ends.skip(
                        term,
                        plan,
                        i,
                        "node " + missed + (gone ? " is gone" : " is not in sync") + "; the copy on " + step.getTo()
                                + " is kept, and " + step.getFrom() + " stays")
                : plan;
    }

    /**
     * The newcomer alone is left in sync. Once nobody else comes back it is kept unproved, for it is all there is, and the step
     * ends: the shard's repair waits for that.
     */
    StoredPlan alone(Term term, ClusterView view, StoredPlan plan, int i, PlannedStep step, boolean cancelled)
            throws Journal.Interrupted {
        boolean over = cancelled
                || Optional.ofNullable(view.assignments().get(new ShardId(step.getShard()))).stream()
                        .flatMap(PlanInputs::voters)
                        .filter(node -> !node.value().equals(step.getTo()))
                        .allMatch(node -> view.map().node(node).isEmpty() || absences.isGone(view, node, goneAfter));
        return over
                ? ends.skip(
                        term,
                        plan,
                        i,
                        "nobody else is left in sync to prove the copy on " + step.getTo() + " against; it is kept")
                : plan;
    }

    /**
     * Nobody leads the shard: what it should be is settled here, and once it has a primary that one makes it so, unasked. Who has
     * not come is taken back, as long as nobody can let him come; who has may be all there is, and is kept unproved.
     */
    StoredPlan unled(Term term, ClusterView view, StoredPlan plan, int i, PlannedStep step) throws Journal.Interrupted {
        String why = "shard " + step.getShard() + " has no primary; ";
        if (step.getPhase() != PlanStepPhase.PLAN_STEP_PHASE_COPYING) {
            boolean leaves = step.getPhase() == PlanStepPhase.PLAN_STEP_PHASE_LEAVING;
            return ends.skip(term, plan, i, why + (leaves ? step.getFrom() : step.getTo()) + " goes once it has one");
        }
        boolean came = view.map()
                .shard(new ShardId(step.getShard()))
                .filter(shard -> shard.inSync().contains(new NodeId(step.getTo())))
                .isPresent();
        if (came) {
            return ends.skip(term, plan, i, why + "the copy on " + step.getTo() + " is kept unproved");
        }
        var assignment = journal.assignment(step.getShard());
        var without = Placements.without(assignment.value(), step.getTo());
        return ends.skip(term, plan, i, why + "the copy on " + step.getTo() + " is taken back", assignment, without);
    }

    /** Who is gone, of those without whom a step cannot begin: its target, or whoever must be in sync before another one goes. */
    Optional<NodeId> waitedForInVain(ClusterView view, PlannedStep step) {
        return Optional.of(step.getTo())
                .filter(to -> !to.isEmpty())
                .map(NodeId::new)
                .or(() -> view.map()
                        .shard(new ShardId(step.getShard()))
                        .flatMap(shard -> Readiness.missedBy(step, view, shard)))
                .filter(node -> absences.isGone(view, node, goneAfter));
    }

    private static boolean isReplica(Optional<ShardInfo> shard, NodeId node) {
        return shard.filter(now -> now.replicas().contains(node)).isPresent();
    }

    private Optional<NodeId> missed(ClusterView view, PlannedStep step, boolean cancelled) {
        var id = new ShardId(step.getShard());
        return Optional.ofNullable(view.assignments().get(id))
                .flatMap(assignment -> missed(view, view.map().shard(id), assignment, cancelled));
    }

    /** Who should vote and will not be in sync: is gone, or is away and nobody wants to wait any more. */
    private Optional<NodeId> missed(
            ClusterView view, Optional<ShardInfo> shard, ShardAssignment assignment, boolean cancelled) {
        return shard.flatMap(now -> PlanInputs.voters(assignment)
                .filter(node -> !now.inSync().contains(node))
                .filter(node -> cancelled || absences.isGone(view, node, goneAfter))
                .findFirst());
    }
}
