// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.balance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.tintype.proto.internal.v1.PlanPhase;
import io.tintype.proto.internal.v1.PlanPurpose;
import io.tintype.proto.internal.v1.PlanRecord;
import io.tintype.proto.internal.v1.PlanStepKind;
import io.tintype.proto.internal.v1.PlanStepPhase;
import io.tintype.proto.internal.v1.PlannedStep;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Leads change hands together, one to a node, while the rest of a plan goes on. With the real journal in a real ZooKeeper. */
final class LeadStepsTest {
    private static final String PLAN = "0123456789ab";
    private static final Duration LONG = Duration.ofSeconds(30);

    @TempDir
    private Path folder;

    private Offices offices;
    private ToyNodes nodes;
    private ToyController controller;

    @BeforeEach
    void start() throws Exception {
        offices = Offices.open(folder);
        nodes = new ToyNodes(offices.session(), List.of("n1", "n2", "n3", "n4"));
        controller = ToyController.immortal(offices, nodes);
    }

    @AfterEach
    void stop() {
        controller.close();
        nodes.close();
        offices.close();
    }

    @Test
    void oneToANodeAtOnceAndNothingElseWaitsForThem() throws Exception {
        var shards = controller.shards(1, 4);
        nodes.leads.hold();
        activate(
                PLAN,
                PlanPurpose.PLAN_PURPOSE_BALANCE,
                lead(1, "n2"),
                lead(2, "n2"),
                lead(3, "n3"),
                ToyController.move(4, "n1", "n4"));
        controller.look(shards);
        controller.look(shards);

        soon("what was ordered is known").until(() -> nodes.leads.held().size() == 2);
        assertThat(nodes.leads.held()).containsExactlyInAnyOrder("1 -> n2", "3 -> n3");
        assertThat(phase(PLAN, 3)).as("the copy").isEqualTo(PlanStepPhase.PLAN_STEP_PHASE_COPYING);

        nodes.leads.letGo();
        looksUntilOver(shards);
        assertThat(record().getNotDone()).isZero();
        assertThat(nodes.record(2).value().getPrimary()).isEqualTo("n2");
        assertThat(nodes.leads.all())
                .as("each order was given once, and the shard that moved was handed over as well")
                .containsExactlyInAnyOrder("1 -> n2", "2 -> n2", "3 -> n3", "4 -> n4");
    }

    /** Who waits for a lead would wait longer where the nodes have begun to copy. */
    @Test
    void whenAPlanBeginsItsCopiesWaitForTheFirstLeads() throws Exception {
        var shards = controller.shards(1, 2);
        nodes.leads.hold();
        controller.nowMs = 1_000_000;
        beginsAt(controller.nowMs);
        controller.look(shards);
        controller.look(shards);
        assertThat(phase(PLAN, 1)).as("the copy").isEqualTo(PlanStepPhase.PLAN_STEP_PHASE_WAITING);

        nodes.leads.letGo();
        looksUntilOver(shards);
        assertThat(record().getNotDone()).isZero();
    }

    /** By whose clock the plan began an hour later. */
    @Test
    void copiesDoNotWaitForLeadsAsLongAsClocksDiffer() throws Exception {
        var shards = controller.shards(1, 2);
        nodes.leads.hold();
        controller.nowMs = 1_000_000;
        beginsAt(controller.nowMs + Duration.ofHours(1).toMillis());
        controller.look(shards);
        controller.look(shards);
        assertThat(phase(PLAN, 1)).as("the copy").isEqualTo(PlanStepPhase.PLAN_STEP_PHASE_COPYING);
    }

    private void beginsAt(long nowMs) throws Exception {
        offices.activate(
                Offices.record(PLAN, PlanPurpose.PLAN_PURPOSE_BALANCE, 2, 2),
                List.of(lead(1, "n2"), ToyController.move(2, "n1", "n4")),
                nowMs);
    }

    @Test
    void soManyAtOnceAndNoMore() throws Exception {
        int many = LeadOrders.AT_ONCE + 2;
        var names = new ArrayList<>(List.of("n1", "n2", "n3", "n4"));
        for (int i = 0; i < many; i++) {
            names.add("t" + i);
        }
        nodes.close();
        nodes = new ToyNodes(offices.session(), names);
        controller.close();
        controller = ToyController.immortal(offices, nodes);
        var shards = controller.shards(1, many);
        nodes.leads.hold();
        var steps = new ArrayList<PlannedStep>();
        for (int i = 0; i < many; i++) {
            steps.add(ToyController.move(1 + i, "n1", "t" + i));
        }
        offices.activate(Offices.record(PLAN, PlanPurpose.PLAN_PURPOSE_BALANCE, many, many), steps);
        soon("all copies have come, and wait for the lead to be given").until(() -> {
            controller.look(shards);
            nodes.move(shards);
            return nodes.leads.held().size() >= LeadOrders.AT_ONCE;
        });
        for (int looks = 0; looks < 3; looks++) {
            controller.look(shards);
        }
        assertThat(nodes.leads.held()).hasSize(LeadOrders.AT_ONCE);

        nodes.leads.letGo();
        looksUntilOver(shards);
        assertThat(record().getNotDone()).isZero();
        assertThat(nodes.leads.all()).hasSize(many);
    }

    @Test
    void nothingElseBeginsWithAShardThatIsHandedOver() throws Exception {
        var shards = controller.shards(1, 1);
        nodes.leads.hold();
        activate(PLAN, PlanPurpose.PLAN_PURPOSE_BALANCE, lead(1, "n2"));
        controller.look(shards);
        soon("what was ordered is known").until(() -> nodes.leads.held().size() == 1);
        String repair = "00000000000a";
        activate(
                repair,
                PlanPurpose.PLAN_PURPOSE_REPAIR,
                ToyController.step(PlanStepKind.PLAN_STEP_KIND_DROP, 1, "n3", ""));
        controller.look(shards);
        assertThat(phase(repair, 0)).isEqualTo(PlanStepPhase.PLAN_STEP_PHASE_WAITING);

        nodes.leads.letGo();
        looksUntilOver(shards);
        assertThat(nodes.record(1).value().getPrimary()).isEqualTo("n2");
        soon("what was ordered is known").until(() -> {
            controller.look(shards);
            nodes.move(shards);
            return phase(repair, 0) == PlanStepPhase.PLAN_STEP_PHASE_DONE;
        });
    }

    @Test
    void whatACancelledPlanOrderedIsStillUnderWay() throws Exception {
        var shards = controller.shards(1, 3);
        nodes.leads.hold();
        activate(PLAN, PlanPurpose.PLAN_PURPOSE_BALANCE, lead(1, "n2"));
        controller.look(shards);
        soon("what was ordered is known").until(() -> nodes.leads.held().size() == 1);
        var header = offices.plan(PLAN).record();
        var cancelled = header.value().toBuilder()
                .setPhase(PlanPhase.PLAN_PHASE_CANCELLING)
                .build();
        assertThat(ToyNodes.get(offices.plans().change(header, cancelled))).isTrue();
        looksUntil(PLAN, PlanPhase.PLAN_PHASE_CANCELLED, shards);

        String next = "00000000000b";
        activate(next, PlanPurpose.PLAN_PURPOSE_BALANCE, lead(2, "n2"), lead(3, "n3"));
        for (int looks = 0; looks < 3; looks++) {
            controller.look(shards);
        }
        soon("what was ordered is known").until(() -> nodes.leads.held().contains("3 -> n3"));
        assertThat(nodes.leads.held()).as("its node is not free yet").containsExactly("1 -> n2", "3 -> n3");

        nodes.leads.letGo();
        looksUntil(next, PlanPhase.PLAN_PHASE_DONE, shards);
        assertThat(nodes.leads.all()).containsExactly("1 -> n2", "3 -> n3", "2 -> n2");
    }

    @Test
    void aNodeThatWillNotLeadIsGivenUp() throws Exception {
        var shards = controller.shards(1, 1);
        nodes.leads.refuse();
        activate(PLAN, PlanPurpose.PLAN_PURPOSE_BALANCE, lead(1, "n2"));
        looksUntilOver(shards);
        var step = offices.plan(PLAN).steps().get(0);
        assertThat(step.getPhase()).isEqualTo(PlanStepPhase.PLAN_STEP_PHASE_SKIPPED);
        assertThat(step.getDetail()).isEqualTo("n2 could not be made to lead");
        assertThat(nodes.leads.all()).hasSize(LeadOrders.TRIES);
    }

    private static ConditionFactory soon(String what) {
        return await(what).atMost(LONG).pollInterval(Duration.ofMillis(10));
    }

    private void looksUntilOver(List<Integer> shards) {
        looksUntil(PLAN, PlanPhase.PLAN_PHASE_DONE, shards);
    }

    private void looksUntil(String plan, PlanPhase over, List<Integer> shards) {
        soon("the plan is over").until(() -> {
            controller.look(shards);
            nodes.move(shards);
            return offices.plan(plan).record().value().getPhase() == over;
        });
    }

    private PlanRecord record() throws Exception {
        return offices.plan(PLAN).record().value();
    }

    private PlanStepPhase phase(String plan, int step) throws Exception {
        return offices.plan(plan).steps().get(step).getPhase();
    }

    private static PlannedStep lead(int shard, String to) {
        return ToyController.step(PlanStepKind.PLAN_STEP_KIND_LEAD, shard, "", to);
    }

    private void activate(String id, PlanPurpose purpose, PlannedStep... steps) throws Exception {
        offices.activate(Offices.record(id, purpose, steps.length, 1), List.of(steps));
    }
}
