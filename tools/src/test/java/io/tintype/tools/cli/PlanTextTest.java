// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.proto.v1.GetPlanResponse;
import io.tintype.proto.v1.MakePlanResponse;
import io.tintype.proto.v1.NodeCarries;
import io.tintype.proto.v1.NodePace;
import io.tintype.proto.v1.PaceSource;
import io.tintype.proto.v1.Plan;
import io.tintype.proto.v1.PlanProblem;
import io.tintype.proto.v1.PlanState;
import io.tintype.proto.v1.PlanStep;
import io.tintype.proto.v1.StepKind;
import io.tintype.proto.v1.StepPhase;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What an operator reads. */
final class PlanTextTest {
    private static final long MIB = 1 << 20;

    private static PlanStep.Builder move(int shard, StepPhase phase, long moved) {
        return PlanStep.newBuilder()
                .setKind(StepKind.STEP_KIND_MOVE)
                .setShard(shard)
                .setFrom("n1")
                .setTo("n4")
                .setBytes(32 * MIB)
                .setPhase(phase)
                .setMovedBytes(moved);
    }

    private static Plan.Builder plan() {
        return Plan.newBuilder()
                .setId("1f0c33a9be02")
                .setTitle("even out the cluster")
                .setState(PlanState.PLAN_STATE_RUNNING)
                .setStepCount(3)
                .setBytes(96 * MIB)
                .setExpectedSeconds(30)
                .setStartedAtMs(1_000);
    }

    private static List<String> lines(String text) {
        return text.lines().map(String::stripTrailing).toList();
    }

    @Test
    void aRunningPlanTellsBytesPaceThrottleTimeLeftAndWhatWaitsForWhat() {
        var status = GetPlanResponse.newBuilder()
                .setPlan(plan().setDone(1)
                        .setMovedBytes(40 * MIB)
                        .addSteps(move(3, StepPhase.STEP_PHASE_COPYING, 8 * MIB).setDetail("copying"))
                        .addSteps(move(5, StepPhase.STEP_PHASE_WAITING, 0).setDetail("waits for node n4 to be back"))
                        .addSteps(PlanStep.newBuilder()
                                .setKind(StepKind.STEP_KIND_LEAD)
                                .setShard(2)
                                .setTo("n2")
                                .setPhase(StepPhase.STEP_PHASE_DONE)))
                .setBytesPerSecondNow(6 * MIB)
                .setThrottleBytesPerSecond(8 * MIB)
                .setSecondsLeft(75)
                .build();

        assertThat(lines(PlanText.status(status)))
                .containsExactly(
                        "plan 1f0c33a9be02: even out the cluster, running",
                        "1 of 3 steps made; 40.0 MiB of 96.0 MiB copied",
                        "6.0 MiB/s now, of 8.0 MiB/s a node allowed; left: 1 min 15 s",
                        "",
                        "step                phase     copied        of  detail",
                        "shard 3: n1 -> n4   copying  8.0 MiB  32.0 MiB  copying",
                        "shard 5: n1 -> n4   waiting      0 B  32.0 MiB  waits for node n4 to be back",
                        "shard 2: led by n2  done");
    }

    @Test
    void whereNothingGetsOnItSaysThatNobodyCanSayAndWhatIsWaitedFor() {
        var status = GetPlanResponse.newBuilder()
                .setPlan(plan().setState(PlanState.PLAN_STATE_PAUSED))
                .setThrottleBytesPerSecond(8 * MIB)
                .setSecondsLeft(-1)
                .setHeldUp("paused by an operator")
                .build();

        assertThat(lines(PlanText.status(status)))
                .containsExactly(
                        "plan 1f0c33a9be02: even out the cluster, paused",
                        "0 of 3 steps made; 0 B of 96.0 MiB copied",
                        "0 B/s now, of 8.0 MiB/s a node allowed; left: nobody can say; paused by an operator");
    }

    @Test
    void aPlanThatIsOverTellsWhatItTookBesideWhatWasForetold() {
        var status = GetPlanResponse.newBuilder()
                .setPlan(plan().setState(PlanState.PLAN_STATE_DONE)
                        .setDone(2)
                        .setNotDone(1)
                        .setMovedBytes(64 * MIB)
                        .setFinishedAtMs(32_000))
                .build();

        assertThat(lines(PlanText.status(status)))
                .containsExactly(
                        "plan 1f0c33a9be02: even out the cluster, done",
                        "2 of 3 steps made, 1 not made; 64.0 MiB of 96.0 MiB copied",
                        "took 31 s, planned 30 s");
    }

    @Test
    void aProposalShowsMovesBytesTimeBalanceBeforeAndAfterAndItsHash() {
        var made = MakePlanResponse.newBuilder()
                .setPlan(plan().setStepCount(1)
                        .setBytes(32 * MIB)
                        .setMovesAtOnce(4)
                        .addSteps(move(3, StepPhase.STEP_PHASE_WAITING, 0).setReason("n4 has less than its share")))
                .addBefore(NodeCarries.newBuilder()
                        .setNode("n1")
                        .setBytes(64 * MIB)
                        .setReplicas(2)
                        .setPrimaries(2))
                .addBefore(NodeCarries.newBuilder().setNode("n4"))
                .addAfter(NodeCarries.newBuilder()
                        .setNode("n1")
                        .setBytes(32 * MIB)
                        .setReplicas(1)
                        .setPrimaries(1))
                .addAfter(NodeCarries.newBuilder()
                        .setNode("n4")
                        .setBytes(32 * MIB)
                        .setReplicas(1)
                        .setPrimaries(1))
                .addPaces(NodePace.newBuilder()
                        .setNode("n4")
                        .setBytesPerSecond(6 * MIB)
                        .setSource(PaceSource.PACE_SOURCE_MEASURED))
                .setMeasuredBytesPerSecond(6 * MIB)
                .setStepSeconds(2.5)
                .setStepSecondsMeasured(true)
                .setLeftByReaders(0.75)
                .build();

        assertThat(lines(PlanText.proposal(made)))
                .containsExactly(
                        "step  what                  bytes  why",
                        "   1  shard 3: n1 -> n4  32.0 MiB  n4 has less than its share",
                        "",
                        "node  before                   bytes  after                    bytes  replicas  primaries",
                        "n1    ####################  64.0 MiB  ##########..........  32.0 MiB    2 -> 1     2 -> 1",
                        "n4    ....................       0 B  ##########..........  32.0 MiB    0 -> 1     0 -> 1",
                        "",
                        "1 steps, 32.0 MiB to copy, about 30 s with 4 shards at once",
                        "reckoned by 6.0 MiB/s into a node, as measured at n4, with 75 % of the limit left by"
                                + " readers, and 2.5 s a step besides, as measured",
                        "",
                        "tintype rebalance apply 1f0c33a9be02");
    }

    @Test
    void aDrainThatDoesNotFitSaysWhatIsMissingAndWhatWouldHelp() {
        var made = MakePlanResponse.newBuilder()
                .addProblems(PlanProblem.newBuilder()
                        .setWhat("n3 cannot be drained: 4096 bytes of room are missing.")
                        .setFix("Add a node with at least 4096 free bytes."))
                .build();

        assertThat(lines(PlanText.proposal(made)))
                .containsExactly(
                        "! n3 cannot be drained: 4096 bytes of room are missing. Add a node with at least 4096 free bytes.",
                        "Nothing to do.");
    }
}
