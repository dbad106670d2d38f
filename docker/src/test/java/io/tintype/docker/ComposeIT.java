// SPDX-License-Identifier: Apache-2.0
package io.tintype.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.tintype.client.PoolDetail;
import io.tintype.client.TintypeClient;
import io.tintype.model.NodeId;
import io.tintype.model.PoolId;
import io.tintype.model.TintypeException;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/**
 * The compose file as people start it: twelve containers and one that ends, used through the ports it publishes, until both
 * regions have their pools and Prometheus has an answer to whatever a panel of the dashboard asks. Runs where {@code
 * -Dcompose=true} asks for it: twelve containers are too many for every build. Where no registry is reached, memcached and Prometheus are Debian's, and Grafana is left out, loudly.
 */
@EnabledIfSystemProperty(named = "compose", matches = "true")
final class ComposeIT {
    private static final Duration PATIENCE = Duration.ofMinutes(4);
    private static final Path OBSERVABILITY = Path.of("observability");
    private static final PoolId EU = new PoolId("eu", "standard");
    private static final PoolId US = new PoolId("us", "standard");
    private static final int HTTP = 7480;
    private static final int GRPC = 7400;
    private static final int PROMETHEUS = 9090;
    private static final int GRAFANA = 3000;

    private final HttpClient http = HttpClient.newHttpClient();
    private final ObjectMapper json = new ObjectMapper();

    @Test
    void everythingComesUpStoresAndIsSeen() throws Exception {
        Images.assumeEngine();
        Assumptions.assumeTrue(Compose.isThere(), "neither docker compose nor docker-compose is there");
        var images = Compose.images(Images.tag());
        try (var compose = new Compose(images)) {
            long begun = System.nanoTime();
            compose.up();
            var server = "http://127.0.0.1:" + compose.port("coordinator", HTTP);
            await("the first image is stored")
                    .atMost(PATIENCE)
                    .pollInterval(Duration.ofMillis(200))
                    .ignoreExceptionsInstanceOf(IOException.class)
                    .until(() -> put(server + "/v1/users/alice/blobs/cat.jpg") == 200);
            System.out.printf(
                    "%s: from up to the first stored image %.1f s, %d containers%n",
                    compose.version(),
                    (System.nanoTime() - begun) / 1e9,
                    compose.services().size());
            try (var client = TintypeClient.builder()
                    .seeds("127.0.0.1:" + compose.port("coordinator", GRPC))
                    .direct(false)
                    .nearCacheBytes(0)
                    .requestTimeout(Duration.ofSeconds(30))
                    .build()) {
                theClusterIsTheOneOfTheFile(client);
                assertThat(compose.documented())
                        .as("what the lines of docker/README.md say")
                        .contains("cat.jpg", "us.standard");
                aUserLivesInEachRegion(client);
                var prometheus = "http://127.0.0.1:" + compose.port("prometheus", PROMETHEUS);
                prometheusSeesEveryServer(prometheus);
                everyPanelHasFigures(prometheus, client, server);
                theMemcachedIsUsed(prometheus);
            }
            if (compose.services().contains("grafana")) {
                grafanaHasItsDashboard("http://127.0.0.1:" + compose.port("grafana", GRAFANA));
            } else {
                System.err.println(
                        "SKIPPED: Grafana itself, since its image is not here; what it would ask was asked.");
            }
        }
    }

    private static void theClusterIsTheOneOfTheFile(TintypeClient client) {
        var places = new TreeSet<String>();
        client.admin()
                .nodes()
                .forEach(node ->
                        places.add(node.node().region() + "/" + node.node().zone()));
        assertThat(places).containsExactly("eu/a", "eu/b", "us/a");
        await("each region has its pool")
                .atMost(PATIENCE)
                .ignoreExceptionsInstanceOf(TintypeException.class)
                .untilAsserted(() -> {
                    assertThat(client.admin().pools())
                            .extracting(pool -> pool.id() + " x" + pool.replicationFactor())
                            .containsExactlyInAnyOrder("eu.standard x2", "us.standard x1");
                    for (var shard : client.admin().shards()) {
                        boolean eu = shard.pool().equals(EU);
                        assertThat(shard.inSync())
                                .as("in-sync replicas of shard %s of %s", shard.id(), shard.pool())
                                .extracting(NodeId::value)
                                .containsExactlyInAnyOrder(
                                        eu ? new String[] {"node-1", "node-2"} : new String[] {"node-3"});
                    }
                    assertThat(client.admin().pool(US).shards())
                            .isNotEmpty()
                            .allSatisfy(shard -> assertThat(shard.copies())
                                    .extracting(PoolDetail.Copy::region)
                                    .containsExactly("eu"));
                });
    }

    private static void aUserLivesInEachRegion(TintypeClient client) throws IOException {
        var bytes = new byte[20_000];
        new Random(2).nextBytes(bytes);
        client.put("uma", "image", bytes);
        assertThat(client.get("uma", "image").bytes()).isEqualTo(bytes);
        assertThat(Compose.cli("user", "show", "uma")).contains("us.standard");
        assertThat(Compose.cli("user", "show", "alice")).contains("eu.standard");
    }

    private void prometheusSeesEveryServer(String prometheus) {
        await("all servers are up")
                .atMost(PATIENCE)
                .untilAsserted(() -> assertThat(series(prometheus, "up == 1")).isEqualTo(7));
    }

    private void everyPanelHasFigures(String prometheus, TintypeClient client, String server) throws IOException {
        var questions = json.readTree(
                        OBSERVABILITY.resolve("grafana/dashboards/tintype.json").toFile())
                .get("panels")
                .findValuesAsText("expr");
        assertThat(questions).hasSizeGreaterThan(25);
        await("every panel has figures")
                .atMost(PATIENCE)
                .ignoreExceptionsInstanceOf(IOException.class)
                .untilAsserted(() -> {
                    client.put("bob", "image", new byte[50_000]);
                    assertThat(client.get("bob", "image").bytes()).hasSize(50_000);
                    assertThat(get(server + "/v1/users/bob/blobs/image").statusCode())
                            .isEqualTo(200);
                    for (var question : questions) {
                        assertThat(series(prometheus, question)).as(question).isPositive();
                    }
                });
    }

    /** It is there, too: that coordinators miss in it they would say as well if it were not. */
    private void theMemcachedIsUsed(String prometheus) {
        await("memcached keeps what coordinators gave it")
                .atMost(PATIENCE)
                .ignoreExceptionsInstanceOf(IllegalStateException.class) // none answers
                .untilAsserted(() -> assertThat(Compose.memcachedFigures())
                        .containsPattern("STAT cmd_get [1-9]")
                        .containsPattern("STAT cmd_set [1-9]"));
        await("Prometheus is told")
                .atMost(PATIENCE)
                .untilAsserted(
                        () -> assertThat(series(prometheus, "sum(tintype_cache_misses_total{layer=\"memcached\"}) > 0"))
                                .isEqualTo(1));
    }

    private void grafanaHasItsDashboard(String grafana) {
        await("Grafana has its dashboard and its source")
                .atMost(PATIENCE)
                .ignoreExceptionsInstanceOf(IOException.class)
                .untilAsserted(() -> assertThat(
                                get(grafana + "/api/search?query=Tintype").body())
                        .contains("dash-db"));
    }

    private int series(String prometheus, String question) throws Exception {
        var answer = get(prometheus + "/api/v1/query?query=" + URLEncoder.encode(question, StandardCharsets.UTF_8));
        assertThat(answer.statusCode()).as("%s: %s", question, answer.body()).isEqualTo(200);
        JsonNode result = json.readTree(answer.body()).at("/data/result");
        return result.size();
    }

    private int put(String address) throws Exception {
        var bytes = new byte[10_000];
        new Random(1).nextBytes(bytes);
        return http.send(
                        HttpRequest.newBuilder(URI.create(address))
                                .timeout(Duration.ofSeconds(5))
                                .PUT(HttpRequest.BodyPublishers.ofByteArray(bytes))
                                .build(),
                        HttpResponse.BodyHandlers.discarding())
                .statusCode();
    }

    private HttpResponse<String> get(String address) throws Exception {
        return http.send(
                HttpRequest.newBuilder(URI.create(address))
                        .timeout(Duration.ofSeconds(10))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }
}
