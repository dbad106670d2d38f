// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.cli;

import io.tintype.proto.v1.GetPlanResponse;
import io.tintype.proto.v1.HotShard;
import io.tintype.proto.v1.MakePlanResponse;
import io.tintype.proto.v1.NodeCarries;
import io.tintype.proto.v1.NodePace;
import io.tintype.proto.v1.Plan;
import io.tintype.proto.v1.PlanProblem;
import io.tintype.proto.v1.PlanStep;
import java.util.List;
import java.util.Locale;

/** Plans as {@code --json} prints them. The fields mean what those of {@code tintype.v1.Balancing} mean. Immutable. */
final class PlanDocuments {
    private PlanDocuments() {}

    /** A plan. */
    record PlanDocument(
            String id,
            String state,
            String title,
            boolean repair,
            long createdAtMs,
            long startedAtMs,
            long finishedAtMs,
            int stepCount,
            int done,
            int notDone,
            long bytes,
            long movedBytes,
            long expectedSeconds,
            int movesAtOnce,
            long bytesPerSecond,
            List<StepDocument> steps) {
        static PlanDocument of(Plan plan) {
            return new PlanDocument(
                    plan.getId(),
                    PlanText.state(plan.getState()),
                    plan.getTitle(),
                    plan.getRepair(),
                    plan.getCreatedAtMs(),
                    plan.getStartedAtMs(),
                    plan.getFinishedAtMs(),
                    plan.getStepCount(),
                    plan.getDone(),
                    plan.getNotDone(),
                    plan.getBytes(),
                    plan.getMovedBytes(),
                    plan.getExpectedSeconds(),
                    plan.getMovesAtOnce(),
                    plan.getBytesPerSecond(),
                    plan.getStepsList().stream().map(StepDocument::of).toList());
        }
    }

    /** A step. */
    record StepDocument(
            String kind,
            int shard,
            String from,
            String to,
            long bytes,
            String reason,
            String phase,
            String detail,
            long movedBytes) {
        static StepDocument of(PlanStep step) {
            return new StepDocument(
                    step.getKind().name().replace("STEP_KIND_", "").toLowerCase(Locale.ROOT),
                    step.getShard(),
                    step.getFrom(),
                    step.getTo(),
                    step.getBytes(),
                    step.getReason(),
                    PlanText.phase(step.getPhase()),
                    step.getDetail(),
                    step.getMovedBytes());
        }
    }

    /** What cannot be done. */
    record ProblemDocument(String what, String fix, long missingBytes, boolean blocking) {
        static ProblemDocument of(PlanProblem problem) {
            return new ProblemDocument(
                    problem.getWhat(), problem.getFix(), problem.getMissingBytes(), problem.getBlocking());
        }
    }

    /** What a node carries. */
    record CarriesDocument(
            String node, long bytes, long shareBytes, int replicas, int primaries, long users, double callsPerSecond) {
        static CarriesDocument of(NodeCarries carries) {
            return new CarriesDocument(
                    carries.getNode(),
                    carries.getBytes(),
                    carries.getShareBytes(),
                    carries.getReplicas(),
                    carries.getPrimaries(),
                    carries.getUsers(),
                    carries.getCallsPerSecond());
        }
    }

    /** What {@code rebalance plan --json} prints. */
    record Proposal(
            PlanDocument plan,
            List<ProblemDocument> problems,
            List<CarriesDocument> before,
            List<CarriesDocument> after,
            List<PaceDocument> paces,
            double stepSeconds,
            boolean stepSecondsMeasured,
            double leftByReaders,
            List<HotDocument> hot,
            int readCopies) {
        static Proposal of(MakePlanResponse made) {
            return new Proposal(
                    PlanDocument.of(made.getPlan()),
                    made.getProblemsList().stream().map(ProblemDocument::of).toList(),
                    made.getBeforeList().stream().map(CarriesDocument::of).toList(),
                    made.getAfterList().stream().map(CarriesDocument::of).toList(),
                    made.getPacesList().stream().map(PaceDocument::of).toList(),
                    made.getStepSeconds(),
                    made.getStepSecondsMeasured(),
                    made.getLeftByReaders(),
                    made.getHotList().stream().map(HotDocument::of).toList(),
                    made.getReadCopies());
        }
    }

    /** A shard that alone gets more calls than a node's share. */
    record HotDocument(int shard, String primary, double callsPerSecond, double fairShare) {
        static HotDocument of(HotShard hot) {
            return new HotDocument(hot.getShard(), hot.getPrimary(), hot.getCallsPerSecond(), hot.getFairShare());
        }
    }

    /** By which pace into a node a plan's time was reckoned. */
    record PaceDocument(String node, long bytesPerSecond, String source) {
        static PaceDocument of(NodePace pace) {
            return new PaceDocument(
                    pace.getNode(),
                    pace.getBytesPerSecond(),
                    pace.getSource().name().replace("PACE_SOURCE_", "").toLowerCase(Locale.ROOT));
        }
    }

    /** What {@code rebalance status --json} prints. */
    record Status(
            PlanDocument plan, long bytesPerSecondNow, long secondsLeft, long throttleBytesPerSecond, String heldUp) {
        static Status of(GetPlanResponse status) {
            return new Status(
                    PlanDocument.of(status.getPlan()),
                    status.getBytesPerSecondNow(),
                    status.getSecondsLeft(),
                    status.getThrottleBytesPerSecond(),
                    status.getHeldUp());
        }
    }

    /** What {@code rebalance history --json} prints. */
    record History(List<PlanDocument> plans) {}
}
