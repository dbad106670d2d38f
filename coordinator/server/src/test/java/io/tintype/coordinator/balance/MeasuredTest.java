// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.balance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.tintype.cluster.placement.plan.CopyPaces;
import io.tintype.cluster.placement.plan.CopyPaces.Source;
import io.tintype.cluster.zk.ZnodeCodec;
import io.tintype.model.NodeId;
import io.tintype.proto.internal.v1.CopyPace;
import io.tintype.proto.internal.v1.PlanRecord;
import io.tintype.proto.internal.v1.PlanStepKind;
import io.tintype.proto.internal.v1.PlanStepPhase;
import io.tintype.proto.internal.v1.PlannedStep;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class MeasuredTest {
    private static final double LIMIT = 100 << 20;
    private static final NodeId N1 = new NodeId("n1");

    @Test
    void copiesThatOverlapTakeTheirNodesTimeOnce() {
        var kept = Measured.keep(plan(), List.of(step("n1", 40, 0, 4_000), step("n1", 40, 2_000, 4_000)));
        assertThat(kept.getPaces(0).getBusyMs()).isEqualTo(6_000);
        assertThat(kept.getPaces(0).getBytes()).isEqualTo(80L << 20);
    }

    /** Both nodes got half of what the one that sends may send: neither is slow. */
    @Test
    void whatSourcesGaveToOthersIsNotTakenForANodesPace() {
        double limit = 10 << 20;
        var one = step("n1", 40, 0, 8_000).toBuilder().setSource("s").build();
        var other = step("n2", 40, 0, 8_000).toBuilder().setSource("s").build();
        var shared = Measured.of(List.of(under(limit, one, other)));
        assertThat(shared.into(N1, limit).bytesPerSecond()).isCloseTo(limit, within(1.0));
        assertThat(shared.leftByReaders()).as("nothing was left to readers").isEqualTo(1);

        var alone = other.toBuilder().setSource("t").build();
        assertThat(Measured.of(List.of(under(limit, one, alone)))
                        .into(N1, limit)
                        .bytesPerSecond())
                .as("slower than both might")
                .isCloseTo(5 << 20, within(1.0));
    }

    @Test
    void whatAPlanMeasuredIsReadBack() {
        var paces = Measured.of(List.of(over(20, List.of(step("n1", 40, 0, 4_000)))));
        assertThat(paces.into(N1, LIMIT).bytesPerSecond()).isCloseTo(10 << 20, within(1.0));
        assertThat(paces.rest().seconds(40 << 20, LIMIT))
                .as("the step took a second to begin and two to be verified and to leave")
                .isCloseTo(3, within(0.01));
    }

    /** A plan whose end cannot be written is carried out for ever, and holds up every other. */
    @Test
    void aPlanWithManyTargetsFitsIntoItsZnode() {
        var steps = new ArrayList<PlannedStep>();
        for (int i = 0; i < Measured.NODES + 1; i++) {
            steps.add(step("n".repeat(60) + (1_000 + i), 1 << 30, 0, 86_400_000));
        }
        var kept = Measured.keep(plan().setFormat(ZnodeCodec.FORMAT), steps).build();
        assertThat(kept.getPacesCount()).isEqualTo(Measured.NODES);
        assertThat(ZnodeCodec.PLAN.decode("/plans/x", ZnodeCodec.PLAN.encode("/plans/x", kept)))
                .isEqualTo(kept);
    }

    @Test
    void theNewestPlanCountsMostWhateverTheOrder() {
        var slow = over(10, List.of(step("n1", 40, 0, 8_000)));
        var fast = over(20, List.of(step("n1", 80, 0, 8_000)));
        double newest = Measured.of(List.of(slow, fast)).into(N1, LIMIT).bytesPerSecond();
        assertThat(Measured.of(List.of(fast, slow)).into(N1, LIMIT).bytesPerSecond())
                .isEqualTo(newest);
        assertThat(newest).as("80 MiB and half of 40, in 8 s and half of 8").isCloseTo((100 << 20) / 12.0, within(1.0));
    }

    @Test
    void stepsThatNobodySawBeginOrThatWereNotMadeTellNothing() {
        var unseen = step("n1", 40, 0, 4_000).toBuilder()
                .setCopiedAtMs(0)
                .setCopyingMs(0)
                .build();
        var skipped = step("n1", 40, 0, 4_000).toBuilder()
                .setPhase(PlanStepPhase.PLAN_STEP_PHASE_SKIPPED)
                .build();
        var paces = Measured.of(List.of(over(10, List.of(unseen, skipped))));
        assertThat(paces).isEqualTo(CopyPaces.NONE);
        assertThat(paces.into(N1, LIMIT).source()).isEqualTo(Source.LIMIT);
    }

    @Test
    void plansThatRunAreReckonedWithWhatTheyMeasuredSoFar() {
        var paces = Measured.with(CopyPaces.NONE, plan().build(), List.of(step("n1", 40, 0, 4_000)));
        assertThat(paces.into(N1, LIMIT).source()).isEqualTo(Source.MEASURED);
    }

    /** Two plans under the same readers: what was held back is not taken for the machine's pace, wherever it is told. */
    @Test
    void whatReadersLeftIsKeptWithThePlanAndOnlyOfPlansThatSomebodyReadMeanwhile() {
        var held =
                step("n1", 40, 0, 4_000).toBuilder().setAllowedBytes(42L << 20).build();
        var kept = Measured.keep(plan().setFinishedAtMs(20).setQuietReadP99Micros(5_000), List.of(held, held))
                .build();
        assertThat(kept.getPaces(0).getAllowedBytes())
                .as("both in the same four seconds, at the same pace")
                .isEqualTo(42L << 20);

        var paces = Measured.of(List.of(kept, over(10, List.of(step("n1", 40, 0, 400)))));
        assertThat(paces.leftByReaders()).isCloseTo(42 / 400.0, within(0.001));
        var alone = Measured.of(
                List.of(Measured.keep(plan().setFinishedAtMs(20), List.of(held)).build()));
        assertThat(alone.leftByReaders()).isEqualTo(1);
        assertThat(alone.into(N1, LIMIT).bytesPerSecond())
                .as("40 of the 42 MiB that were allowed")
                .isCloseTo(LIMIT * 40 / 42, within(1.0));
    }

    @Test
    void onlySoManyNodesAreKept() {
        var steps = new ArrayList<PlannedStep>();
        for (int node = 0; node < Measured.NODES + 44; node++) {
            steps.add(step("n" + node, 1 + node, 0, 1_000));
        }
        var kept = Measured.keep(plan(), steps);
        assertThat(kept.getPacesList()).hasSize(Measured.NODES);
        assertThat(kept.getPacesList().stream().mapToLong(CopyPace::getBytes).min())
                .as("those to which most came")
                .hasValue(45L << 20);
    }

    /** A plan with another limit, that is over. */
    private static PlanRecord under(double limit, PlannedStep... steps) {
        return Measured.keep(
                        plan().setBytesPerSecond((long) limit)
                                .setFinishedAtMs(20)
                                .setQuietReadP99Micros(5_000),
                        List.of(steps))
                .build();
    }

    private static PlanRecord over(long finishedAtMs, List<PlannedStep> steps) {
        return Measured.keep(plan().setFinishedAtMs(finishedAtMs), steps).build();
    }

    private static PlanRecord.Builder plan() {
        return PlanRecord.newBuilder().setId("0123456789ab").setBytesPerSecond((long) LIMIT);
    }

    /** A step that took a second to begin, so long to copy, and two seconds more. */
    private static PlannedStep step(String to, long mib, long fromMs, long copyingMs) {
        long base = 1_000_000 + fromMs;
        return PlannedStep.newBuilder()
                .setKind(PlanStepKind.PLAN_STEP_KIND_MOVE)
                .setTo(to)
                .setPhase(PlanStepPhase.PLAN_STEP_PHASE_DONE)
                .setBytes(mib << 20)
                .setMovedBytes(mib << 20)
                .setStartedAtMs(base)
                .setCopyingMs(copyingMs)
                .setCopiedAtMs(base + 1_000 + copyingMs)
                .setFinishedAtMs(base + 3_000 + copyingMs)
                .build();
    }
}
