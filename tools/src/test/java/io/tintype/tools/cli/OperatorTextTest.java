// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.grpc.stub.StreamObserver;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.proto.v1.AdminGrpc;
import io.tintype.proto.v1.ApplyPlanRequest;
import io.tintype.proto.v1.ApplyPlanResponse;
import io.tintype.proto.v1.BalancingGrpc;
import io.tintype.proto.v1.ChangePoolRequest;
import io.tintype.proto.v1.ChangePoolResponse;
import io.tintype.proto.v1.EndangeredShard;
import io.tintype.proto.v1.GetClusterStatusRequest;
import io.tintype.proto.v1.GetClusterStatusResponse;
import io.tintype.proto.v1.HotShard;
import io.tintype.proto.v1.ListShardsRequest;
import io.tintype.proto.v1.ListShardsResponse;
import io.tintype.proto.v1.MakePlanRequest;
import io.tintype.proto.v1.MakePlanResponse;
import io.tintype.proto.v1.NodeIntentView;
import io.tintype.proto.v1.Plan;
import io.tintype.proto.v1.PlanProblem;
import io.tintype.proto.v1.PlanState;
import io.tintype.proto.v1.PlanStep;
import io.tintype.proto.v1.Pool;
import io.tintype.proto.v1.PoolShardEffect;
import io.tintype.proto.v1.ReplicaFinding;
import io.tintype.proto.v1.SetNodeIntentRequest;
import io.tintype.proto.v1.SetNodeIntentResponse;
import io.tintype.proto.v1.Shard;
import io.tintype.proto.v1.ShardKind;
import io.tintype.proto.v1.VerificationGrpc;
import io.tintype.proto.v1.VerifyShardRequest;
import io.tintype.proto.v1.VerifyShardResponse;
import io.tintype.tools.CommandLines;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What commands of operators say, to people and to programs, of what is not as it should be. */
final class OperatorTextTest {
    private static final int SHARDS = 2_500;
    private static final int ENDANGERED = 120;

    private OneServer server;
    private int tellsAtMost = Integer.MAX_VALUE;
    private boolean stale;
    private boolean refuses;
    private ReplicaFinding copy = ReplicaFinding.newBuilder()
            .setNode("n4")
            .setNotSeen("is a read copy of another region")
            .setReadCopy(true)
            .build();
    private MakePlanResponse plan = MakePlanResponse.getDefaultInstance();

    @BeforeEach
    void serve() throws Exception {
        server = OneServer.serving(new Balancing(), new Admin(), new Verification());
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private CommandLines.Result run(String... words) {
        var line = new ArrayList<>(List.of(words));
        line.addAll(Math.min(2, line.size()), List.of("--server", server.address()));
        return CommandLines.run(line.toArray(String[]::new));
    }

    private static JsonNode json(CommandLines.Result ran) throws Exception {
        return new ObjectMapper().readTree(ran.out());
    }

    @Test
    void aChangeOfAPoolNamesShardsThatDidNotAnswer() throws Exception {
        var ran = run("pool", "change", "eu.standard", "--users-per-shard", "50");
        assertThat(ran.code()).as(ran.err()).isZero();
        assertThat(ran.out())
                .contains("shard 3, DID NOT ANSWER: it has no primary")
                .contains("! 1 shard did not answer: nobody knows how much they hold")
                .contains("Nothing stored is given up either way");
        var effect = json(run("pool", "change", "eu.standard", "--users-per-shard", "50", "--json"))
                .get("shards")
                .get(0);
        assertThat(effect.get("error").asText()).isEqualTo("it has no primary");
    }

    @Test
    void allShardsAreListedThoughTheyComeInSeveralMessages() throws Exception {
        var listed = json(run("shard", "ls", "--json")).get("shards");
        assertThat(listed).hasSize(SHARDS);
        assertThat(listed.get(SHARDS - 1).get("id").asInt()).isEqualTo(SHARDS);
        assertThat(listed.get(ENDANGERED - 1).get("state").asText()).isEqualTo("1 of 3 copies, lacks n3");
        assertThat(listed.get(ENDANGERED).get("state").asText()).isEqualTo("whole");
    }

    /** As where more lack copies than any coordinator tells one by one. */
    @Test
    void aShardIsNotCalledWholeWhereItMayBeOneThatWasNotTold() throws Exception {
        tellsAtMost = 100;
        var listed = json(run("shard", "ls", "--json")).get("shards");
        assertThat(listed.get(99).get("state").asText()).isEqualTo("1 of 3 copies, lacks n3");
        assertThat(listed.get(ENDANGERED - 1).get("state").asText())
                .isEqualTo("may lack copies, as " + ENDANGERED + " shards do");
        assertThat(run("cluster", "status").out()).contains("... and 20 more: tintype shard ls");
    }

    @Test
    void whatIsOnlyKnownFromBeforeIsNotCalledWholeWithoutSayingSo() throws Exception {
        stale = true;
        var listed = json(run("shard", "ls", "--json")).get("shards");
        assertThat(listed.get(ENDANGERED).get("state").asText()).isEqualTo("whole, as it was last known");
    }

    @Test
    void aNodeThatKeepsReadCopiesOnlyIsNotSaidToHoldNothing() throws Exception {
        assertThat(run("node", "drain", "node2").out())
                .isEqualToIgnoringNewLines("node node2 holds nothing, and is given nothing more");
        plan = MakePlanResponse.newBuilder().setReadCopies(4).build();
        assertThat(run("node", "drain", "node2").out())
                .doesNotContain("holds nothing")
                .contains("it keeps 4 read copies of pools of other regions")
                .contains("tintype node show node2");
        assertThat(run("node", "drain", "node2", "--preview").out()).contains("! It also keeps 4 read copies");
        assertThat(json(run("node", "drain", "node2", "--json"))
                        .get("readCopies")
                        .asInt())
                .isEqualTo(4);
    }

    /** Whoever reads what is printed need not know beforehand what comes of it. */
    @Test
    void aDrainIsOneDocumentWhateverComesOfIt() throws Exception {
        var step = PlanStep.newBuilder().setShard(7).setFrom("node2").setTo("node3");
        var full = PlanProblem.newBuilder().setWhat("no room").setBlocking(true);
        plan = MakePlanResponse.newBuilder()
                .setPlan(Plan.newBuilder()
                        .setId("1f0c33a9be02")
                        .setState(PlanState.PLAN_STATE_PROPOSED)
                        .addSteps(step))
                .setReadCopies(4)
                .build();
        var shown = json(run("node", "drain", "node2", "--preview", "--json"));
        var begun = json(run("node", "drain", "node2", "--json"));
        plan = MakePlanResponse.newBuilder().addProblems(full).build();
        var blocked = json(run("node", "drain", "node2", "--json"));
        plan = MakePlanResponse.getDefaultInstance();
        var empty = json(run("node", "drain", "node2", "--json"));

        for (var other : List.of(begun, blocked, empty)) {
            assertThat(names(other)).isEqualTo(names(shown));
        }
        assertThat(shown.get("plan").get("state").asText()).isEqualTo("proposed");
        assertThat(begun.get("plan").get("state").asText()).isEqualTo("running");
        assertThat(begun.get("plan").get("steps")).isEqualTo(shown.get("plan").get("steps"));
        assertThat(begun.get("readCopies").asInt()).isEqualTo(4);
        assertThat(blocked.get("problems").get(0).get("blocking").asBoolean()).isTrue();
        assertThat(empty.get("plan").get("id").asText()).isEmpty();
    }

    private static List<String> names(JsonNode document) {
        var names = new ArrayList<String>();
        document.fieldNames().forEachRemaining(names::add);
        return names;
    }

    /** One that answers is there: no other needs to be started, or named. */
    @Test
    void whoIsAnsweredIsNotAskedWhetherAClusterRuns() throws Exception {
        refuses = true;
        var ran = run("cluster", "status", "--timeout", "1s");
        assertThat(ran.code()).as(ran.err()).isEqualTo(5);
        assertThat(ran.err()).contains("ZooKeeper is out of reach").doesNotContain("tintype dev");
        plan = MakePlanResponse.newBuilder()
                .setPlan(Plan.newBuilder().setId("1f0c33a9be02"))
                .build();
        var plans = run("node", "drain", "node2", "--timeout", "1s");
        assertThat(plans.code()).as(plans.err()).isEqualTo(5);
        assertThat(plans.err())
                .contains("stays for now")
                .contains("tintype cluster status")
                .doesNotContain("tintype dev");
    }

    @Test
    void whatIsShownOfADrainSaysHowToDrain() {
        plan = MakePlanResponse.newBuilder()
                .setPlan(Plan.newBuilder().setId("1f0c33a9be02").setTitle("drain node2"))
                .build();
        assertThat(run("node", "drain", "node2", "--preview").out())
                .contains("tintype node drain node2")
                .doesNotContain("rebalance apply");
    }

    @Test
    void programsAreToldOfHotShardsToo() throws Exception {
        plan = MakePlanResponse.newBuilder()
                .addHot(HotShard.newBuilder().setShard(7).setPrimary("n1").setCallsPerSecond(900))
                .build();
        var hot = json(run("rebalance", "plan", "--json")).get("hot").get(0);
        assertThat(hot.get("shard").asInt()).isEqualTo(7);
        assertThat(hot.get("primary").asText()).isEqualTo("n1");
    }

    @Test
    void aShardWithAReadCopyIsVerifiedAllTheSame() throws Exception {
        var ran = CommandLines.run("verify", "1", "--server", server.address());
        assertThat(ran.code()).as(ran.err()).isZero();
        assertThat(ran.out()).contains("shard 1: ok").contains("n4 is a read copy");
        var replicas = json(CommandLines.run("verify", "1", "--json", "--server", server.address()))
                .get(0)
                .get("replicas");
        assertThat(replicas.get(1).get("readCopy").asBoolean()).isTrue();
    }

    /** It was at the same record, so nothing excuses it. */
    @Test
    void aReadCopyThatWasSeenAndDiffersIsDamaged() throws Exception {
        copy = ReplicaFinding.newBuilder().setNode("n4").setReadCopy(true).build();
        var ran = CommandLines.run("verify", "1", "--server", server.address());
        assertThat(ran.code()).as(ran.err()).isEqualTo(7);
        assertThat(ran.out()).contains("shard 1: DAMAGED").contains("n4 DIFFERS from the primary");
        var found = json(CommandLines.run("verify", "1", "--json", "--server", server.address()))
                .get(0);
        assertThat(found.get("ok").asBoolean()).isFalse();
        assertThat(found.get("damaged").asBoolean()).isTrue();
    }

    private final class Balancing extends BalancingGrpc.BalancingImplBase {
        @Override
        public void makePlan(MakePlanRequest request, StreamObserver<MakePlanResponse> answer) {
            OneServer.answer(answer, () -> plan);
        }

        @Override
        public void applyPlan(ApplyPlanRequest request, StreamObserver<ApplyPlanResponse> answer) {
            OneServer.answer(answer, () -> {
                reach();
                return ApplyPlanResponse.newBuilder()
                        .setPlan(Plan.newBuilder().setId(request.getId()).setState(PlanState.PLAN_STATE_RUNNING))
                        .build();
            });
        }

        private void reach() {
            if (refuses) {
                throw new TintypeException(Reason.UNAVAILABLE, "ZooKeeper is out of reach");
            }
        }

        @Override
        public void setNodeIntent(SetNodeIntentRequest request, StreamObserver<SetNodeIntentResponse> answer) {
            OneServer.answer(
                    answer,
                    () -> SetNodeIntentResponse.newBuilder()
                            .setIntent(NodeIntentView.newBuilder().setNode(request.getNode()))
                            .build());
        }

        @Override
        public void getClusterStatus(GetClusterStatusRequest request, StreamObserver<GetClusterStatusResponse> answer) {
            int asked = request.getMaxEndangered() == 0 ? 100 : request.getMaxEndangered();
            var status = GetClusterStatusResponse.newBuilder()
                    .setUnderReplicated(ENDANGERED)
                    .setStale(stale);
            IntStream.rangeClosed(1, Math.min(ENDANGERED, Math.min(tellsAtMost, asked)))
                    .forEach(shard -> status.addEndangered(EndangeredShard.newBuilder()
                            .setShard(shard)
                            .setInSync(1)
                            .setWanted(3)
                            .addMissing("n3")));
            OneServer.answer(answer, () -> {
                reach();
                return status.build();
            });
        }
    }

    private static final class Admin extends AdminGrpc.AdminImplBase {
        @Override
        public void changePool(ChangePoolRequest request, StreamObserver<ChangePoolResponse> answer) {
            OneServer.answer(
                    answer,
                    () -> ChangePoolResponse.newBuilder()
                            .setBefore(pool(100))
                            .setAfter(pool(50))
                            .addEffects(PoolShardEffect.newBuilder().setShard(3).setError("it has no primary"))
                            .build());
        }

        private static Pool.Builder pool(int users) {
            return Pool.newBuilder()
                    .setRegion("eu")
                    .setTier("standard")
                    .setReplicationFactor(3)
                    .setMinInsync(2)
                    .setUsersPerShard(users)
                    .setInitialShards(1);
        }

        @Override
        public void listShards(ListShardsRequest request, StreamObserver<ListShardsResponse> answer) {
            OneServer.answer(answer, () -> {
                int last = Math.min(SHARDS, request.getAfter() + request.getMax());
                var page = ListShardsResponse.newBuilder().setMore(last < SHARDS);
                IntStream.rangeClosed(request.getAfter() + 1, last)
                        .forEach(id -> page.addShards(Shard.newBuilder()
                                .setId(id)
                                .setKind(ShardKind.SHARD_KIND_DATA)
                                .setRegion("eu")
                                .setTier("standard")
                                .setPrimary("n1")
                                .addReplicas("n1")
                                .addInSync("n1")));
                return page.build();
            });
        }
    }

    private final class Verification extends VerificationGrpc.VerificationImplBase {
        @Override
        public void verifyShard(VerifyShardRequest request, StreamObserver<VerifyShardResponse> answer) {
            OneServer.answer(
                    answer,
                    () -> VerifyShardResponse.newBuilder()
                            .setShard(1)
                            .addReplicas(
                                    ReplicaFinding.newBuilder().setNode("n1").setSame(true))
                            .addReplicas(copy)
                            .build());
        }
    }
}
