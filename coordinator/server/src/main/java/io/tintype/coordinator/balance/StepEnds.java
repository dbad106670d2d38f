// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.balance;

import io.tintype.cluster.control.Term;
import io.tintype.cluster.plan.PlanSteps;
import io.tintype.cluster.plan.StoredPlan;
import io.tintype.cluster.zk.Versioned;
import io.tintype.proto.internal.v1.PlanStepPhase;
import io.tintype.proto.internal.v1.PlannedStep;
import io.tintype.proto.internal.v1.ShardAssignment;
import java.util.function.LongSupplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Writes how steps end. Confined to the balancer's thread; blocks on ZooKeeper. */
final class StepEnds {
    private static final Logger log = LoggerFactory.getLogger(StepEnds.class);

    private final Journal journal;
    private final LongSupplier nowMs;

    StepEnds(Journal journal, LongSupplier nowMs) {
        this.journal = journal;
        this.nowMs = nowMs;
    }

    /** A step was made. */
    StoredPlan done(Term term, StoredPlan plan, int i, UnaryOperator<PlannedStep.Builder> came)
            throws Journal.Interrupted {
        return journal.write(
                term,
                plan,
                i,
                next -> came.apply(next)
                        .setPhase(PlanStepPhase.PLAN_STEP_PHASE_DONE)
                        .setStartedAtMs(next.getStartedAtMs() == 0 ? nowMs.getAsLong() : next.getStartedAtMs())
                        .setFinishedAtMs(nowMs.getAsLong()),
                null,
                null);
    }

    /** Takes a copy back: the target is to go. */
    StoredPlan revert(Term term, StoredPlan plan, int i, PlannedStep step, String why) throws Journal.Interrupted {
        var assignment = journal.assignment(step.getShard());
        return journal.write(
                term,
                plan,
                i,
                next -> next.setPhase(PlanStepPhase.PLAN_STEP_PHASE_REVERTING).setDetail(PlanSteps.shortened(why)),
                assignment,
                Placements.without(assignment.value(), step.getTo()));
    }

    /** Gives a step up of which nothing is left. */
    StoredPlan skip(Term term, StoredPlan plan, int i, String why) throws Journal.Interrupted {
        return skip(term, plan, i, why, null, null);
    }

    /** Gives a step up, and in the same moment assigns its shard otherwise. */
    StoredPlan skip(
            Term term,
            StoredPlan plan,
            int i,
            String why,
            @Nullable Versioned<ShardAssignment> before,
            @Nullable ShardAssignment after)
            throws Journal.Interrupted {
        log.info("plan {}: step {} is not made: {}", plan.id(), i + 1, why);
        return journal.write(
                term,
                plan,
                i,
                next -> next.setPhase(PlanStepPhase.PLAN_STEP_PHASE_SKIPPED)
                        .setFinishedAtMs(nowMs.getAsLong())
                        .setDetail(PlanSteps.shortened(why)),
                before,
                after);
    }
}
