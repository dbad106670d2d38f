// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.balance;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.cluster.control.ControllerSeat;
import io.tintype.cluster.control.Term;
import io.tintype.cluster.embedded.EmbeddedZooKeeper;
import io.tintype.cluster.map.ClusterView;
import io.tintype.cluster.plan.PlanSteps;
import io.tintype.cluster.plan.PlanZnodes;
import io.tintype.cluster.plan.StoredPlan;
import io.tintype.cluster.zk.Paths;
import io.tintype.cluster.zk.ZkConfig;
import io.tintype.cluster.zk.ZkSession;
import io.tintype.cluster.zk.ZnodeCodec;
import io.tintype.coordinator.control.BalanceSettings;
import io.tintype.coordinator.control.ShardOrders;
import io.tintype.model.NodeId;
import io.tintype.proto.internal.v1.Placement;
import io.tintype.proto.internal.v1.PlanPhase;
import io.tintype.proto.internal.v1.PlanPurpose;
import io.tintype.proto.internal.v1.PlanRecord;
import io.tintype.proto.internal.v1.PlanStepKind;
import io.tintype.proto.internal.v1.PlanStepPhase;
import io.tintype.proto.internal.v1.PlannedStep;
import io.tintype.proto.internal.v1.ReplicaRole;
import io.tintype.proto.internal.v1.ShardAssignment;
import io.tintype.proto.internal.v1.ShardType;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
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
    private static final int NEVER = Integer.MAX_VALUE;
    private static final int SHARDS_A_LIFE = 4;
    private static final int AT_ONCE = 2;
    private static final Duration LONG = Duration.ofSeconds(60);

    @TempDir
    private Path folder;

    private EmbeddedZooKeeper zooKeeper;
    private ZkSession session;
    private ToyNodes nodes;
    private int lives;

    @BeforeEach
    void start() throws Exception {
        zooKeeper = EmbeddedZooKeeper.start(folder, 0);
        session = ZkSession.connect(ZkConfig.of(zooKeeper.connectString()));
        nodes = new ToyNodes(session, List.of("n1", "n2", "n3", "n4"));
    }

    @AfterEach
    void stop() {
        nodes.close();
        session.close();
        zooKeeper.close();
    }

    /** What an operator does whenever he sees the plan. */
    private interface Operator {
        void sees(StoredPlan plan) throws Exception;
    }

    /** How it came out: what must be the same whoever died. */
    private record Outcome(PlanPhase plan, int notDone, List<PlanStepPhase> steps, List<String> shards) {}

    @Test
    void aPlanOfEveryKindOfStep() throws Exception {
        var outcome = diesAtEachWrite(
                9,
                first -> List.of(
                        move(first, "n1", "n4"),
                        step(PlanStepKind.PLAN_STEP_KIND_LEAD, first + 1, "", "n2"),
                        step(PlanStepKind.PLAN_STEP_KIND_ADD, first + 2, "", "n4"),
                        step(PlanStepKind.PLAN_STEP_KIND_DROP, first + 3, "n3", "")));

        assertThat(outcome.plan()).isEqualTo(PlanPhase.PLAN_PHASE_DONE);
        assertThat(outcome.steps()).containsOnly(PlanStepPhase.PLAN_STEP_PHASE_DONE);
        assertThat(outcome.shards())
                .containsExactly(
                        "n2 n3 n4, led by n4", "n1 n2 n3, led by n2", "n1 n2 n3 n4, led by n1", "n1 n2, led by n1");
    }

    @Test
    void aCopyThatDiffersIsTakenBack() throws Exception {
        nodes.holdsSomethingElse("n4");
        var outcome = diesAtEachWrite(4, first -> List.of(move(first, "n1", "n4")));

        assertThat(outcome.plan()).isEqualTo(PlanPhase.PLAN_PHASE_DONE);
        assertThat(outcome.steps()).containsExactly(PlanStepPhase.PLAN_STEP_PHASE_SKIPPED);
        assertThat(outcome.shards().get(0)).isEqualTo("n1 n2 n3, led by n1");
    }

    @Test
    void aPlanIsCancelledWhileItCopies() throws Exception {
        nodes.neverJoins("n4");
        IntFunction<List<PlannedStep>> steps =
                first -> List.of(move(first, "n1", "n4"), move(first + 1, "n2", "n4"), move(first + 2, "n3", "n4"));
        var outcome = diesAtEachWrite(8, steps, plan -> {
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
            steps.add(move(1 + i, "n1", "n4"));
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
        var undisturbed = new Controller(NEVER, false);
        var expected = live(undisturbed, steps, operator);
        assertThat(undisturbed.journal.writes).as("writes of the whole life").isEqualTo(writes);
        for (int write = 1; write <= writes; write++) {
            for (boolean made : List.of(false, true)) {
                assertThat(live(new Controller(write, made), steps, operator))
                        .as("after a death at write %d, which was %s", write, made ? "made" : "not made")
                        .isEqualTo(expected);
            }
        }
        return expected;
    }

    private Outcome live(Controller first, IntFunction<List<PlannedStep>> planned, Operator operator) throws Exception {
        int firstShard = 1 + lives++ * SHARDS_A_LIFE;
        var shards = new ArrayList<Integer>();
        for (int shard = firstShard; shard < firstShard + SHARDS_A_LIFE; shard++) {
            shards.add(shard);
            var assignment = assignment(shard);
            assertThat(ToyNodes.get(first.term.assign(List.of(assignment), null)))
                    .isEqualTo(Term.Outcome.DONE);
            nodes.first(assignment);
        }
        String id = String.format("%012x", lives);
        var steps = planned.apply(firstShard);
        var plans = new PlanZnodes(session);
        ToyNodes.get(plans.propose(record(id, steps.size()), steps));
        assertThat(ToyNodes.get(
                        plans.activate(ToyNodes.get(plans.header(id)).orElseThrow(), ToyNodes.get(plans.active()), 1)))
                .isTrue();
        var now = first;
        @Nullable Controller dead = null;
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
                    now = new Controller(NEVER, false);
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
                plan.steps().stream().map(PlannedStep::getPhase).toList(),
                ends);
    }

    private static ShardAssignment assignment(int shard) {
        var assignment = ShardAssignment.newBuilder()
                .setFormat(1)
                .setShard(shard)
                .setType(ShardType.SHARD_TYPE_DATA)
                .setPool(ToyNodes.POOL);
        for (var node : List.of("n1", "n2", "n3")) {
            assignment.addReplicas(Placement.newBuilder().setNode(node).setRole(ReplicaRole.REPLICA_ROLE_VOTER));
        }
        return assignment.build();
    }

    private static PlannedStep move(int shard, String from, String to) {
        return step(PlanStepKind.PLAN_STEP_KIND_MOVE, shard, from, to);
    }

    private static PlannedStep step(PlanStepKind kind, int shard, String from, String to) {
        return PlannedStep.newBuilder()
                .setKind(kind)
                .setPhase(PlanStepPhase.PLAN_STEP_PHASE_WAITING)
                .setShard(shard)
                .setFrom(from)
                .setTo(to)
                .addAllBase(List.of("n1", "n2", "n3"))
                .build();
    }

    private static PlanRecord record(String id, int steps) {
        return PlanRecord.newBuilder()
                .setFormat(1)
                .setId(id)
                .setPurpose(PlanPurpose.PLAN_PURPOSE_BALANCE)
                .setPhase(PlanPhase.PLAN_PHASE_PROPOSED)
                .setTitle("test")
                .setCreatedAtMs(1)
                .setSteps(steps)
                .setMovesAtOnce(AT_ONCE)
                .build();
    }

    // ---- controllers

    /** One that may die. All are the same coordinator, started anew, so that the next one need not wait for a session to end. */
    private final class Controller implements AutoCloseable {
        final ZkSession own = ZkSession.connect(ZkConfig.of(zooKeeper.connectString()));
        final ControllerSeat seat;
        final Term term;
        final DyingJournal journal;
        final NodePolls polls = new NodePolls(nodes, ToyNodes.CLUSTER);
        final PlanRunner runner;
        final boolean isImmortal;
        volatile List<Integer> shards = List.of();

        Controller(int dieAt, boolean made) throws Exception {
            isImmortal = dieAt == NEVER;
            var terms = new LinkedBlockingQueue<Term>();
            seat = ControllerSeat.compete(own, new NodeId("c1"), terms::add);
            var won = terms.poll(LONG.toSeconds(), TimeUnit.SECONDS);
            assertThat(won).as("a term of office").isNotNull();
            term = won;
            journal = new DyingJournal(own, dieAt, made);
            var maker = new StepMaker(
                    journal,
                    polls,
                    new Absences(System::nanoTime),
                    new Verifier(this::view, nodes, ToyNodes.CLUSTER),
                    new ShardOrders(this::view, nodes, ToyNodes.CLUSTER),
                    Duration.ofMinutes(10),
                    System::currentTimeMillis);
            runner = new PlanRunner(journal, maker, polls, BalanceSettings.DEFAULTS, System::currentTimeMillis);
        }

        private ClusterView view() {
            try {
                return nodes.view(shards);
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        }

        void look(List<Integer> at) throws Journal.Interrupted {
            shards = at;
            nodes.report(polls);
            var unused = runner.look(term, view(), journal.active());
        }

        /** It was only thought dead: it goes on with what it has in mind, until it hears that it is deposed. */
        void mayNotWrite(List<Integer> at) {
            int before = journal.writes;
            journal.dieAt = NEVER;
            for (int looks = 0; looks < 3; looks++) { // a verdict may come between two of them
                try {
                    look(at);
                } catch (Journal.Interrupted e) {
                    assertThat(e.deposed).as("%s", e).isTrue();
                }
            }
            assertThat(journal.writes).as("writes of a deposed controller").isEqualTo(before);
        }

        @Override
        public void close() {
            seat.close();
            own.close();
        }
    }
}
