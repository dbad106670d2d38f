// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.balance;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.cluster.channel.ChannelSource;
import io.tintype.cluster.control.ControllerSeat;
import io.tintype.cluster.control.Term;
import io.tintype.cluster.embedded.EmbeddedZooKeeper;
import io.tintype.cluster.map.ClusterView;
import io.tintype.cluster.map.PoolZnodes;
import io.tintype.cluster.placement.PoolRules;
import io.tintype.cluster.plan.PlanZnodes;
import io.tintype.cluster.plan.StoredPlan;
import io.tintype.cluster.zk.ZkConfig;
import io.tintype.cluster.zk.ZkSession;
import io.tintype.coordinator.control.BalanceSettings;
import io.tintype.coordinator.control.ShardOrders;
import io.tintype.model.NodeId;
import io.tintype.model.PoolId;
import io.tintype.proto.internal.v1.Placement;
import io.tintype.proto.internal.v1.PlanPhase;
import io.tintype.proto.internal.v1.PlanPurpose;
import io.tintype.proto.internal.v1.PlanRecord;
import io.tintype.proto.internal.v1.PlannedStep;
import io.tintype.proto.internal.v1.ReplicaRole;
import io.tintype.proto.internal.v1.ShardAssignment;
import io.tintype.proto.internal.v1.ShardType;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/** A real ZooKeeper with plans in it, who is in office there one after the other, and what each of them works with. */
final class Offices implements AutoCloseable {
    private static final Duration LONG = Duration.ofSeconds(60);

    private final EmbeddedZooKeeper zooKeeper;
    private final ZkSession session;
    private final PlanZnodes plans;

    private Offices(Path folder) {
        zooKeeper = EmbeddedZooKeeper.start(folder, 0);
        session = connect();
        plans = new PlanZnodes(session);
        var unused = new PoolZnodes(session)
                .create(new PoolRules(PoolId.parse(ToyNodes.POOL), 3, 2, 100, 1))
                .join();
    }

    static Offices open(Path folder) {
        return new Offices(folder);
    }

    /** A session of somebody's own. */
    ZkSession connect() {
        return ZkSession.connect(ZkConfig.of(zooKeeper.connectString()));
    }

    /** The session of whoever looks on. */
    ZkSession session() {
        return session;
    }

    PlanZnodes plans() {
        return plans;
    }

    /** A coordinator in office, until somebody else is. */
    record Office(ZkSession session, ControllerSeat seat, Term term) implements AutoCloseable {
        @Override
        public void close() {
            seat.close();
            session.close();
        }
    }

    /** Takes office: as the same coordinator always, started anew, so that the next one need not wait for a session to end. */
    Office take() throws Exception {
        var own = connect();
        var terms = new LinkedBlockingQueue<Term>();
        var seat = ControllerSeat.compete(own, new NodeId("c1"), terms::add);
        var won = terms.poll(LONG.toSeconds(), TimeUnit.SECONDS);
        assertThat(won).as("a term of office").isNotNull();
        return new Office(own, seat, won);
    }

    /** Who carries plans out by asking these nodes. */
    static PlanRunner runner(
            Journal journal, NodePolls polls, Supplier<ClusterView> view, ChannelSource nodes, String cluster) {
        return runner(journal, polls, new Absences(System::nanoTime), view, nodes, cluster);
    }

    /** The same, where somebody else looks who is away. */
    static PlanRunner runner(
            Journal journal,
            NodePolls polls,
            Absences absences,
            Supplier<ClusterView> view,
            ChannelSource nodes,
            String cluster) {
        return runner(
                journal,
                polls,
                absences,
                BalanceSettings.DEFAULTS.replaceAfter(),
                view,
                nodes,
                cluster,
                System::currentTimeMillis);
    }

    /** The same, where nodes are replaced after this time, by this clock. */
    static PlanRunner runner(
            Journal journal,
            NodePolls polls,
            Absences absences,
            Duration replaceAfter,
            Supplier<ClusterView> view,
            ChannelSource nodes,
            String cluster,
            LongSupplier nowMs) {
        var maker = new StepMaker(
                journal,
                absences,
                new Verifier(view, nodes, cluster),
                new LeadOrders(new ShardOrders(view, nodes, cluster), () -> {}),
                new CopyWatch(polls, () -> 0, System::currentTimeMillis),
                replaceAfter,
                nowMs);
        return new PlanRunner(journal, maker, polls, BalanceSettings.DEFAULTS, nowMs);
    }

    /** Keeps a plan of these steps, and has it carried out; it began long ago. */
    void activate(PlanRecord record, List<PlannedStep> steps) throws Exception {
        activate(record, steps, 1);
    }

    /** The same; it begins at a time, in milliseconds since 1970. */
    void activate(PlanRecord record, List<PlannedStep> steps, long nowMs) throws Exception {
        var id = ToyNodes.get(plans.propose(record, steps));
        var header = ToyNodes.get(plans.header(id)).orElseThrow();
        assertThat(ToyNodes.get(plans.activate(header, ToyNodes.get(plans.active()), nowMs)))
                .as("plan %s is carried out", id)
                .isTrue();
    }

    /** A plan as it stands in ZooKeeper. */
    StoredPlan plan(String id) throws Exception {
        return ToyNodes.get(plans.read(id)).orElseThrow();
    }

    static PlanRecord record(String id, PlanPurpose purpose, int steps, int atOnce) {
        return PlanRecord.newBuilder()
                .setFormat(1)
                .setId(id)
                .setPurpose(purpose)
                .setPhase(PlanPhase.PLAN_PHASE_PROPOSED)
                .setTitle("test")
                .setCreatedAtMs(1)
                .setSteps(steps)
                .setMovesAtOnce(atOnce)
                .build();
    }

    static ShardAssignment assigned(int shard, String... nodes) {
        var assignment = ShardAssignment.newBuilder()
                .setFormat(1)
                .setShard(shard)
                .setType(ShardType.SHARD_TYPE_DATA)
                .setPool(ToyNodes.POOL);
        for (var node : nodes) {
            assignment.addReplicas(Placement.newBuilder().setNode(node).setRole(ReplicaRole.REPLICA_ROLE_VOTER));
        }
        return assignment.build();
    }

    @Override
    public void close() {
        session.close();
        zooKeeper.close();
    }
}
