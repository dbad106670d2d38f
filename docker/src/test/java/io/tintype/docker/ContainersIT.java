// SPDX-License-Identifier: Apache-2.0
package io.tintype.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.tintype.client.MoveInfo;
import io.tintype.client.MoveTarget;
import io.tintype.client.TintypeClient;
import io.tintype.proto.v1.MakePlanRequest;
import io.tintype.proto.v1.PlanState;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** A cluster made of the images, used through published ports, with containers that die, hang and are cut off. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class ContainersIT {
    private static final Duration PATIENCE = Duration.ofMinutes(3);
    private static final int SOME = 40;
    /** Of a move: as many as {@code user move} makes. */
    private static final int TRIES = 10;

    /** What a JVM ends with after it has stopped in good order on SIGTERM. */
    private static final long ENDED_BY_SIGTERM = 143;

    private static final Path OBSERVABILITY = Path.of("observability");
    private static final Pattern METRIC = Pattern.compile("\\btintype_[a-z_]+");

    private static final Pattern MAX_HEAP =
            Pattern.compile("(?m)^jvm_memory_max_bytes\\{[^}]*area=\"heap\"[^}]*\\} (\\S+)$");

    /** Half of it is less than the 256 MiB that a command takes where no container says otherwise. */
    private static final long COMMAND_MEMORY = 400L << 20;

    private final HttpClient http = HttpClient.newHttpClient();
    private final long seed = new Random().nextLong();
    private ContainerCluster cluster;
    private TintypeClient client;

    @BeforeAll
    void start() {
        Images.assumeEngine();
        cluster = new ContainerCluster().start();
        client = cluster.client();
    }

    /** A test that failed must not take the others with it. */
    @BeforeEach
    void mend() {
        for (int node = 1; node <= ContainerCluster.NODES; node++) {
            cluster.mend(node);
        }
        awaitWhole();
    }

    @AfterAll
    void stop() {
        if (client != null) {
            client.close();
        }
        if (cluster != null) {
            cluster.close();
        }
    }

    @Test
    void whatHttpStoresGrpcReads() throws Exception {
        var bytes = new byte[700_000];
        new Random(1).nextBytes(bytes);
        var put = HttpRequest.newBuilder(URI.create(cluster.http() + "/v1/users/alice/blobs/cat.jpg"))
                .PUT(HttpRequest.BodyPublishers.ofByteArray(bytes))
                .build();
        assertThat(http.send(put, HttpResponse.BodyHandlers.ofString()).statusCode())
                .isEqualTo(200);
        assertThat(client.get("alice", "cat.jpg").bytes()).isEqualTo(bytes);
        assertThat(client.admin().nodes()).hasSizeGreaterThanOrEqualTo(ContainerCluster.NODES);
    }

    @Test
    void aNodeThatIsKilledComesBackWithAllItHad() throws Exception {
        try (var traffic = new Traffic(client, "kill", seed)) {
            traffic.awaitProgress(SOME);
            cluster.kill(1);
            traffic.awaitProgress(SOME);
            cluster.startAgain(1);
            awaitWhole();
            traffic.awaitProgress(SOME);
            judge(traffic);
        }
    }

    @Test
    void aNodeThatHangsIsLeftBehindAndTakenBack() throws Exception {
        try (var traffic = new Traffic(client, "pause", seed)) {
            traffic.awaitProgress(SOME);
            cluster.pause(2);
            traffic.awaitProgress(SOME);
            cluster.resume(2);
            awaitWhole();
            judge(traffic);
        }
    }

    @Test
    void aNodeThatIsCutOffIsLeftBehindAndTakenBack() throws Exception {
        try (var traffic = new Traffic(client, "cut", seed)) {
            traffic.awaitProgress(SOME);
            cluster.disconnect(3);
            traffic.awaitProgress(SOME);
            cluster.connect(3);
            awaitWhole();
            judge(traffic);
        }
    }

    @Test
    void aRollingRestartIsNoticedByNobody() throws Exception {
        try (var traffic = new Traffic(client, "roll", seed)) {
            for (int node = 1; node <= ContainerCluster.NODES; node++) {
                traffic.awaitProgress(SOME);
                assertThat(cluster.stop(node))
                        .as("node %s ends by itself", node)
                        .isLessThan(Duration.ofSeconds(50));
                assertThat(cluster.exitCode(node))
                        .as("exit code of node %s", node)
                        .isEqualTo(ENDED_BY_SIGTERM);
                cluster.startAgain(node);
                awaitWhole();
            }
            judge(traffic);
            assertThat(traffic.failed())
                    .as("operations that failed after retries")
                    .isZero();
        }
    }

    @Test
    void aUserMovesAndANewNodeGetsItsShareWhileClientsGoOn() throws Exception {
        var bytes = new byte[300_000];
        new Random(2).nextBytes(bytes);
        client.put("mover", "one.jpg", bytes);
        try (var traffic = new Traffic(client, "share", seed)) {
            traffic.awaitProgress(SOME);
            var home = client.users().lookup("mover");
            var other = client.admin().shards(home.pool()).stream()
                    .filter(shard -> !shard.directory() && !shard.id().equals(home.shard()))
                    .findFirst()
                    .orElseThrow();
            assertThat(move("mover", MoveTarget.shard(other.id())).result()).isEqualTo(MoveInfo.Result.DONE);
            assertThat(client.users().lookup("mover").shard()).isEqualTo(other.id());
            assertThat(client.get("mover", "one.jpg").bytes()).isEqualTo(bytes);

            var added = cluster.grow();
            var made = await().atMost(PATIENCE)
                    .until(
                            () -> client.balancing().makePlan(MakePlanRequest.getDefaultInstance()),
                            plan -> plan.getAfterList().size() > ContainerCluster.NODES
                                    && plan.getAfterList().stream().allMatch(node -> node.getReplicas() > 0));
            var plan = client.balancing().apply(made.getPlan().getId());
            await().atMost(PATIENCE)
                    .until(() ->
                            client.balancing().plan(plan.getId(), 0).getPlan().getState() == PlanState.PLAN_STATE_DONE);
            assertThat(client.admin().nodes())
                    .filteredOn(node -> node.node().id().value().equals(added))
                    .allSatisfy(node -> assertThat(node.replicas()).isPositive())
                    .hasSize(1);
            traffic.awaitProgress(SOME);
            judge(traffic);
            assertThat(traffic.failed())
                    .as("operations that failed after retries")
                    .isZero();
        }
    }

    /** A move that is given up because a busy machine stood still is begun again, as {@code user move} does. */
    private MoveInfo move(String user, MoveTarget target) {
        for (int tries = 1; ; tries++) {
            var unused = client.users().moves().begin(user, target);
            var end =
                    await().atMost(PATIENCE).until(() -> client.users().moves().get(user), move -> !move.isUnderWay());
            if (end.result() != MoveInfo.Result.FROZEN_TOO_LONG || tries == TRIES) {
                return end;
            }
        }
    }

    @Test
    void everyFigureOfAlarmsAndDashboardsIsTold() throws Exception {
        client.put("figures", "one.jpg", new byte[100]);
        var told = new StringBuilder();
        for (var address : cluster.metricsPages()) {
            told.append(page(address).body());
        }
        for (var file : List.of("alerts.yaml", "grafana/dashboards/tintype.json")) {
            var names = METRIC.matcher(Files.readString(OBSERVABILITY.resolve(file)))
                    .results()
                    .map(MatchResult::group)
                    .collect(Collectors.toCollection(TreeSet::new));
            assertThat(names).as(file).hasSizeGreaterThan(5);
            assertThat(told.toString()).as("metrics that %s asks for", file).contains(names);
        }
    }

    /** The image of a node gives the heap two fifths of the memory that its container has, and runs as nobody in particular. */
    @Test
    void everyContainerSizesItsHeapAndIsNotRoot() throws Exception {
        assertThat(cluster.user(1)).isEqualTo("10001:10001");
        var pages = cluster.metricsPages();
        assertThat(heap(pages.get(0)) / ContainerCluster.SERVER_MEMORY)
                .as("a coordinator's share of its container's memory")
                .isBetween(0.43, 0.51);
        assertThat(heap(pages.get(1)) / ContainerCluster.SERVER_MEMORY)
                .as("a storage node's")
                .isBetween(0.33, 0.41);
        assertThat(cluster.zooKeeperHeap() / ContainerCluster.ZOOKEEPER_MEMORY)
                .as("ZooKeeper's")
                .isBetween(0.55, 0.65);
    }

    @Test
    void aCommandSizesItsHeapByItsContainer() throws Exception {
        var line = List.of(
                "docker",
                "run",
                "--rm",
                "--memory",
                Long.toString(COMMAND_MEMORY),
                "--env",
                "JAVA_TOOL_OPTIONS=-XX:+PrintFlagsFinal",
                Images.named("cli"),
                "--version");
        var process = new ProcessBuilder(line).redirectErrorStream(true).start();
        var said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(said).isZero();
        var heap = Pattern.compile("(?m)^\\s*size_t MaxHeapSize\\s*=\\s*(\\d+)").matcher(said);
        assertThat(heap.find()).as(said).isTrue();
        assertThat(Double.parseDouble(heap.group(1)) / COMMAND_MEMORY)
                .as("a command's share of its container's memory")
                .isBetween(0.43, 0.51);
    }

    /** The most that a process's heap may take, by its own word. */
    private double heap(String metrics) throws Exception {
        return MAX_HEAP.matcher(page(metrics).body())
                .results()
                .mapToDouble(found -> Double.parseDouble(found.group(1)))
                .filter(bytes -> bytes > 0) // parts of the heap that have no bound of their own
                .sum();
    }

    @Test
    void everyImageRunsAsNobodyInParticularAndEveryServerIsLookedAfter() throws Exception {
        var images = List.of("storage-node", "coordinator", "zookeeper", "cli");
        for (var image : images) {
            var said = new ProcessBuilder(
                            "docker",
                            "image",
                            "inspect",
                            "--format",
                            "{{.Config.User}} {{.Config.StopSignal}} {{if .Config.Healthcheck}}{{.Config.Healthcheck.Test}}{{end}}",
                            Images.named(image))
                    .redirectErrorStream(true)
                    .start();
            assertThat(new String(said.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                    .as("user, signal and health check of %s", image)
                    .startsWith("10001:10001 SIGTERM ")
                    .contains(image.equals("cli") ? "" : image.equals("zookeeper") ? "ruok" : "/health/ready");
        }
        assertThat(cluster.startAndStopAnotherCoordinator())
                .as("a coordinator's exit code")
                .isEqualTo(ENDED_BY_SIGTERM);
    }

    private void judge(Traffic traffic) throws InterruptedException {
        var report = traffic.endAndCheck();
        System.out.println("containers: " + traffic.written() + " changes acknowledged, " + traffic.failed()
                + " operations without an answer, seed " + seed + ": " + report);
        assertThat(report.ok()).as("seed %s: %s", seed, report).isTrue();
    }

    /** Every node says by its own HTTP port that all its shards do their part, and the engine finds it healthy. */
    private void awaitWhole() {
        await().atMost(PATIENCE)
                .pollInterval(Duration.ofMillis(500))
                .ignoreExceptionsInstanceOf(IOException.class)
                .untilAsserted(() -> {
                    for (int node = 1; node <= ContainerCluster.NODES; node++) {
                        assertThat(page(node, "/health/shards").body())
                                .as("shards of node %s", node)
                                .contains("\"serving\":true");
                        assertThat(page(node, "/health/ready").statusCode()).isEqualTo(200);
                        assertThat(cluster.isHealthy(node))
                                .as("health of node %s", node)
                                .isTrue();
                    }
                });
    }

    private HttpResponse<String> page(int node, String path) throws IOException, InterruptedException {
        return page(cluster.nodeHttp(node) + path);
    }

    private HttpResponse<String> page(String address) throws IOException, InterruptedException {
        var request = HttpRequest.newBuilder(URI.create(address))
                .timeout(Duration.ofSeconds(5))
                .build();
        return http.send(request, HttpResponse.BodyHandlers.ofString());
    }
}
