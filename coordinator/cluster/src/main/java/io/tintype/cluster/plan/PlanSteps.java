// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.plan;

import io.tintype.cluster.placement.plan.PlanStep;
import io.tintype.cluster.placement.plan.PlanTime.Turn;
import io.tintype.model.NodeId;
import io.tintype.proto.internal.v1.PlanStepKind;
import io.tintype.proto.internal.v1.PlanStepPhase;
import io.tintype.proto.internal.v1.PlannedStep;

/** Steps as records. Pure. */
public final class PlanSteps {
    private static final int MAX_REASON = 200;

    private PlanSteps() {}

    /** A step that was not begun. */
    public static PlannedStep record(PlanStep step) {
        var record = PlannedStep.newBuilder()
                .setKind(
                        switch (step.kind()) {
                            case MOVE -> PlanStepKind.PLAN_STEP_KIND_MOVE;
                            case ADD -> PlanStepKind.PLAN_STEP_KIND_ADD;
                            case DROP -> PlanStepKind.PLAN_STEP_KIND_DROP;
                            case LEAD -> PlanStepKind.PLAN_STEP_KIND_LEAD;
                        })
                .setShard(step.shard().value())
                .setBytes(step.bytes())
                .setReason(shortened(step.reason()))
                .setPhase(PlanStepPhase.PLAN_STEP_PHASE_WAITING);
        step.base().forEach(node -> record.addBase(node.value()));
        step.from().map(NodeId::value).ifPresent(record::setFrom);
        step.to().map(NodeId::value).ifPresent(record::setTo);
        step.leader().map(NodeId::value).ifPresent(record::setLeader);
        return record.build();
    }

    /** Whether nothing will be done about a step any more. */
    public static boolean isOver(PlannedStep step) {
        return step.getPhase() == PlanStepPhase.PLAN_STEP_PHASE_DONE
                || step.getPhase() == PlanStepPhase.PLAN_STEP_PHASE_SKIPPED;
    }

    /** Whether a step was begun and is not over. */
    public static boolean isUnderWay(PlannedStep step) {
        return !isOver(step) && step.getPhase() != PlanStepPhase.PLAN_STEP_PHASE_WAITING;
    }

    /** When a step that is not over is begun. */
    public static Turn turn(PlannedStep step) {
        return isUnderWay(step) ? Turn.UNDER_WAY : Turn.ofWaiting(step.getKind() == PlanStepKind.PLAN_STEP_KIND_ADD);
    }

    /** A text cut to what a record takes. */
    public static String shortened(String text) {
        return text.length() <= MAX_REASON ? text : text.substring(0, MAX_REASON - 1) + "…";
    }
}
