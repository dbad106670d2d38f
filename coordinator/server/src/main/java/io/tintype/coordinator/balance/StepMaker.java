// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.balance;

import io.tintype.cluster.control.Term;
import io.tintype.cluster.map.ClusterView;
import io.tintype.cluster.plan.PlanSteps;
import io.tintype.cluster.plan.StoredPlan;
import io.tintype.cluster.zk.Versioned;
import io.tintype.coordinator.control.BalanceSettings;
import io.tintype.model.NodeId;
import io.tintype.model.ShardId;
import io.tintype.model.ShardInfo;
import io.tintype.proto.internal.v1.PlanPurpose;
import io.tintype.proto.internal.v1.PlanStepKind;
import io.tintype.proto.internal.v1.PlanStepPhase;
import io.tintype.proto.internal.v1.PlannedStep;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes one step: adds the replica, waits until it is in sync, has it verified, and only then takes the other one away.
 * Each change of the assignment goes into ZooKeeper together with how far the step is; what is only remembered here
 * (verdicts, tries) can be found out again. Confined to the balancer's thread; blocks on ZooKeeper.
 */
final class StepMaker {
    private static final Logger log = LoggerFactory.getLogger(StepMaker.class);

    /** A target that is away for so long while it is copied to is given up; earlier where nodes are replaced earlier. */
    private static final Duration TARGET_AWAY = Duration.ofSeconds(60);

    private final Journal journal;
    private final Absences absences;
    private final Verdicts verdicts;
    private final Duration targetAway;

    private final LongSupplier nowMs;
    private final LeadOrders leads;
    private final CopyWatch copies;
    private final StepEnds ends;
    private final Departures departures;

    StepMaker(
            Journal journal,
            Absences absences,
            Verifier verifier,
            LeadOrders leads,
            CopyWatch copies,
            Duration replaceAfter,
            LongSupplier nowMs) {
        this.journal = journal;
        this.absences = absences;
        this.verdicts = new Verdicts(verifier);
        this.leads = leads;
        this.targetAway = replaceAfter.isZero() || replaceAfter.compareTo(TARGET_AWAY) > 0 ? TARGET_AWAY : replaceAfter;
        this.nowMs = nowMs;
        this.copies = copies;
        this.ends = new StepEnds(journal, nowMs);
        this.departures = new Departures(
                journal,
                ends,
                absences,
                copies,
                replaceAfter.isZero() ? BalanceSettings.DEFAULTS.replaceAfter() : replaceAfter);
    }

    static String key(StoredPlan plan, int step) {
        return plan.id() + "/" + step;
    }

    // ---- beginning

    /** Begins a step that waits for nothing. */
    StoredPlan begin(Term term, ClusterView view, StoredPlan plan, int i, PlannedStep step) throws Journal.Interrupted {
        var assigned = journal.assigned(step.getShard());
        var outdated = Readiness.outdated(step, assigned.map(Versioned::value), view);
        if (outdated.isPresent()) {
            return skip(term, plan, i, outdated.get());
        }
        var assignment = assigned.orElseThrow();
        return switch (step.getKind()) {
            case PLAN_STEP_KIND_LEAD -> lead(term, view, plan, i, step);
            case PLAN_STEP_KIND_DROP -> {
                log.info("plan {}: dropping the replica of shard {} on {}", plan.id(), step.getShard(), step.getFrom());
                yield journal.write(
                        term,
                        plan,
                        i,
                        next -> next.setPhase(PlanStepPhase.PLAN_STEP_PHASE_LEAVING)
                                .setStartedAtMs(nowMs.getAsLong()),
                        assignment,
                        Placements.without(assignment.value(), step.getFrom()));
            }
            default -> {
                log.info("plan {}: copying shard {} to {}", plan.id(), step.getShard(), step.getTo());
                copies.begun(key(plan, i), step);
                yield journal.write(
                        term,
                        plan,
                        i,
                        next -> next.setPhase(PlanStepPhase.PLAN_STEP_PHASE_COPYING)
                                .setSource(shard(view, step)
                                        .flatMap(ShardInfo::primary)
                                        .map(NodeId::value)
                                        .orElse(""))
                                .setStartedAtMs(nowMs.getAsLong()),
                        assignment,
                        Placements.with(assignment.value(), step.getTo()));
            }
        };
    }

    /**
     * What a step waits for may never come, where a step before it was not made; nor does a repair wait for a node that is gone, for
     * there is none after it before it is over. Other plans do: it is for operators to say what becomes of them.
     */
    StoredPlan skipIfOutdated(Term term, ClusterView view, StoredPlan plan, int i, PlannedStep step)
            throws Journal.Interrupted {
        var gone = plan.record().value().getPurpose() == PlanPurpose.PLAN_PURPOSE_REPAIR
                ? departures.waitedForInVain(view, step)
                : Optional.<NodeId>empty();
        if (gone.isEmpty() && Readiness.outdated(step, view).isEmpty()) {
            return plan;
        }
        var outdated = Readiness.outdated(
                        step, journal.assigned(step.getShard()).map(Versioned::value), view)
                .or(() -> gone.map(node -> "it waits for node " + node + ", which is gone"));
        return outdated.isPresent() ? skip(term, plan, i, outdated.get()) : plan;
    }

    private StoredPlan lead(Term term, ClusterView view, StoredPlan plan, int i, PlannedStep step)
            throws Journal.Interrupted {
        var to = new NodeId(step.getTo());
        boolean done =
                shard(view, step).flatMap(ShardInfo::primary).filter(to::equals).isPresent();
        var answer = done ? LeadOrders.Answer.LEADS : leads.give(key(plan, i), step.getShard(), to);
        return switch (answer) {
            case LEADS -> ends.done(term, plan, i, next -> next);
            case NOT_YET -> plan;
            case GIVEN_UP -> skip(term, plan, i, step.getTo() + " could not be made to lead");
        };
    }

    /** Whether anything would come of beginning a step that makes a replica lead. */
    boolean mayLead(StoredPlan plan, int i, PlannedStep step) {
        return leads.isReady(key(plan, i), new NodeId(step.getTo()));
    }

    /** Shards that are being handed over: nothing else begins with them meanwhile. */
    Set<Integer> handedOver() {
        return leads.shards();
    }

    // ---- going on

    /** Takes a step that was begun as far as it goes now. */
    StoredPlan goOn(Term term, ClusterView view, StoredPlan plan, int i, PlannedStep step, boolean cancelled)
            throws Journal.Interrupted {
        var overtaken = overtaken(view, step);
        if (overtaken.isPresent()) {
            verdicts.forget(key(plan, i));
            return skip(term, plan, i, overtaken.get());
        }
        return switch (step.getPhase()) {
            case PLAN_STEP_PHASE_COPYING -> copying(term, view, plan, i, step, cancelled);
            case PLAN_STEP_PHASE_LEAVING -> departures.leaving(term, view, plan, i, step, cancelled);
            case PLAN_STEP_PHASE_REVERTING -> departures.reverting(term, view, plan, i, step, cancelled);
            default -> plan;
        };
    }

    /** Pools are given other rules at any time, by which their shards are assigned otherwise. */
    private Optional<String> overtaken(ClusterView view, PlannedStep step) throws Journal.Interrupted {
        var seen = Optional.ofNullable(view.assignments().get(new ShardId(step.getShard())));
        if (Readiness.overtaken(step, seen).isEmpty()) {
            return Optional.empty();
        }
        // The view may be behind what this step has written.
        return Readiness.overtaken(step, journal.assigned(step.getShard()).map(Versioned::value));
    }

    private StoredPlan copying(Term term, ClusterView view, StoredPlan plan, int i, PlannedStep step, boolean cancelled)
            throws Journal.Interrupted {
        var found = shard(view, step);
        if (found.isEmpty()) {
            return plan;
        }
        var shard = found.get();
        var to = new NodeId(step.getTo());
        if (!shard.inSync().contains(to)) {
            verdicts.forget(key(plan, i)); // it was about another copy, where the target had come before
            if (cancelled) {
                return revert(term, plan, i, step, "the plan was cancelled");
            }
            boolean isAway = view.map().node(to).isEmpty()
                    || absences.of(to)
                            .filter(absent -> absent.compareTo(targetAway) >= 0)
                            .isPresent();
            return isAway ? revert(term, plan, i, step, "node " + to + " went away while it was copied to") : plan;
        }
        copies.joined(key(plan, i), view, step);
        var verdict = verdicts.on(key(plan, i), view, shard, to);
        if (verdict.isEmpty()) {
            return Verdicts.isAlone(view, shard, to) ? departures.alone(term, view, plan, i, step, cancelled) : plan;
        }
        if (!verdict.get().same()) {
            log.error(
                    "plan {}: shard {}: {}; the copy is thrown away",
                    plan.id(),
                    step.getShard(),
                    verdict.get().text());
            return revert(term, plan, i, step, verdict.get().text());
        }
        if (step.getKind() == PlanStepKind.PLAN_STEP_KIND_ADD) {
            var text = PlanSteps.shortened(verdict.get().text());
            return ends.done(
                    term, plan, i, next -> copies.noted(key(plan, i), next).setDetail(text));
        }
        var missed = Readiness.missedBy(step, view, shard);
        if (missed.isPresent()) {
            return departures.missing(term, view, plan, i, step, missed.get(), cancelled);
        }
        return leave(term, plan, i, step, shard, verdict.get());
    }

    /** The newcomer is in sync and holds the same: the other one goes, its lead first. */
    private StoredPlan leave(
            Term term, StoredPlan plan, int i, PlannedStep step, ShardInfo shard, Verifier.Verdict verdict)
            throws Journal.Interrupted {
        var leader = new NodeId(step.getLeader().isEmpty() ? step.getTo() : step.getLeader());
        boolean fromLeads =
                shard.primary().filter(new NodeId(step.getFrom())::equals).isPresent();
        if (fromLeads && leads.give(key(plan, i), step.getShard(), leader) != LeadOrders.Answer.GIVEN_UP) {
            return plan; // ZooKeeper tells when another one leads
        }
        var assignment = journal.assignment(step.getShard());
        var left = Placements.without(assignment.value(), step.getFrom());
        if (PlanInputs.voters(left).count() < Math.min(step.getBaseCount(), left.getReplicationFactor())) {
            return skip(
                    term,
                    plan,
                    i,
                    "shard " + step.getShard() + " was assigned otherwise meanwhile and has no replica to spare");
        }
        log.info("plan {}: shard {} leaves {}: {}", plan.id(), step.getShard(), step.getFrom(), verdict.text());
        return journal.write(
                term,
                plan,
                i,
                next -> copies.noted(key(plan, i), next)
                        .setPhase(PlanStepPhase.PLAN_STEP_PHASE_LEAVING)
                        .setDetail(PlanSteps.shortened(verdict.text())),
                assignment,
                left);
    }

    // ---- ends

    /** Gives a step up of which nothing is left. */
    StoredPlan skip(Term term, StoredPlan plan, int i, String why) throws Journal.Interrupted {
        return ends.skip(term, plan, i, why);
    }

    private StoredPlan revert(Term term, StoredPlan plan, int i, PlannedStep step, String why)
            throws Journal.Interrupted {
        verdicts.forget(key(plan, i));
        return ends.revert(term, plan, i, step, why);
    }

    /** Ends a step that was begun, of a shard that nobody leads. */
    StoredPlan endUnled(Term term, ClusterView view, StoredPlan plan, int i, PlannedStep step)
            throws Journal.Interrupted {
        return departures.unled(term, view, plan, i, step);
    }

    /** A plan is over: nothing is remembered of it. */
    void forget(StoredPlan plan) {
        String prefix = plan.id() + "/";
        verdicts.forgetAll(prefix);
        leads.forgetAll(prefix);
        copies.forgetAll(prefix);
    }

    /** Nothing is carried out here any more. */
    void forgetAll() {
        verdicts.forgetAll("");
        leads.forgetAll("");
        copies.forgetAll("");
    }

    private static Optional<ShardInfo> shard(ClusterView view, PlannedStep step) {
        return view.map().shard(new ShardId(step.getShard()));
    }
}
