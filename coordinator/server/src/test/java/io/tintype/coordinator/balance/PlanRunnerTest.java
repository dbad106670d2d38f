// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.balance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.tintype.cluster.channel.ChannelSource;
import io.tintype.cluster.control.ControllerSeat;
import io.tintype.cluster.control.Term;
import io.tintype.cluster.embedded.EmbeddedZooKeeper;
import io.tintype.cluster.map.ClusterView;
import io.tintype.cluster.map.ShardMapWatcher;
import io.tintype.cluster.map.ShardZnodes;
import io.tintype.cluster.plan.PlanZnodes;
import io.tintype.cluster.zk.ZkConfig;
import io.tintype.cluster.zk.ZkSession;
import io.tintype.coordinator.control.BalanceSettings;
import io.tintype.coordinator.control.ShardOrders;
import io.tintype.model.NodeId;
import io.tintype.model.NodeInfo;
import io.tintype.model.ShardId;
import io.tintype.model.TintypeException;
import io.tintype.proto.internal.v1.Member;
import io.tintype.proto.internal.v1.Placement;
import io.tintype.proto.internal.v1.PlanPhase;
import io.tintype.proto.internal.v1.PlanPurpose;
import io.tintype.proto.internal.v1.PlanRecord;
import io.tintype.proto.internal.v1.PlanStepKind;
import io.tintype.proto.internal.v1.PlanStepPhase;
import io.tintype.proto.internal.v1.PlannedStep;
import io.tintype.proto.internal.v1.ReplicaRole;
import io.tintype.proto.internal.v1.ShardAssignment;
import io.tintype.proto.internal.v1.ShardRecord;
import io.tintype.proto.internal.v1.ShardType;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Looks at plans that stand in a real ZooKeeper; no node is ever asked. */
final class PlanRunnerTest {
    private static final String PLAN = "0123456789ab";
    private static final int SHARD = 1;
    private static final ChannelSource NOBODY = address -> {
        throw new IllegalStateException("nobody is to be asked, and " + address + " was");
    };

    @TempDir
    private Path folder;

    private EmbeddedZooKeeper zooKeeper;
    private ZkSession session;
    private ShardMapWatcher watcher;
    private ShardZnodes shards;
    private Term term;

    @BeforeEach
    void start() throws Exception {
        zooKeeper = EmbeddedZooKeeper.start(folder, 0);
        session = ZkSession.connect(ZkConfig.of(zooKeeper.connectString()));
        watcher = ShardMapWatcher.start(session);
        shards = new ShardZnodes(session);
        var terms = new LinkedBlockingQueue<Term>();
        ControllerSeat.compete(session, new NodeId("c1"), terms::add);
        var won = terms.poll(30, TimeUnit.SECONDS);
        assertThat(won).isNotNull();
        term = won;
        assertThat(term.assign(List.of(assignedTo("n1", "n2")), null).get(30, TimeUnit.SECONDS))
                .isEqualTo(Term.Outcome.DONE);
        shards.create(ledBy("n1", "n2")).get(30, TimeUnit.SECONDS);
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
        session.close();
        zooKeeper.close();
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
            stuck[i] = step(PlanStepKind.PLAN_STEP_KIND_MOVE, "n3", "n1", "n2")
                    .setShard(100 + i)
                    .setPhase(PlanStepPhase.PLAN_STEP_PHASE_COPYING)
                    .build();
        }
        var drop = step(PlanStepKind.PLAN_STEP_KIND_DROP, "", "n1", "n2")
                .setFrom("n2")
                .setPhase(PlanStepPhase.PLAN_STEP_PHASE_WAITING)
                .build();
        activate("00000000000a", PlanPurpose.PLAN_PURPOSE_BALANCE, stuck);
        activate(PLAN, PlanPurpose.PLAN_PURPOSE_REPAIR, drop);
        look(new NodePolls(NOBODY, "cluster"), new Absences(System::nanoTime));

        assertThat(steps().get(0).getPhase()).isEqualTo(PlanStepPhase.PLAN_STEP_PHASE_LEAVING);
    }

    private void activate(String id, PlanPurpose purpose, PlannedStep... steps) throws Exception {
        var plans = new PlanZnodes(session);
        plans.propose(record(id, purpose, steps), List.of(steps)).get(30, TimeUnit.SECONDS);
        assertThat(plans.activate(
                                plans.header(id).get(30, TimeUnit.SECONDS).orElseThrow(),
                                plans.active().get(30, TimeUnit.SECONDS),
                                System.currentTimeMillis())
                        .get(30, TimeUnit.SECONDS))
                .isTrue();
    }

    private static PlanRecord record(String id, PlanPurpose purpose, PlannedStep... steps) {
        return PlanRecord.newBuilder()
                .setFormat(1)
                .setId(id)
                .setPurpose(purpose)
                .setPhase(PlanPhase.PLAN_PHASE_PROPOSED)
                .setTitle("test")
                .setCreatedAtMs(System.currentTimeMillis())
                .setSteps(steps.length)
                .setMovesAtOnce(4)
                .build();
    }

    private void look(NodePolls polls, Absences absences) throws Exception {
        var journal = new Journal(session);
        var maker = new StepMaker(
                journal,
                polls,
                absences,
                new Verifier(this::view, NOBODY, "cluster"),
                new ShardOrders(this::view, NOBODY, "cluster"),
                Duration.ofMinutes(10),
                System::currentTimeMillis);
        var unused = new PlanRunner(journal, maker, polls, BalanceSettings.DEFAULTS, System::currentTimeMillis)
                .look(term, view(), journal.active());
    }

    /** Applies a plan of these steps and looks at it once. */
    private PlanRecord lookAt(PlannedStep... steps) throws Exception {
        var plans = new PlanZnodes(session);
        var record = record(PLAN, PlanPurpose.PLAN_PURPOSE_BALANCE, steps);
        plans.propose(record, List.of(steps)).get(30, TimeUnit.SECONDS);
        var polls = new NodePolls(NOBODY, "cluster");
        var absences = new Absences(System::nanoTime);
        var history = new PaceHistory(plans, System::nanoTime);
        new Planning(this::view, polls, absences, BalanceSettings.DEFAULTS, plans, history, System::currentTimeMillis)
                .apply(PLAN)
                .get(30, TimeUnit.SECONDS);
        look(polls, absences);
        return plans.header(PLAN).get(30, TimeUnit.SECONDS).orElseThrow().value();
    }

    private List<PlannedStep> steps() throws Exception {
        return new PlanZnodes(session)
                .read(PLAN)
                .get(30, TimeUnit.SECONDS)
                .orElseThrow()
                .steps();
    }

    /** What stands in ZooKeeper, and a node. */
    private ClusterView view() {
        var seen = watcher.view();
        var node = new NodeInfo(new NodeId("n3"), "n3:7410", "n3:7411", "eu", "a", true, 1L << 40);
        return new ClusterView(
                seen.map().with(List.of(node), List.of()), seen.pools(), seen.assignments(), null, seen.intents());
    }

    private static PlannedStep.Builder step(PlanStepKind kind, String to, String... base) {
        return PlannedStep.newBuilder().setKind(kind).setShard(SHARD).setTo(to).addAllBase(List.of(base));
    }

    private static ShardAssignment assignedTo(String... nodes) {
        var assignment = ShardAssignment.newBuilder()
                .setFormat(1)
                .setShard(SHARD)
                .setType(ShardType.SHARD_TYPE_DATA)
                .setPool("eu.standard");
        for (var node : nodes) {
            assignment.addReplicas(Placement.newBuilder().setNode(node).setRole(ReplicaRole.REPLICA_ROLE_VOTER));
        }
        return assignment.build();
    }

    private static ShardRecord ledBy(String primary, String other) {
        return ShardRecord.newBuilder()
                .setFormat(1)
                .setShard(SHARD)
                .setType(ShardType.SHARD_TYPE_DATA)
                .setPool("eu.standard")
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
