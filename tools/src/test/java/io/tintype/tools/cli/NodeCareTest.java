// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.grpc.stub.StreamObserver;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.proto.v1.AdminGrpc;
import io.tintype.proto.v1.ApplyPlanRequest;
import io.tintype.proto.v1.ApplyPlanResponse;
import io.tintype.proto.v1.BalancingGrpc;
import io.tintype.proto.v1.GetClusterStatusRequest;
import io.tintype.proto.v1.GetClusterStatusResponse;
import io.tintype.proto.v1.GetNodeRequest;
import io.tintype.proto.v1.GetNodeResponse;
import io.tintype.proto.v1.GetPlanRequest;
import io.tintype.proto.v1.GetPlanResponse;
import io.tintype.proto.v1.ListShardsRequest;
import io.tintype.proto.v1.ListShardsResponse;
import io.tintype.proto.v1.MakePlanRequest;
import io.tintype.proto.v1.MakePlanResponse;
import io.tintype.proto.v1.Node;
import io.tintype.proto.v1.NodeIntentView;
import io.tintype.proto.v1.NodeStatus;
import io.tintype.proto.v1.Plan;
import io.tintype.proto.v1.SetNodeIntentRequest;
import io.tintype.proto.v1.SetNodeIntentResponse;
import io.tintype.tools.CommandLines;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the commands of operators leave behind where the cluster refuses, or they are stopped. */
final class NodeCareTest {
    /** What was wanted of nodes, in order. */
    private final List<SetNodeIntentRequest> wanted = new CopyOnWriteArrayList<>();

    /** How often nobody will tell how things stand. */
    private final AtomicInteger silent = new AtomicInteger();

    /** How often it was told how the plan goes. */
    private final AtomicInteger told = new AtomicInteger();

    /** Whether the plan never ends. */
    private volatile boolean endless;

    private OneServer server;

    @BeforeEach
    void serve() throws Exception {
        server = OneServer.serving(new Balancing(), new Admin());
    }

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void aDrainWhosePlanIsRefusedSaysWhatItLeftBehind() {
        var ran = run("node", "drain", "node2");

        assertThat(ran.code()).isEqualTo(4);
        assertThat(ran.out()).isEmpty();
        assertThat(ran.err())
                .contains("another plan is being carried out")
                .contains("Node node2 is given nothing more")
                .contains("tintype node undrain node2");
        assertThat(wanted).extracting(SetNodeIntentRequest::getDraining).containsExactly(true);
    }

    @Test
    void aRestartThatFailsSaysHowToEndTheMaintenance() {
        var ran = run("node", "restart", "node2");

        assertThat(ran.code()).isEqualTo(3);
        assertThat(ran.err()).contains("no shards here").contains("tintype node maintenance node2 off");
        assertThat(wanted).extracting(SetNodeIntentRequest::getMaintenance).containsExactly(true);
    }

    /** One that is misspelt is neither waited for nor in maintenance. */
    @Test
    void aRestartOfANodeThatIsNoneIsRefusedAtOnce() {
        var ran = run("node", "restart", "nobody");

        assertThat(ran.code()).isEqualTo(3);
        assertThat(ran.err()).contains("no node nobody").doesNotContain("maintenance");
        assertThat(wanted).isEmpty();
    }

    /** As where the coordinator that is asked is restarted, too. */
    @Test
    void aRestartOutlastsACoordinatorThatDoesNotAnswerForAWhile() {
        silent.set(1);
        var ran = run("node", "restart", "node2", "--timeout", "3s");
        assertThat(ran.code()).as(ran.err()).isEqualTo(3);
        assertThat(ran.err()).as("goes on to what it does next").contains("no shards here");
        assertThat(silent).hasValue(0);
    }

    /** As by Ctrl-C. */
    @Test
    void aRestartThatIsInterruptedSaysHowToEndTheMaintenance(@TempDir Path folder) throws Exception {
        var err = folder.resolve("err").toFile();
        var process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        "io.tintype.tools.Main",
                        "node",
                        "restart",
                        "held",
                        "--timeout",
                        "10m",
                        "--server",
                        server.address())
                .redirectOutput(new File("/dev/null"))
                .redirectError(err)
                .start();
        try {
            Awaitility.await("it waits for others to lead")
                    .atMost(Duration.ofMinutes(2))
                    .until(() -> !wanted.isEmpty());
            process.destroy();
            assertThat(process.waitFor()).isNotZero();
        } finally {
            process.destroyForcibly();
        }
        assertThat(Files.readString(err.toPath())).contains("tintype node maintenance held off");
    }

    @Test
    void aWeightThatNoNodeCanHaveIsRefused() {
        for (var percent : List.of("0", "-5", "10001", "429496740", "99999999999999")) {
            var ran = run("node", "weight", "node2", "--", percent);
            assertThat(ran.code()).as("%s: %s", percent, ran.err()).isEqualTo(2);
        }
        assertThat(wanted).isEmpty();
        assertThat(run("node", "weight", "node2", "10000").code()).isZero();
        assertThat(wanted).extracting(SetNodeIntentRequest::getWeightPermille).containsExactly(100_000);
    }

    @Test
    void aWatchedPlanIsALineOfJsonEachTime() throws Exception {
        var ran = run("rebalance", "status", "--watch", "--json");

        assertThat(ran.code()).as(ran.err()).isZero();
        var lines = ran.out().lines().toList();
        assertThat(lines).hasSize(2);
        for (var line : lines) {
            assertThat(new ObjectMapper().readTree(line).get("plan").get("id").asText())
                    .isEqualTo("p1");
        }
        assertThat(run("rebalance", "status", "p1", "--json").out().lines().count())
                .as("one document, indented")
                .isGreaterThan(2);
    }

    /** It is away for a moment, and does not know the map at first. */
    @Test
    void aPlanIsWatchedOnAfterTheCoordinatorIsRestarted() throws Exception {
        endless = true;
        var watching =
                CompletableFuture.supplyAsync(() -> run("rebalance", "status", "--watch", "--json", "--timeout", "1s"));
        Awaitility.await("it watches").atMost(Duration.ofMinutes(1)).until(() -> told.get() > 0);
        var answers = new AtomicInteger();
        server = server.restarted(new BalancingGrpc.BalancingImplBase() {
            @Override
            public void getPlan(GetPlanRequest request, StreamObserver<GetPlanResponse> answer) {
                OneServer.answer(answer, () -> {
                    assertThat(request.getId()).isEqualTo("p1");
                    if (answers.getAndIncrement() < 20) {
                        throw new TintypeException(Reason.UNAVAILABLE, "the shard map is not known yet");
                    }
                    return plan(1_700_000_000_000L);
                });
            }
        });
        var ran = watching.get(2, TimeUnit.MINUTES);
        assertThat(ran.code()).as(ran.err()).isZero();
        assertThat(ran.err()).isEmpty();
        assertThat(answers).as("more than one attempt of the client makes").hasValue(21);
        var lines = ran.out().lines().toList();
        assertThat(new ObjectMapper()
                        .readTree(lines.get(lines.size() - 1))
                        .get("plan")
                        .get("finishedAtMs")
                        .asLong())
                .isEqualTo(1_700_000_000_000L);
    }

    private static GetPlanResponse plan(long finishedMs) {
        return GetPlanResponse.newBuilder()
                .setPlan(Plan.newBuilder().setId("p1").setFinishedAtMs(finishedMs))
                .build();
    }

    @Test
    void nothingIsRemovedWhereOneOfSeveralNamesIsNone() {
        var ran = CommandLines.run("rm", "alice", "a", "b", "", "--server", "127.0.0.1:1", "--timeout", "1s");

        assertThat(ran.code()).as(ran.err()).isEqualTo(2);
        assertThat(ran.err()).contains("blob name is empty");
    }

    private CommandLines.Result run(String... words) {
        var line = new ArrayList<>(List.of(words));
        line.addAll(Math.min(2, line.size()), List.of("--server", server.address()));
        return CommandLines.run(line.toArray(String[]::new));
    }

    private final class Balancing extends BalancingGrpc.BalancingImplBase {
        @Override
        public void makePlan(MakePlanRequest request, StreamObserver<MakePlanResponse> answer) {
            OneServer.answer(
                    answer,
                    () -> MakePlanResponse.newBuilder()
                            .setPlan(Plan.newBuilder().setId("p1"))
                            .build());
        }

        @Override
        public void applyPlan(ApplyPlanRequest request, StreamObserver<ApplyPlanResponse> answer) {
            OneServer.answer(answer, () -> {
                throw new TintypeException(Reason.WRONG_STATE, "another plan is being carried out");
            });
        }

        @Override
        public void getPlan(GetPlanRequest request, StreamObserver<GetPlanResponse> answer) {
            OneServer.answer(answer, () -> plan(told.getAndIncrement() == 0 || endless ? 0 : 1_700_000_000_000L));
        }

        @Override
        public void setNodeIntent(SetNodeIntentRequest request, StreamObserver<SetNodeIntentResponse> answer) {
            wanted.add(request);
            OneServer.answer(
                    answer,
                    () -> SetNodeIntentResponse.newBuilder()
                            .setIntent(NodeIntentView.newBuilder().setNode(request.getNode()))
                            .build());
        }

        @Override
        public void getClusterStatus(GetClusterStatusRequest request, StreamObserver<GetClusterStatusResponse> answer) {
            if (silent.getAndUpdate(left -> Math.max(0, left - 1)) == 0) {
                OneServer.answer(
                        answer,
                        () -> GetClusterStatusResponse.newBuilder()
                                .setSafe(true)
                                .build());
            }
        }
    }

    private final class Admin extends AdminGrpc.AdminImplBase {
        @Override
        public void getNode(GetNodeRequest request, StreamObserver<GetNodeResponse> answer) {
            OneServer.answer(answer, () -> {
                if (request.getNode().equals("nobody")) {
                    throw new TintypeException(Reason.NODE_NOT_FOUND, "There is no node nobody");
                }
                var node = Node.newBuilder().setId(request.getNode());
                return GetNodeResponse.newBuilder()
                        .setStatus(NodeStatus.newBuilder().setNode(node))
                        .build();
            });
        }

        /** Is not answered where a test is to stop the command meanwhile. */
        @Override
        public void listShards(ListShardsRequest request, StreamObserver<ListShardsResponse> answer) {
            if (wanted.stream().noneMatch(wish -> wish.getNode().equals("held"))) {
                OneServer.answer(answer, () -> {
                    throw new TintypeException(Reason.SHARD_NOT_FOUND, "no shards here");
                });
            }
        }
    }
}
