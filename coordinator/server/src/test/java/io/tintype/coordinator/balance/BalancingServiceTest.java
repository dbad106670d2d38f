// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.balance;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.stub.StreamObserver;
import io.tintype.cluster.control.Term;
import io.tintype.cluster.embedded.EmbeddedZooKeeper;
import io.tintype.cluster.map.ShardMapWatcher;
import io.tintype.cluster.node.NodePresence;
import io.tintype.cluster.node.NodeRegistration;
import io.tintype.cluster.zk.Paths;
import io.tintype.cluster.zk.ZkConfig;
import io.tintype.cluster.zk.ZkSession;
import io.tintype.coordinator.control.BalanceSettings;
import io.tintype.model.NodeId;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.proto.internal.v1.PlanPurpose;
import io.tintype.proto.v1.GetClusterStatusRequest;
import io.tintype.proto.v1.GetClusterStatusResponse;
import io.tintype.proto.v1.GetPlanRequest;
import io.tintype.proto.v1.GetPlanResponse;
import io.tintype.proto.v1.MakePlanRequest;
import io.tintype.proto.v1.MakePlanResponse;
import io.tintype.proto.v1.PlanOrder;
import io.tintype.proto.v1.PlanState;
import io.tintype.proto.v1.PlanStep;
import io.tintype.proto.v1.SteerPlanRequest;
import io.tintype.proto.v1.SteerPlanResponse;
import io.tintype.proto.v1.VerifyShardRequest;
import io.tintype.wire.Errors;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class BalancingServiceTest {
    @TempDir
    private Path folder;

    /** What it would go by may have changed, and it could not be kept. */
    @Test
    void noPlanIsMadeWhileZooKeeperIsOutOfReach() throws Exception {
        var zooKeeper = EmbeddedZooKeeper.start(folder, 0);
        try (var session = ZkSession.connect(ZkConfig.of(zooKeeper.connectString()));
                var watcher = ShardMapWatcher.start(session);
                var balancer = balancer(session, watcher)) {
            watcher.ready().get(10, TimeUnit.SECONDS);
            zooKeeper.close();
            var told = new CompletableFuture<TintypeException>();
            balancer.service().makePlan(MakePlanRequest.getDefaultInstance(), refused(told));
            var said = told.get(10, TimeUnit.SECONDS);
            assertThat(said.reason()).isEqualTo(Reason.UNAVAILABLE);
            assertThat(said).hasMessageContaining("nothing was begun or changed");
        }
    }

    /** It says nothing of ZooKeeper, which answers. */
    @Test
    void aPlanThatCannotBeUnderstoodIsLeftOutOfTheStatus() throws Exception {
        try (var offices = Offices.open(folder);
                var watcher = ShardMapWatcher.start(offices.session());
                var balancer = balancer(offices.session(), watcher)) {
            watcher.ready().get(10, TimeUnit.SECONDS);
            for (var id : List.of("00000000000a", "00000000000b")) {
                offices.activate(
                        Offices.record(id, PlanPurpose.PLAN_PURPOSE_BALANCE, 1, 1),
                        List.of(ToyController.move(1, "n1", "n4")));
            }
            PlanMeantTest.damage(offices, "00000000000b");

            var status = answer((StreamObserver<GetClusterStatusResponse> out) ->
                    balancer.service().getClusterStatus(GetClusterStatusRequest.getDefaultInstance(), out));
            assertThat(status.getStale()).isFalse();
            assertThat(status.getPlansList())
                    .extracting(plan -> plan.getPlan().getId())
                    .containsExactly("00000000000a");
            assertThat(status.getDamagedPlansList()).containsExactly("00000000000b");
            assertThat(status.getSummary()).endsWith("Have it forgotten: tintype rebalance cancel 00000000000b.");
        }
    }

    /** It would stand among those that are carried out for ever. */
    @Test
    void aPlanThatCannotBeUnderstoodIsForgottenByWhoCancelsIt() throws Exception {
        try (var offices = Offices.open(folder);
                var watcher = ShardMapWatcher.start(offices.session());
                var balancer = balancer(offices.session(), watcher)) {
            watcher.ready().get(10, TimeUnit.SECONDS);
            var ids = List.of("00000000000a", "00000000000b", "00000000000c");
            for (var id : ids) {
                offices.activate(
                        Offices.record(id, PlanPurpose.PLAN_PURPOSE_BALANCE, 1, 1),
                        List.of(ToyController.move(1, "n1", "n4")));
            }
            PlanMeantTest.damage(offices, ids.get(0));
            ToyNodes.get(offices.session().znodes().delete(Paths.planPart(ids.get(1), 0), -1));

            for (var id : ids.subList(0, 2)) {
                var refused = new CompletableFuture<TintypeException>();
                balancer.service().steerPlan(order(id, PlanOrder.PLAN_ORDER_PAUSE), refused(refused));
                assertThat(refused.get(10, TimeUnit.SECONDS))
                        .hasMessageContaining("Have it forgotten: tintype rebalance cancel " + id);
                var steered = answer((StreamObserver<SteerPlanResponse> out) ->
                        balancer.service().steerPlan(order(id, PlanOrder.PLAN_ORDER_CANCEL), out));
                assertThat(steered.getPlan().getId()).isEqualTo(id);
                assertThat(steered.getPlan().getState()).isEqualTo(PlanState.PLAN_STATE_CANCELLED);
                assertThat(ToyNodes.get(offices.session().znodes().get(Paths.plan(id))))
                        .isEmpty();
            }
            assertThat(ToyNodes.get(offices.plans().active()).value().getActiveList())
                    .containsExactly(ids.get(2));
        }
    }

    private static SteerPlanRequest order(String plan, PlanOrder order) {
        return SteerPlanRequest.newBuilder().setId(plan).setOrder(order).build();
    }

    /** As one of which a part is lost. */
    @Test
    void whoAsksForAPlanThatCannotBeUnderstoodIsToldSo() throws Exception {
        try (var offices = Offices.open(folder);
                var watcher = ShardMapWatcher.start(offices.session());
                var balancer = balancer(offices.session(), watcher)) {
            watcher.ready().get(10, TimeUnit.SECONDS);
            var id = "00000000000a";
            offices.activate(
                    Offices.record(id, PlanPurpose.PLAN_PURPOSE_BALANCE, 1, 1),
                    List.of(ToyController.move(1, "n1", "n4")));
            ToyNodes.get(offices.session().znodes().delete(Paths.planPart(id, 0), -1));

            var told = new CompletableFuture<TintypeException>();
            balancer.service().getPlan(GetPlanRequest.newBuilder().setId(id).build(), refused(told));
            var said = told.get(10, TimeUnit.SECONDS);
            assertThat(said.reason()).isEqualTo(Reason.WRONG_STATE);
            assertThat(said)
                    .hasMessageContaining("nobody carries it out: Znode " + Paths.planPart(id, 0) + " has 0 of the 1");
        }
    }

    /** The largest of what coordinators say is taken for what nodes are told. */
    @Test
    void whoIsNotInOfficeSaysNothingOfThePaceOfCopies() throws Exception {
        try (var offices = Offices.open(folder);
                var office = offices.take();
                var watcher = ShardMapWatcher.start(offices.session());
                var balancer = balancer(offices.session(), watcher)) {
            assertThat(balancer.rateLimit()).isZero();
            balancer.inOffice(office.term());
            assertThat(balancer.rateLimit()).isEqualTo(BalanceSettings.DEFAULTS.bytesPerSecond());
            try (var next = offices.take()) {
                Awaitility.await("it hears that it is deposed")
                        .atMost(Duration.ofSeconds(20))
                        .until(() -> !balancer.isInOffice());
                assertThat(next.term().epoch()).isGreaterThan(office.term().epoch());
            }
            assertThat(balancer.rateLimit()).isZero();
        }
    }

    @Test
    void stepsOfOneShardAreToldAlone() throws Exception {
        try (var offices = Offices.open(folder);
                var watcher = ShardMapWatcher.start(offices.session());
                var balancer = balancer(offices.session(), watcher)) {
            watcher.ready().get(10, TimeUnit.SECONDS);
            offices.activate(
                    Offices.record("00000000000a", PlanPurpose.PLAN_PURPOSE_BALANCE, 3, 1),
                    List.of(
                            ToyController.move(1, "n1", "n4"),
                            ToyController.move(2, "n1", "n4"),
                            ToyController.move(1, "n2", "n5")));
            var request = GetPlanRequest.newBuilder()
                    .setId("00000000000a")
                    .setMaxSteps(10)
                    .setShard(1);
            var told = answer(
                    (StreamObserver<GetPlanResponse> out) -> balancer.service().getPlan(request.build(), out));
            assertThat(told.getPlan().getStepsList())
                    .extracting(PlanStep::getTo)
                    .containsExactly("n4", "n5");
            assertThat(told.getPlan().getStepCount()).isEqualTo(3);
        }
    }

    /** A plan has nothing to do for it then, and it does not hold nothing. */
    @Test
    void aNodeThatIsDownAndHoldsReplicasIsNotDrained() throws Exception {
        try (var offices = Offices.open(folder);
                var office = offices.take();
                var watcher = ShardMapWatcher.start(offices.session());
                var balancer = balancer(offices.session(), watcher)) {
            for (var id : List.of("n1", "n2")) {
                var node = new NodePresence(new NodeId(id), new byte[] {1}, 1, "h:1", "p:1", "eu", "a", 100, Set.of());
                try (var own = offices.connect();
                        var was = NodeRegistration.start(own, node)) {
                    was.registered().get(10, TimeUnit.SECONDS);
                }
            }
            assertThat(ToyNodes.get(office.term().assign(List.of(Offices.assigned(1, "n1")), null)))
                    .isEqualTo(Term.Outcome.DONE);
            Awaitility.await("all of it is known")
                    .atMost(Duration.ofSeconds(20))
                    .until(() ->
                            watcher.map().nodes().filter(node -> !node.live()).count() == 2
                                    && watcher.view().assignments().size() == 1);
            var refused = new CompletableFuture<TintypeException>();
            balancer.service()
                    .makePlan(MakePlanRequest.newBuilder().setDrain("n1").build(), refused(refused));
            assertThat(refused.get(10, TimeUnit.SECONDS))
                    .hasMessageContaining("Node n1 is down, and keeps replicas of 1 shards")
                    .hasMessageContaining("made anew on others once it has been away for 600 s");
            var empty = answer((StreamObserver<MakePlanResponse> out) -> balancer.service()
                    .makePlan(MakePlanRequest.newBuilder().setDrain("n2").build(), out));
            assertThat(empty.getPlan().getStepsList()).as("it holds nothing").isEmpty();
        }
    }

    /** An empty map is not what there is: nothing would be endangered, and nothing to be verified. */
    @Test
    void whoDoesNotKnowTheMapYetSaysSo() throws Exception {
        var zooKeeper = EmbeddedZooKeeper.start(folder, 0);
        try (var session = ZkSession.connect(ZkConfig.of(zooKeeper.connectString()))) {
            zooKeeper.close();
            try (var watcher = ShardMapWatcher.start(session);
                    var balancer = balancer(session, watcher)) {
                var status = new CompletableFuture<TintypeException>();
                balancer.service().getClusterStatus(GetClusterStatusRequest.getDefaultInstance(), refused(status));
                assertThat(status.get(10, TimeUnit.SECONDS).reason()).isEqualTo(Reason.UNAVAILABLE);
                var verified = new CompletableFuture<TintypeException>();
                balancer.verification()
                        .verifyShard(VerifyShardRequest.newBuilder().setShard(1).build(), refused(verified));
                assertThat(verified.get(10, TimeUnit.SECONDS).reason()).isEqualTo(Reason.UNAVAILABLE);
            }
        }
    }

    private static Balancer balancer(ZkSession session, ShardMapWatcher watcher) {
        return Balancer.start(
                session,
                watcher,
                address -> {
                    throw new AssertionError("there is no node " + address);
                },
                "cluster",
                BalanceSettings.DEFAULTS);
    }

    private static <A> A answer(Consumer<StreamObserver<A>> call) throws Exception {
        var told = new CompletableFuture<A>();
        call.accept(new StreamObserver<>() {
            @Override
            public void onNext(A answer) {
                told.complete(answer);
            }

            @Override
            public void onError(Throwable error) {
                told.completeExceptionally(error);
            }

            @Override
            public void onCompleted() {}
        });
        return told.get(30, TimeUnit.SECONDS);
    }

    private static <A> StreamObserver<A> refused(CompletableFuture<TintypeException> told) {
        return new StreamObserver<>() {
            @Override
            public void onNext(A made) {
                told.completeExceptionally(new AssertionError(made));
            }

            @Override
            public void onError(Throwable error) {
                told.complete(Errors.fromWire(error));
            }

            @Override
            public void onCompleted() {}
        };
    }
}
