// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.balance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.tintype.cluster.channel.ChannelSource;
import io.tintype.cluster.control.Term;
import io.tintype.cluster.map.ClusterView;
import io.tintype.cluster.map.ShardMapWatcher;
import io.tintype.cluster.map.ShardZnodes;
import io.tintype.cluster.plan.StoredPlan;
import io.tintype.cluster.zk.Paths;
import io.tintype.coordinator.control.BalanceSettings;
import io.tintype.model.NodeId;
import io.tintype.model.NodeInfo;
import io.tintype.model.ShardId;
import io.tintype.model.TintypeException;
import io.tintype.proto.internal.v1.Member;
import io.tintype.proto.internal.v1.PlanPhase;
import io.tintype.proto.internal.v1.PlanPurpose;
import io.tintype.proto.internal.v1.PlanRecord;
import io.tintype.proto.internal.v1.PlanStepKind;
import io.tintype.proto.internal.v1.PlanStepPhase;
import io.tintype.proto.internal.v1.PlannedStep;
import io.tintype.proto.internal.v1.ShardAssignment;
import io.tintype.proto.internal.v1.ShardRecord;
import io.tintype.proto.internal.v1.ShardType;
import io.tintype.proto.v1.PlanOrder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** Looks at plans that stand in a real ZooKeeper; no node is ever asked. */
final class PlanRunnerTest {
    private static final String PLAN = "0123456789ab";
    private static final int SHARD = 1;
    private static final int AT_ONCE = 4;
    private static final ChannelSource NOBODY = address -> {
        throw new IllegalStateException("nobody is to be asked, and " + address + " was");
    };

    @TempDir
    private Path folder;

    private Offices offices;
    private Offices.Office office;
    private ShardMapWatcher watcher;
    private ShardZnodes shards;
    /** What the view still says of the shard; null: what stands in ZooKeeper. */
    private @Nullable ShardAssignment assignedBefore;

    @BeforeEach
    void start() throws Exception {
        offices = Offices.open(folder);
        office = offices.take();
        watcher = ShardMapWatcher.start(offices.session());
        shards = new ShardZnodes(offices.session());
        assertThat(ToyNodes.get(office.term().assign(List.of(Offices.assigned(SHARD, "n1", "n2")), null)))
                .isEqualTo(Term.Outcome.DONE);
        var unused = ToyNodes.get(shards.create(ledBy("n1", "n2")));
        await().atMost(Duration.ofSeconds(30))
                .until(() -> view().assignments().containsKey(new ShardId(SHARD))
                        && view().map()
                                .shard(new ShardId(SHARD))
                                .flatMap(shard -> shard.primary())
                                .isPresent());
    }

    @AfterEach
    void stop() {
        shards.close();
        watcher.close();
        office.close();
        offices.close();
    }

    @Test
    void aLeadForAReplicaThatNeverCameIsGivenUp() throws Exception {
        var came = step(PlanStepKind.PLAN_STEP_KIND_ADD, "n3", "n1", "n2")
                .setPhase(PlanStepPhase.PLAN_STEP_PHASE_SKIPPED)
                .setDetail("node n3 went away while it was copied to")
                .build();
        var lead = step(PlanStepKind.PLAN_STEP_KIND_LEAD, "n3", "n1", "n2", "n3")
                .setPhase(PlanStepPhase.PLAN_STEP_PHASE_WAITING)
                .build();
        var plan = lookAt(came, lead);

        assertThat(plan.getPhase()).isEqualTo(PlanPhase.PLAN_PHASE_DONE);
        assertThat(plan.getNotDone()).isEqualTo(2);
        assertThat(steps().get(1).getDetail()).contains("shard 1 is assigned to n1 n2 now, not to n1 n2 n3");
    }

    @Test
    void aLeadForAReplicaThatIsNotInSyncYetWaits() throws Exception {
        var lead = step(PlanStepKind.PLAN_STEP_KIND_LEAD, "n3", "n1", "n2")
                .setPhase(PlanStepPhase.PLAN_STEP_PHASE_WAITING)
                .build();

        assertThat(lookAt(lead).getPhase()).isEqualTo(PlanPhase.PLAN_PHASE_RUNNING);
        assertThat(steps().get(0).getPhase()).isEqualTo(PlanStepPhase.PLAN_STEP_PHASE_WAITING);
    }

    @Test
    void aPlanIsRefusedOnceTheClusterChangedInAWayThatMatters() throws Exception {
        var add = step(PlanStepKind.PLAN_STEP_KIND_ADD, "n3", "n1", "n2", "n4")
                .setPhase(PlanStepPhase.PLAN_STEP_PHASE_WAITING)
                .build();

        assertThatThrownBy(() -> lookAt(add))
                .hasCauseInstanceOf(TintypeException.class)
                .hasMessageContaining(
                        "The cluster has changed since plan " + PLAN + " was made: shard 1 is assigned to n1 n2"
                                + " now, not to n1 n2 n4. Make a new plan: tintype rebalance plan");
        assertThat(steps().get(0).getPhase()).isEqualTo(PlanStepPhase.PLAN_STEP_PHASE_WAITING);
    }

    /** As when a node dies: moves of its shards end only once it is replaced, and must not hold that up. */
    @Test
    void movesThatCannotEndHoldNoRepairUp() throws Exception {
        var stuck = new PlannedStep[4];
        for (int i = 0; i < stuck.length; i++) {
            seen(Offices.assigned(100 + i, "n1", "n2", "n3"));
            stuck[i] = step(PlanStepKind.PLAN_STEP_KIND_MOVE, "n3", "n1", "n2")
                    .setShard(100 + i)
                    .setPhase(PlanStepPhase.PLAN_STEP_PHASE_COPYING)
                    .build();
        }
        var drop = step(PlanStepKind.PLAN_STEP_KIND_DROP, "", "n1", "n2")
                .setFrom("n2")
                .setPhase(PlanStepPhase.PLAN_STEP_PHASE_WAITING)
                .build();
        offices.activate(
                Offices.record("00000000000a", PlanPurpose.PLAN_PURPOSE_BALANCE, stuck.length, AT_ONCE),
                List.of(stuck));
        offices.activate(Offices.record(PLAN, PlanPurpose.PLAN_PURPOSE_REPAIR, 1, AT_ONCE), List.of(drop));
        look(0);

        assertThat(steps().get(0).getPhase()).isEqualTo(PlanStepPhase.PLAN_STEP_PHASE_LEAVING);
    }

    /** Whoever takes a plan over cannot measure it any more. */
    @Test
    void whatReadersFeltInQuietTimesIsNotedOnceBeforeTheFirstStep() throws Exception {
        var lead = step(PlanStepKind.PLAN_STEP_KIND_LEAD, "n3", "n1", "n2")
                .setPhase(PlanStepPhase.PLAN_STEP_PHASE_WAITING)
                .build();
        assertThat(lookAt(lead).getQuietReadP99Micros()).as("nobody knew").isZero();
        look(4_711);
        assertThat(quiet()).isEqualTo(4_711);
        look(90_000);
        assertThat(quiet()).as("what was noted before").isEqualTo(4_711);

        assertThat(steer(PlanOrder.PLAN_ORDER_CANCEL).getQuietReadP99Micros())
                .as("an operator's word leaves it as it is")
                .isEqualTo(4_711);
        look(0);
        var over = offices.plan(PLAN).record().value();
        assertThat(over.getPhase()).isEqualTo(PlanPhase.PLAN_PHASE_CANCELLED);
        assertThat(over.getQuietReadP99Micros()).isEqualTo(4_711);
    }

    @Test
    void nothingIsNotedOfAPlanThatIsPaused() throws Exception {
        var lead = step(PlanStepKind.PLAN_STEP_KIND_LEAD, "n3", "n1", "n2")
                .setPhase(PlanStepPhase.PLAN_STEP_PHASE_WAITING)
                .build();
        offices.activate(Offices.record(PLAN, PlanPurpose.PLAN_PURPOSE_BALANCE, 1, AT_ONCE), List.of(lead));
        var unused = steer(PlanOrder.PLAN_ORDER_PAUSE);
        look(4_711);
        assertThat(quiet()).isZero();
        unused = steer(PlanOrder.PLAN_ORDER_RESUME);
        look(4_711);
        assertThat(quiet()).isEqualTo(4_711);
    }

    @Test
    void whoHasNothingToWriteHearsThatItIsDeposed() throws Exception {
        var lead = step(PlanStepKind.PLAN_STEP_KIND_LEAD, "n3", "n1", "n2")
                .setPhase(PlanStepPhase.PLAN_STEP_PHASE_WAITING)
                .build();
        offices.activate(Offices.record(PLAN, PlanPurpose.PLAN_PURPOSE_BALANCE, 1, AT_ONCE), List.of(lead));
        look(0);
        try (var next = offices.take()) {
            assertThat(ToyNodes.get(next.term().isOver())).isFalse();
            assertThatThrownBy(() -> look(0))
                    .isInstanceOfSatisfying(
                            Journal.Interrupted.class,
                            e -> assertThat(e.deposed).isTrue());
        }
    }

    /** As where its record has become too long to be written: it fails at every look. */
    @Test
    void aPlanThatCannotBeEndedHoldsNoOtherUp() throws Exception {
        var over = step(PlanStepKind.PLAN_STEP_KIND_ADD, "n3", "n1", "n2")
                .setPhase(PlanStepPhase.PLAN_STEP_PHASE_DONE)
                .build();
        String repair = "00000000000a";
        offices.activate(Offices.record(repair, PlanPurpose.PLAN_PURPOSE_REPAIR, 1, AT_ONCE), List.of(over));
        offices.activate(Offices.record(PLAN, PlanPurpose.PLAN_PURPOSE_BALANCE, 1, AT_ONCE), List.of(over));
        look(
                new Journal(offices.session()) {
                    @Override
                    void finish(Term term, StoredPlan plan, PlanPhase how, long nowMs) throws Interrupted {
                        if (plan.id().equals(repair)) {
                            throw new IllegalStateException("too long");
                        }
                        super.finish(term, plan, how, nowMs);
                    }
                },
                0);

        assertThat(offices.plan(repair).record().value().getPhase()).isEqualTo(PlanPhase.PLAN_PHASE_RUNNING);
        assertThat(offices.plan(PLAN).record().value().getPhase()).isEqualTo(PlanPhase.PLAN_PHASE_DONE);
    }

    /** By whatever fault: nobody deletes an assignment. Its records are still there. */
    @Test
    void stepsOfAShardThatIsNotAssignedAnyMoreAreGivenUpAndHoldNoOthersUp() throws Exception {
        var phases = List.of(
                PlanStepPhase.PLAN_STEP_PHASE_WAITING,
                PlanStepPhase.PLAN_STEP_PHASE_COPYING,
                PlanStepPhase.PLAN_STEP_PHASE_LEAVING,
                PlanStepPhase.PLAN_STEP_PHASE_REVERTING);
        var orphans = new PlannedStep[phases.size()];
        for (int i = 0; i < orphans.length; i++) {
            int shard = 100 + i;
            var record = ledBy("n1", "n2").toBuilder()
                    .setShard(shard)
                    .addAllReplicas(Offices.assigned(shard, "n1", "n2", "n3").getReplicasList());
            var unused = ToyNodes.get(shards.create(record.build()));
            orphans[i] = step(PlanStepKind.PLAN_STEP_KIND_MOVE, "n3", "n1", "n2")
                    .setShard(shard)
                    .setFrom("n2")
                    .setPhase(phases.get(i))
                    .build();
        }
        await().atMost(Duration.ofSeconds(30)).until(() -> view().map().shards().count() == 1 + orphans.length);
        String repair = "00000000000a";
        offices.activate(
                Offices.record(repair, PlanPurpose.PLAN_PURPOSE_REPAIR, orphans.length, AT_ONCE), List.of(orphans));
        offices.activate(Offices.record(PLAN, PlanPurpose.PLAN_PURPOSE_BALANCE, 1, AT_ONCE), List.of(dropOf(SHARD)));
        look(0);

        assertThat(offices.plan(repair).steps())
                .extracting(PlannedStep::getPhase, PlannedStep::getDetail)
                .containsExactly(
                        tuple(PlanStepPhase.PLAN_STEP_PHASE_SKIPPED, "shard 100 is no more"),
                        tuple(PlanStepPhase.PLAN_STEP_PHASE_SKIPPED, "shard 101 is no more"),
                        tuple(PlanStepPhase.PLAN_STEP_PHASE_SKIPPED, "shard 102 is no more"),
                        tuple(PlanStepPhase.PLAN_STEP_PHASE_SKIPPED, "shard 103 is no more"));
        assertThat(offices.plan(repair).record().value().getPhase()).isEqualTo(PlanPhase.PLAN_PHASE_DONE);
        assertThat(steps().get(0).getPhase()).isEqualTo(PlanStepPhase.PLAN_STEP_PHASE_LEAVING);
    }

    /** The view keeps what it knew of it before. */
    @Test
    void anAssignmentThatCannotBeUnderstoodHoldsUpItsShardAloneAndIsToldOnce() throws Exception {
        seen(Offices.assigned(2, "n1", "n2"));
        var unused = ToyNodes.get(
                shards.create(ledBy("n1", "n2").toBuilder().setShard(2).build()));
        await().atMost(Duration.ofSeconds(30))
                .until(() -> view().map()
                        .shard(new ShardId(2))
                        .flatMap(shard -> shard.primary())
                        .isPresent());
        var broken = ToyNodes.get(offices.session().znodes().set(Paths.assignment(2), new byte[] {1}, -1));
        assertThat(broken).isPositive();
        offices.activate(
                Offices.record(PLAN, PlanPurpose.PLAN_PURPOSE_BALANCE, 2, AT_ONCE), List.of(dropOf(2), dropOf(SHARD)));
        var lines = new ListAppender<ILoggingEvent>();
        lines.start();
        var logger = (Logger) LoggerFactory.getLogger(PlanRunner.class);
        logger.addAppender(lines);
        try {
            var journal = new Journal(offices.session());
            var runner = runner(journal);
            for (int looks = 0; looks < 3; looks++) {
                var plans = runner.look(office.term(), view(), journal.active(office.term()), 0);
                assertThat(plans).hasSize(1);
            }
        } finally {
            logger.detachAppender(lines);
        }

        assertThat(steps())
                .extracting(PlannedStep::getPhase)
                .containsExactly(PlanStepPhase.PLAN_STEP_PHASE_WAITING, PlanStepPhase.PLAN_STEP_PHASE_DONE);
        assertThat(lines.list).singleElement().satisfies(line -> {
            assertThat(line.getFormattedMessage()).startsWith("plan " + PLAN + ": step 1 cannot be gone on with");
            assertThat(line.getThrowableProxy().getMessage())
                    .isEqualTo("the assignment of shard 2 cannot be understood");
        });
    }

    /** As where it is told of shards sooner than of their assignments: a step of the shard that has just ended changed it. */
    @Test
    void whatTheViewDoesNotKnowYetMakesNoStepOutdated() throws Exception {
        offices.activate(Offices.record(PLAN, PlanPurpose.PLAN_PURPOSE_BALANCE, 1, AT_ONCE), List.of(dropOf(SHARD)));
        assignedBefore = Offices.assigned(SHARD, "n1", "n2", "n3");
        look(0);
        assertThat(steps().get(0).getPhase()).isEqualTo(PlanStepPhase.PLAN_STEP_PHASE_LEAVING);
    }

    private static PlannedStep dropOf(int shard) {
        return step(PlanStepKind.PLAN_STEP_KIND_DROP, "", "n1", "n2")
                .setShard(shard)
                .setFrom("n2")
                .setPhase(PlanStepPhase.PLAN_STEP_PHASE_WAITING)
                .build();
    }

    private void seen(ShardAssignment assigned) throws Exception {
        assertThat(ToyNodes.get(office.term().assign(List.of(assigned), null))).isEqualTo(Term.Outcome.DONE);
        await().atMost(Duration.ofSeconds(30))
                .until(() -> view().assignments().containsKey(new ShardId(assigned.getShard())));
    }

    @Test
    void aPlanThatCannotBeUnderstoodHoldsNoOtherUp() throws Exception {
        var over = step(PlanStepKind.PLAN_STEP_KIND_ADD, "n3", "n1", "n2")
                .setPhase(PlanStepPhase.PLAN_STEP_PHASE_DONE)
                .build();
        String repair = "00000000000a";
        offices.activate(Offices.record(repair, PlanPurpose.PLAN_PURPOSE_REPAIR, 1, AT_ONCE), List.of(over));
        offices.activate(Offices.record(PLAN, PlanPurpose.PLAN_PURPOSE_BALANCE, 1, AT_ONCE), List.of(over));
        var unused = ToyNodes.get(offices.session().znodes().set(Paths.planPart(repair, 0), new byte[] {1}, -1));
        look(0);

        assertThat(offices.plan(PLAN).record().value().getPhase()).isEqualTo(PlanPhase.PLAN_PHASE_DONE);
    }

    /** He would make plans otherwise, as who is in office does unasked. */
    @Test
    void whoHasNoPlanHearsThatItIsDeposed() throws Exception {
        look(0);
        try (var next = offices.take()) {
            assertThat(ToyNodes.get(next.term().isOver())).isFalse();
            assertThatThrownBy(() -> look(0))
                    .isInstanceOfSatisfying(
                            Journal.Interrupted.class,
                            e -> assertThat(e.deposed).isTrue());
        }
    }

    @Test
    void whoIsDeposedHasNoPlanCarriedOut() throws Exception {
        var lead = step(PlanStepKind.PLAN_STEP_KIND_LEAD, "n3", "n1", "n2")
                .setPhase(PlanStepPhase.PLAN_STEP_PHASE_WAITING)
                .build();
        var record = Offices.record(PLAN, PlanPurpose.PLAN_PURPOSE_REPAIR, 1, AT_ONCE);
        var unused = ToyNodes.get(offices.plans().propose(record, List.of(lead)));
        try (var next = offices.take()) {
            assertThatThrownBy(() -> ToyNodes.get(planning().starts().apply(PLAN, office.term())))
                    .hasCauseInstanceOf(TintypeException.class);
            assertThat(offices.plan(PLAN).record().value().getPhase()).isEqualTo(PlanPhase.PLAN_PHASE_PROPOSED);
            assertThat(ToyNodes.get(planning().starts().apply(PLAN, next.term()))
                            .getPhase())
                    .isEqualTo(PlanPhase.PLAN_PHASE_RUNNING);
        }
    }

    private PlanRecord steer(PlanOrder order) throws Exception {
        return ToyNodes.get(new PlanSteering(offices.plans()).steer(PLAN, order));
    }

    private long quiet() throws Exception {
        return offices.plan(PLAN).record().value().getQuietReadP99Micros();
    }

    private void look(long quietMicros) throws Exception {
        look(new Journal(offices.session()), quietMicros);
    }

    private void look(Journal journal, long quietMicros) throws Exception {
        var unused = runner(journal).look(office.term(), view(), journal.active(office.term()), quietMicros);
    }

    private PlanRunner runner(Journal journal) {
        return Offices.runner(journal, new NodePolls(NOBODY, "cluster"), this::view, NOBODY, "cluster");
    }

    /** Applies a plan of these steps and looks at it once. */
    private PlanRecord lookAt(PlannedStep... steps) throws Exception {
        var record = Offices.record(PLAN, PlanPurpose.PLAN_PURPOSE_BALANCE, steps.length, AT_ONCE);
        var unused = ToyNodes.get(offices.plans().propose(record, List.of(steps)));
        var applied = ToyNodes.get(planning().starts().apply(PLAN));
        assertThat(applied.getPhase()).isEqualTo(PlanPhase.PLAN_PHASE_RUNNING);
        look(0);
        return offices.plan(PLAN).record().value();
    }

    private Planning planning() {
        var plans = offices.plans();
        return new Planning(
                this::view,
                new NodePolls(NOBODY, "cluster"),
                new Absences(System::nanoTime),
                BalanceSettings.DEFAULTS,
                plans,
                new PaceHistory(plans, System::nanoTime),
                System::currentTimeMillis);
    }

    private List<PlannedStep> steps() throws Exception {
        return offices.plan(PLAN).steps();
    }

    /** What stands in ZooKeeper, and a node. */
    private ClusterView view() {
        var seen = watcher.view();
        var node = new NodeInfo(new NodeId("n3"), "n3:7410", "n3:7411", "eu", "a", true, 1L << 40);
        var assignments = new HashMap<>(seen.assignments());
        if (assignedBefore != null) {
            assignments.put(new ShardId(SHARD), assignedBefore);
        }
        return new ClusterView(
                seen.map().with(List.of(node), List.of()), seen.pools(), assignments, null, seen.intents());
    }

    private static PlannedStep.Builder step(PlanStepKind kind, String to, String... base) {
        return PlannedStep.newBuilder().setKind(kind).setShard(SHARD).setTo(to).addAllBase(List.of(base));
    }

    private static ShardRecord ledBy(String primary, String other) {
        return ShardRecord.newBuilder()
                .setFormat(1)
                .setShard(SHARD)
                .setType(ShardType.SHARD_TYPE_DATA)
                .setPool(ToyNodes.POOL)
                .setConfigVersion(1)
                .setEpoch(1)
                .setPrimary(primary)
                .addInSync(Member.newBuilder().setNode(primary).setIncarnation(1))
                .addInSync(Member.newBuilder().setNode(other).setIncarnation(1))
                .setWriter(primary)
                .setWriterNonce(1)
                .build();
    }
}
