// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.balance;

import io.tintype.cluster.control.Term;
import io.tintype.cluster.log.RecurringFailures;
import io.tintype.cluster.map.ClusterView;
import io.tintype.cluster.placement.plan.PlanTime.Turn;
import io.tintype.cluster.plan.PlanSteps;
import io.tintype.cluster.plan.StoredPlan;
import io.tintype.coordinator.control.BalanceSettings;
import io.tintype.model.ShardId;
import io.tintype.proto.internal.v1.PlanPhase;
import io.tintype.proto.internal.v1.PlanPurpose;
import io.tintype.proto.internal.v1.PlanStepKind;
import io.tintype.proto.internal.v1.PlanStepPhase;
import io.tintype.proto.internal.v1.PlannedStep;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongSupplier;
import org.slf4j.LoggerFactory;

/**
 * Carries plans out, one look after the other: each look takes every step under way as far as it goes now, and begins
 * others while places are free; leads, which nothing travels for, take none. Whatever it wrote before it died, the next controller's looks go on from there. Confined to
 * the balancer's thread; blocks.
 */
final class PlanRunner {
    /** For so long after a plan has begun its copies wait for leads. */
    private static final long LEADS_FIRST_MS = 5_000;

    /** What waits for so long in a repair of which nothing else is under way is left to the next one. */
    static final long REPAIR_STANDS_MS = 300_000;

    private final RecurringFailures failures =
            new RecurringFailures(LoggerFactory.getLogger(PlanRunner.class), System::nanoTime);
    private final Journal journal;
    private final StepMaker maker;
    private final NodePolls polls;
    private final BalanceSettings settings;
    private final LongSupplier nowMs;
    /** Since when repairs stand still, by their ids. */
    private final Map<String, Long> standing = new HashMap<>();

    PlanRunner(Journal journal, StepMaker maker, NodePolls polls, BalanceSettings settings, LongSupplier nowMs) {
        this.journal = journal;
        this.maker = maker;
        this.polls = polls;
        this.settings = settings;
        this.nowMs = nowMs;
    }

    /**
     * One look at all plans.
     *
     * @param found those that are being carried out, as they were read just now
     * @param quietMicros what readers feel in quiet times; 0: nobody knows
     * @return the same as they are now
     */
    List<StoredPlan> look(Term term, ClusterView view, List<StoredPlan> found, long quietMicros)
            throws Journal.Interrupted {
        var plans = new ArrayList<>(found);
        List<PlannedStep> underWay = new ArrayList<>();
        plans.forEach(
                plan -> plan.steps().stream().filter(PlanSteps::isUnderWay).forEach(underWay::add));
        Set<Integer> busy = new HashSet<>(maker.handedOver());
        underWay.forEach(step -> busy.add(step.getShard()));
        var look = new Look(term, view, underWay, busy);
        for (int i = 0; i < plans.size(); i++) {
            plans.set(i, goOn(look, plans.get(i), quietMicros));
        }
        return plans;
    }

    /** What one look goes by: steps of all plans that are under way, and the shards that nothing may be begun with. */
    private record Look(Term term, ClusterView view, List<PlannedStep> underWay, Set<Integer> busy) {
        /** Whether a step under way brings a node something; to nobody nothing ever comes. */
        boolean comesInto(String node) {
            return !node.isEmpty()
                    && underWay.stream().anyMatch(step -> step.getTo().equals(node));
        }

        /** A step may have been begun. */
        void note(PlannedStep step) {
            if (PlanSteps.isUnderWay(step)) {
                underWay.add(step);
                busy.add(step.getShard());
            }
        }
    }

    /** What is wrong with one plan, at every look perhaps, must not keep others from ending: a repair least of all. */
    private StoredPlan goOn(Look look, StoredPlan found, long quietMicros) throws Journal.Interrupted {
        try {
            return carryOut(look, noted(look.term(), found, quietMicros));
        } catch (RuntimeException e) {
            failures.error("plan " + found.id() + " cannot be gone on with; each look tries again", e);
            return found;
        }
    }

    /** Before a plan's first step: whoever takes it over cannot measure any more what quiet times are like. */
    private StoredPlan noted(Term term, StoredPlan plan, long quietMicros) throws Journal.Interrupted {
        var record = plan.record().value();
        return quietMicros > 0
                        && record.getQuietReadP99Micros() == 0
                        && record.getPhase() == PlanPhase.PLAN_PHASE_RUNNING
                ? journal.noteQuiet(term, plan, quietMicros)
                : plan;
    }

    /** Another coordinator carries plans out now: what was asked of nodes for them ends. */
    void deposed() {
        maker.forgetAll();
        standing.clear();
    }

    private StoredPlan carryOut(Look look, StoredPlan found) throws Journal.Interrupted {
        Map<Integer, Integer> firstOpen = new HashMap<>();
        var steps = found.steps();
        for (int i = 0; i < steps.size(); i++) {
            if (!PlanSteps.isOver(steps.get(i))) {
                firstOpen.putIfAbsent(steps.get(i).getShard(), i);
            }
        }
        var plan = found;
        boolean inOrder =
                steps.stream().anyMatch(step -> !PlanSteps.isOver(step) && PlanSteps.turn(step) == Turn.IN_ORDER);
        for (var pass : Pass.values()) {
            for (int i = 0; i < steps.size(); i++) {
                var step = plan.steps().get(i);
                if (!PlanSteps.isOver(step) && pass == pass(look, step, inOrder)) {
                    plan = goOn(look, plan, i, step, firstOpen.getOrDefault(step.getShard(), i) == i);
                }
            }
        }
        plan = endIfStanding(look, plan);
        return finishIfOver(look.term(), plan, plan.record().value().getPhase());
    }

    /**
     * Gives up what a repair only waits for, steps of shards that lost their primaries included. No other one is made before it is
     * over, and whatever is lost meanwhile would wait too; the next one goes by what is there by then.
     */
    private StoredPlan endIfStanding(Look look, StoredPlan found) throws Journal.Interrupted {
        var record = found.record().value();
        if (record.getPurpose() != PlanPurpose.PLAN_PURPOSE_REPAIR
                || record.getPhase() != PlanPhase.PLAN_PHASE_RUNNING
                || found.steps().stream().anyMatch(step -> getsOn(look.view(), step))) {
            standing.remove(found.id());
            return found;
        }
        long now = nowMs.getAsLong();
        if (now - standing.computeIfAbsent(found.id(), id -> now) < REPAIR_STANDS_MS) {
            return found;
        }
        var plan = found;
        for (int i = 0; i < found.steps().size(); i++) {
            var step = found.steps().get(i);
            if (PlanSteps.isUnderWay(step)) {
                plan = maker.endUnled(look.term(), look.view(), plan, i, step);
                continue;
            }
            var waits = PlanSteps.isOver(step) ? Optional.<String>empty() : waitsFor(look, step);
            if (waits.isPresent()) {
                plan = maker.skip(look.term(), plan, i, waits.get() + ", which the next repair need not");
            }
        }
        return plan;
    }

    /** Whether a step is under way and will end by itself: nobody comes into a shard, or goes, that has no primary. */
    private static boolean getsOn(ClusterView view, PlannedStep step) {
        return PlanSteps.isUnderWay(step)
                && view.map()
                        .shard(new ShardId(step.getShard()))
                        .filter(view.map()::isLed)
                        .isPresent();
    }

    private Optional<String> waitsFor(Look look, PlannedStep step) {
        return Readiness.waitsFor(step, look.view(), polls, look.underWay(), settings.headroomPercent() / 100.0);
    }

    /** A look passes over the steps twice; whose turn it is in which, {@code PlanTime} reckons with, too. */
    private enum Pass {
        FIRST,
        /** Where something comes into the target already, while others may wait for something to come. */
        LAST
    }

    private static Pass pass(Look look, PlannedStep step, boolean inOrder) {
        return inOrder || PlanSteps.isUnderWay(step) || !look.comesInto(step.getTo()) ? Pass.FIRST : Pass.LAST;
    }

    /** What is wrong with one shard holds up its own steps only. */
    private StoredPlan goOn(Look look, StoredPlan plan, int i, PlannedStep step, boolean isFirstOfShard)
            throws Journal.Interrupted {
        try {
            return take(look, plan, i, step, isFirstOfShard);
        } catch (RuntimeException e) {
            failures.error(
                    "plan " + plan.id() + ": step " + (i + 1)
                            + " cannot be gone on with; the others are, and each look tries it again",
                    e);
            return plan;
        }
    }

    private StoredPlan take(Look look, StoredPlan found, int i, PlannedStep step, boolean isFirstOfShard)
            throws Journal.Interrupted {
        var phase = found.record().value().getPhase();
        if (PlanSteps.isUnderWay(step)) {
            return maker.goOn(look.term(), look.view(), found, i, step, phase == PlanPhase.PLAN_PHASE_CANCELLING);
        }
        if (phase == PlanPhase.PLAN_PHASE_CANCELLING) {
            return maker.skip(look.term(), found, i, "the plan was cancelled");
        }
        if (phase != PlanPhase.PLAN_PHASE_RUNNING || look.busy().contains(step.getShard()) || !isFirstOfShard) {
            return found;
        }
        var plan = found;
        if (waitsFor(look, step).isPresent()) {
            plan = maker.skipIfOutdated(look.term(), look.view(), plan, i, step);
        } else if (step.getKind() == PlanStepKind.PLAN_STEP_KIND_LEAD
                ? maker.mayLead(plan, i, step)
                : isFree(plan, look.underWay()) && !areLeadsFirst(plan)) {
            plan = maker.begin(look.term(), look.view(), plan, i, step);
        }
        look.note(plan.steps().get(i));
        return plan;
    }

    /**
     * Whether copies wait for leads that are being handed over, as when a plan begins: readers wait for a lead longer where nodes that have just
     * been told to copy have their hands full. No repair waits, and nobody for long.
     */
    private boolean areLeadsFirst(StoredPlan plan) {
        var record = plan.record().value();
        return record.getPurpose() != PlanPurpose.PLAN_PURPOSE_REPAIR
                && Math.abs(nowMs.getAsLong() - record.getStartedAtMs()) < LEADS_FIRST_MS // by clocks that may differ
                && !maker.handedOver().isEmpty();
    }

    /** Whether another step may be under way. What others do holds no repair up: it may itself wait for one. */
    private static boolean isFree(StoredPlan plan, List<PlannedStep> underWay) {
        int places = Math.max(1, plan.record().value().getMovesAtOnce());
        return plan.record().value().getPurpose() == PlanPurpose.PLAN_PURPOSE_REPAIR
                ? plan.steps().stream().filter(PlanSteps::isUnderWay).count() < places
                : underWay.size() < places;
    }

    private StoredPlan finishIfOver(Term term, StoredPlan plan, PlanPhase phase) throws Journal.Interrupted {
        var steps = plan.steps();
        if (steps.stream().allMatch(PlanSteps::isOver)) {
            boolean cancelled = phase == PlanPhase.PLAN_PHASE_CANCELLING
                    && steps.stream().anyMatch(step -> step.getPhase() == PlanStepPhase.PLAN_STEP_PHASE_SKIPPED);
            journal.finish(
                    term,
                    plan,
                    cancelled ? PlanPhase.PLAN_PHASE_CANCELLED : PlanPhase.PLAN_PHASE_DONE,
                    nowMs.getAsLong());
            maker.forget(plan);
            standing.remove(plan.id());
        }
        return plan;
    }
}
