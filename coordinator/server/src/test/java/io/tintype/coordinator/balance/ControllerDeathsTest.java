// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.balance;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.cluster.plan.PlanSteps;
import io.tintype.cluster.plan.PlanZnodes;
import io.tintype.cluster.plan.StoredPlan;
import io.tintype.cluster.zk.Paths;
import io.tintype.cluster.zk.ZkSession;
import io.tintype.cluster.zk.ZnodeCodec;
import io.tintype.proto.internal.v1.PlanPhase;
import io.tintype.proto.internal.v1.PlanPurpose;
import io.tintype.proto.internal.v1.PlanRecord;
import io.tintype.proto.internal.v1.PlanStepKind;
import io.tintype.proto.internal.v1.PlanStepPhase;
import io.tintype.proto.internal.v1.PlannedStep;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The controller dies at each write of a plan's life in turn, once before it is made and once when it is made but the controller
 * never hears of it: whoever is controller next ends the plan as if nothing had happened, and the dead one, should it only have
 * been thought dead, writes nothing more. With the real journal in a real ZooKeeper.
 */
final class ControllerDeathsTest {
    private static final int SHARDS_A_LIFE = 4;
    private static final int AT_ONCE = 2;
    private static final long QUIET_MICROS = 5_000;

    @TempDir
    private Path folder;

    private Offices offices;
    private ZkSession session;
    private ToyNodes nodes;
    private int lives;

    @BeforeEach
    void start() throws Exception {
        offices = Offices.open(folder);
        session = offices.session();
        nodes = new ToyNodes(session, List.of("n1", "n2", "n3", "n4"));
        nodes.readMicros = QUIET_MICROS;
    }

    @AfterEach
    void stop() {
        nodes.close();
        offices.close();
    }

    /** What an operator does whenever he sees the plan. */
    private interface Operator {
        void sees(StoredPlan plan) throws Exception;
    }

    /** How it came out: what must be the same whoever died. */
    private record Outcome(
            PlanPhase plan, int notDone, long quietMicros, List<PlanStepPhase> steps, List<String> shards) {}

    @Test
    void aPlanOfEveryKindOfStep() throws Exception {
        var outcome = diesAtEachWrite(
                10,
                first -> List.of(
                        ToyController.move(first, "n1", "n4"),
                        ToyController.step(PlanStepKind.PLAN_STEP_KIND_LEAD, first + 1, "", "n2"),
                        ToyController.step(PlanStepKind.PLAN_STEP_KIND_ADD, first + 2, "", "n4"),
                        ToyController.step(PlanStepKind.PLAN_STEP_KIND_DROP, first + 3, "n3", "")));

        assertThat(outcome.plan()).isEqualTo(PlanPhase.PLAN_PHASE_DONE);
        assertThat(outcome.steps()).containsOnly(PlanStepPhase.PLAN_STEP_PHASE_DONE);
        assertThat(outcome.quietMicros())
                .as("what reads took before the first step")
                .isEqualTo(QUIET_MICROS);
        assertThat(outcome.shards())
                .containsExactly(
                        "n2 n3 n4, led by n4", "n1 n2 n3, led by n2", "n1 n2 n3 n4, led by n1", "n1 n2, led by n1");
    }

    @Test
    void aCopyThatDiffersIsTakenBack() throws Exception {
        nodes.holdsSomethingElse("n4");
        var outcome = diesAtEachWrite(5, first -> List.of(ToyController.move(first, "n1", "n4")));

        assertThat(outcome.plan()).isEqualTo(PlanPhase.PLAN_PHASE_DONE);
        assertThat(outcome.steps()).containsExactly(PlanStepPhase.PLAN_STEP_PHASE_SKIPPED);
        assertThat(outcome.shards().get(0)).isEqualTo("n1 n2 n3, led by n1");
    }

    @Test
    void aPlanIsCancelledWhileItCopies() throws Exception {
        nodes.neverJoins("n4");
        IntFunction<List<PlannedStep>> steps = first -> List.of(
                ToyController.move(first, "n1", "n4"),
                ToyController.move(first + 1, "n2", "n4"),
                ToyController.move(first + 2, "n3", "n4"));
        var outcome = diesAtEachWrite(9, steps, plan -> {
            var header = plan.record();
            if (header.value().getPhase() == PlanPhase.PLAN_PHASE_RUNNING
                    && plan.steps().get(1).getPhase() == PlanStepPhase.PLAN_STEP_PHASE_COPYING) {
                var cancelled = header.value().toBuilder()
                        .setPhase(PlanPhase.PLAN_PHASE_CANCELLING)
                        .build();
                assertThat(ToyNodes.get(new PlanZnodes(session).change(header, cancelled)))
                        .isTrue();
            }
        });

        assertThat(outcome.plan()).isEqualTo(PlanPhase.PLAN_PHASE_CANCELLED);
        assertThat(outcome.notDone()).isEqualTo(3);
        assertThat(outcome.shards()).containsOnly("n1 n2 n3, led by n1");
    }

    /** Whoever keeps a plan may die with any part of it written: nobody can apply that, and whoever keeps it next makes it whole. */
    @Test
    void aPlanThatWasHalfKeptIsKeptByTheNext() throws Exception {
        var plans = new PlanZnodes(session);
        var steps = new ArrayList<PlannedStep>();
        for (int i = 0; i < 2 * PlanZnodes.STEPS_PER_PART + 1; i++) {
            steps.add(ToyController.move(1 + i, "n1", "n4"));
        }
        // A dead maker leaves the bare plan, and then one part more each.
        for (int parts = 0; parts <= 3; parts++) {
            String id = String.format("%012x", 0xabc0 + parts);
            var record = record(id, steps.size());
            assertThat(ToyNodes.get(plans.propose(record, steps))).isEqualTo(id);
            var whole = ToyNodes.get(plans.read(id)).orElseThrow();
            ToyNodes.get(plans.delete(id));
            leave(id, whole, parts);

            assertThat(ToyNodes.get(plans.read(id))).as("half a plan is none").isEmpty();
            assertThat(ToyNodes.get(plans.propose(record, steps))).isEqualTo(id);
            assertThat(ToyNodes.get(plans.read(id)).orElseThrow().steps()).isEqualTo(steps);
        }
    }

    /** The znodes in the order in which they are made, up to so many parts. */
    private void leave(String id, StoredPlan whole, int parts) throws Exception {
        var bare = PlanRecord.newBuilder().setFormat(1).build();
        ToyNodes.get(session.znodes().create(Paths.plan(id), ZnodeCodec.PLAN.encode(Paths.plan(id), bare)));
        for (int part = 0; part < parts; part++) {
            String path = Paths.planPart(id, part);
            var data = ZnodeCodec.PLAN_PART.encode(path, whole.parts().get(part).value());
            ToyNodes.get(session.znodes().create(path, data));
        }
    }

    // ---- a plan's life

    private Outcome diesAtEachWrite(int writes, IntFunction<List<PlannedStep>> steps) throws Exception {
        return diesAtEachWrite(writes, steps, plan -> {});
    }

    private Outcome diesAtEachWrite(int writes, IntFunction<List<PlannedStep>> steps, Operator operator)
            throws Exception {
        var undisturbed = ToyController.immortal(offices, nodes);
        var expected = live(undisturbed, steps, operator);
        assertThat(undisturbed.journal.writes).as("writes of the whole life").isEqualTo(writes);
        for (int write = 1; write <= writes; write++) {
            for (boolean made : List.of(false, true)) {
                assertThat(live(new ToyController(offices, nodes, write, made), steps, operator))
                        .as("after a death at write %d, which was %s", write, made ? "made" : "not made")
                        .isEqualTo(expected);
            }
        }
        return expected;
    }

    private Outcome live(ToyController first, IntFunction<List<PlannedStep>> planned, Operator operator)
            throws Exception {
        int firstShard = 1 + lives++ * SHARDS_A_LIFE;
        var shards = first.shards(firstShard, SHARDS_A_LIFE);
        first.look(shards); // nothing moves yet
        String id = String.format("%012x", lives);
        var steps = planned.apply(firstShard);
        offices.activate(record(id, steps.size()), steps);
        var plans = offices.plans();
        var now = first;
        @Nullable ToyController dead = null;
        try {
            for (int looks = 0; looks < 5_000; looks++) {
                var plan = ToyNodes.get(plans.read(id)).orElseThrow();
                if (plan.record().value().getFinishedAtMs() != 0 && nodes.move(shards)) {
                    assertThat(dead == null).as("nobody had to die").isEqualTo(first.isImmortal);
                    return outcome(plan, shards);
                }
                assertThat(plan.steps().stream().filter(PlanSteps::isUnderWay))
                        .as("steps under way at once")
                        .hasSizeLessThanOrEqualTo(AT_ONCE);
                operator.sees(plan);
                try {
                    now.look(shards);
                } catch (Journal.Interrupted e) {
                    assertThat(e).hasMessage(DyingJournal.KILLED);
                    dead = now;
                    now = ToyController.immortal(offices, nodes);
                    dead.mayNotWrite(shards);
                }
                nodes.move(shards);
            }
            throw new AssertionError("the plan does not end: " + ToyNodes.get(plans.read(id)));
        } finally {
            now.close();
            if (dead != null) {
                dead.close();
            }
        }
    }

    private Outcome outcome(StoredPlan plan, List<Integer> shards) throws Exception {
        var ends = new ArrayList<String>();
        for (int shard : shards) {
            var record = nodes.record(shard).value();
            assertThat(ToyNodes.inSync(record))
                    .containsExactlyInAnyOrderElementsOf(
                            ToyNodes.names(nodes.assignment(shard).getReplicasList()));
            ends.add(String.join(" ", ToyNodes.inSync(record).stream().sorted().toList()) + ", led by "
                    + record.getPrimary());
        }
        assertThat(ToyNodes.get(new PlanZnodes(session).active()).value().getActiveList())
                .as("plans still carried out")
                .isEmpty();
        var header = plan.record().value();
        return new Outcome(
                header.getPhase(),
                header.getNotDone(),
                header.getQuietReadP99Micros(),
                plan.steps().stream().map(PlannedStep::getPhase).toList(),
                ends);
    }

    private static PlanRecord record(String id, int steps) {
        return Offices.record(id, PlanPurpose.PLAN_PURPOSE_BALANCE, steps, AT_ONCE);
    }
}
