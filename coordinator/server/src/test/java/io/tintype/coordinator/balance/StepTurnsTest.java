// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.balance;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.proto.internal.v1.PlanPurpose;
import io.tintype.proto.internal.v1.PlanStepKind;
import io.tintype.proto.internal.v1.PlanStepPhase;
import io.tintype.proto.internal.v1.PlannedStep;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which of the steps that could be begun are, where there are too few places for all. */
final class StepTurnsTest {
    private static final String PLAN = "0123456789ab";
    private static final int AT_ONCE = 2;

    @TempDir
    private Path folder;

    private Offices offices;
    private ToyNodes nodes;
    private ToyController controller;

    @BeforeEach
    void start() throws Exception {
        offices = Offices.open(folder);
        nodes = new ToyNodes(offices.session(), List.of("n1", "n2", "n3", "n4", "n5"));
        controller = ToyController.immortal(offices, nodes);
    }

    @AfterEach
    void stop() {
        controller.close();
        nodes.close();
        offices.close();
    }

    /** Two into one node take as long together as one after the other, while the other one waits. */
    @Test
    void aNodeThatNothingComesIntoHasTheNextTurn() throws Exception {
        assertThat(begun(
                        ToyController.move(1, "n1", "n4"),
                        ToyController.move(2, "n1", "n4"),
                        ToyController.move(3, "n1", "n5")))
                .containsExactly(1, 3);
    }

    @Test
    void placesThatNobodyElseWantsAreNotLeftEmpty() throws Exception {
        assertThat(begun(ToyController.move(1, "n1", "n4"), ToyController.move(2, "n1", "n4")))
                .containsExactly(1, 2);
    }

    /** It would refuse a third one, which would keep a place meanwhile. */
    @Test
    void aNodeIsAskedToSendTwoCopiesAtATime() throws Exception {
        assertThat(begun(
                        3,
                        ToyController.move(1, "n1", "n4"),
                        ToyController.move(2, "n1", "n5"),
                        ToyController.move(3, "n1", "n3")))
                .containsExactly(1, 2);
    }

    /** The most endangered shard comes first, whoever is free. */
    @Test
    void whileReplicasAreMissingTheOrderIsThatOfDanger() throws Exception {
        assertThat(begun(
                        ToyController.step(PlanStepKind.PLAN_STEP_KIND_ADD, 1, "", "n4"),
                        ToyController.step(PlanStepKind.PLAN_STEP_KIND_ADD, 2, "", "n4"),
                        ToyController.step(PlanStepKind.PLAN_STEP_KIND_ADD, 3, "", "n5")))
                .containsExactly(1, 2);
    }

    /** The shards that steps were begun with at the first look. */
    private List<Integer> begun(PlannedStep... steps) throws Exception {
        return begun(AT_ONCE, steps);
    }

    private List<Integer> begun(int atOnce, PlannedStep... steps) throws Exception {
        var shards = controller.shards(1, steps.length);
        offices.activate(Offices.record(PLAN, PlanPurpose.PLAN_PURPOSE_BALANCE, steps.length, atOnce), List.of(steps));
        controller.look(shards);
        return offices.plan(PLAN).steps().stream()
                .filter(step -> step.getPhase() == PlanStepPhase.PLAN_STEP_PHASE_COPYING)
                .map(PlannedStep::getShard)
                .toList();
    }
}
