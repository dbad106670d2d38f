// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.balance;

import io.tintype.cluster.placement.plan.HotShard;
import io.tintype.cluster.placement.plan.NodeShare;
import io.tintype.cluster.plan.PlanSteps;
import io.tintype.model.Limits;
import io.tintype.model.NodeId;
import io.tintype.proto.internal.v1.NodeIntent;
import io.tintype.proto.internal.v1.PlanPhase;
import io.tintype.proto.internal.v1.PlanPurpose;
import io.tintype.proto.internal.v1.PlanRecord;
import io.tintype.proto.internal.v1.PlanStepPhase;
import io.tintype.proto.internal.v1.PlannedStep;
import io.tintype.proto.v1.MakePlanResponse;
import io.tintype.proto.v1.NodeCarries;
import io.tintype.proto.v1.NodeIntentView;
import io.tintype.proto.v1.Plan;
import io.tintype.proto.v1.PlanProblem;
import io.tintype.proto.v1.PlanState;
import io.tintype.proto.v1.PlanStep;
import io.tintype.proto.v1.StepKind;
import io.tintype.proto.v1.StepPhase;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;

/** What is stored, as operators are told. Pure. */
final class Messages {
    /** Steps of a plan that are told at a time. */
    static final int MAX_STEPS_TOLD = 10_000;

    private static final int PERMILLE = 1000;

    /** What nodes and problems take besides has the other quarter. */
    private static final long MOST_STEP_BYTES = Limits.MAX_MESSAGE_BYTES * 3L / 4;

    /** What names a step in its plan. */
    private static final int STEP_FRAME = 8;

    private Messages() {}

    static PlanState state(PlanPhase phase) {
        return switch (phase) {
            case PLAN_PHASE_PROPOSED -> PlanState.PLAN_STATE_PROPOSED;
            case PLAN_PHASE_RUNNING -> PlanState.PLAN_STATE_RUNNING;
            case PLAN_PHASE_PAUSED -> PlanState.PLAN_STATE_PAUSED;
            case PLAN_PHASE_CANCELLING -> PlanState.PLAN_STATE_CANCELLING;
            case PLAN_PHASE_DONE -> PlanState.PLAN_STATE_DONE;
            case PLAN_PHASE_CANCELLED -> PlanState.PLAN_STATE_CANCELLED;
            default -> PlanState.PLAN_STATE_UNSPECIFIED;
        };
    }

    /** A plan that was just made, and what its time was reckoned by. */
    static MakePlanResponse.Builder made(Planning.Made made, String id) {
        var plan = plan(made.record()).setId(id);
        addSteps(
                plan,
                made.plan().steps().stream()
                        .limit(MAX_STEPS_TOLD)
                        .map(PlanSteps::record)
                        .map(Messages::step)
                        .map(PlanStep.Builder::build));
        var answer = MakePlanResponse.newBuilder().setPlan(plan);
        Reckoning.tell(answer, made);
        made.plan().problems().stream().map(Messages::problem).forEach(answer::addProblems);
        made.plan().before().stream().map(Messages::carries).forEach(answer::addBefore);
        made.plan().after().stream().map(Messages::carries).forEach(answer::addAfter);
        made.plan().hot().stream().map(Messages::hot).forEach(answer::addHot);
        return answer;
    }

    /** A plan without its steps; counts are those of a plan that is over. */
    static Plan.Builder plan(PlanRecord record) {
        return Plan.newBuilder()
                .setId(record.getId())
                .setState(state(record.getPhase()))
                .setTitle(record.getTitle())
                .setRepair(record.getPurpose() == PlanPurpose.PLAN_PURPOSE_REPAIR)
                .setCreatedAtMs(record.getCreatedAtMs())
                .setStartedAtMs(record.getStartedAtMs())
                .setFinishedAtMs(record.getFinishedAtMs())
                .setStepCount(record.getSteps())
                .setDone(record.getDone())
                .setNotDone(record.getNotDone())
                .setBytes(record.getBytes())
                .setMovedBytes(record.getMovedBytes())
                .setExpectedSeconds(record.getExpectedSeconds())
                .setMovesAtOnce(record.getMovesAtOnce())
                .setBytesPerSecond(record.getBytesPerSecond());
    }

    /** A plan counted by its steps as they are. */
    static Plan.Builder plan(PlanRecord record, List<PlannedStep> steps) {
        return plan(record)
                .setDone((int) steps.stream()
                        .filter(step -> step.getPhase() == PlanStepPhase.PLAN_STEP_PHASE_DONE)
                        .count())
                .setNotDone((int) steps.stream()
                        .filter(step -> PlanSteps.isOver(step) && step.getPhase() != PlanStepPhase.PLAN_STEP_PHASE_DONE)
                        .count());
    }

    /** Of so many steps, which came without a sign, those that are told. */
    static int stepsTold(int most) {
        return Integer.compareUnsigned(most, MAX_STEPS_TOLD) < 0 ? most : MAX_STEPS_TOLD;
    }

    /** Adds the first of these steps, as far as they fit into one message together with what else it says. */
    static void addSteps(Plan.Builder plan, Stream<PlanStep> steps) {
        var bytes = new AtomicLong();
        steps.takeWhile(step -> bytes.addAndGet(step.getSerializedSize() + STEP_FRAME) <= MOST_STEP_BYTES)
                .forEach(plan::addSteps);
    }

    static PlanStep.Builder step(PlannedStep step) {
        return PlanStep.newBuilder()
                .setKind(StepKind.forNumber(step.getKindValue()))
                .setShard(step.getShard())
                .setFrom(step.getFrom())
                .setTo(step.getTo())
                .setBytes(step.getBytes())
                .setReason(step.getReason())
                .setPhase(StepPhase.forNumber(step.getPhaseValue()))
                .setDetail(step.getDetail())
                .setMovedBytes(step.getMovedBytes());
    }

    static PlanProblem problem(io.tintype.cluster.placement.plan.PlanProblem problem) {
        return PlanProblem.newBuilder()
                .setWhat(problem.what())
                .setFix(problem.fix())
                .setMissingBytes(problem.missingBytes())
                .setBlocking(problem.blocking())
                .build();
    }

    static NodeCarries carries(NodeShare share) {
        return NodeCarries.newBuilder()
                .setNode(share.node().value())
                .setBytes(share.bytes())
                .setShareBytes(share.shareBytes())
                .setReplicas(share.replicas())
                .setPrimaries(share.primaries())
                .setUsers(share.users())
                .setCallsPerSecond(share.opsPerSecond())
                .build();
    }

    static io.tintype.proto.v1.HotShard hot(HotShard hot) {
        return io.tintype.proto.v1.HotShard.newBuilder()
                .setShard(hot.shard().value())
                .setPrimary(hot.primary().value())
                .setCallsPerSecond(hot.opsPerSecond())
                .setFairShare(hot.share())
                .build();
    }

    static NodeIntentView intent(NodeId node, NodeIntent intent) {
        return NodeIntentView.newBuilder()
                .setNode(node.value())
                .setDraining(intent.getDraining())
                .setMaintenance(intent.getMaintenance())
                .setWeightPermille(intent.getWeightPermille() == 0 ? PERMILLE : intent.getWeightPermille())
                .build();
    }
}
