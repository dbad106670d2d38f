// SPDX-License-Identifier: Apache-2.0
package io.tintype.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.tintype.client.TintypeClient;
import io.tintype.client.UnavailableException;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/**
 * A cluster goes from an earlier commit's images to those of this tree, and back, and its clients notice nothing. Takes four minutes, two
 * of which build the earlier commit, so it runs where {@code -Dupgrade.from=HEAD~1} or another revision asks for it.
 */
@EnabledIfSystemProperty(named = "upgrade.from", matches = ".+")
final class UpgradeIT {
    private static final Duration PATIENCE = Duration.ofMinutes(3);
    private static final int SOME = 20;
    private static final String FLAG = "upgraded";

    private final HttpClient http = HttpClient.newHttpClient();

    @Test
    void anUpgradeOfAllProcessesAndTheWayBackAreNoticedByNobody() throws Exception {
        Images.assumeEngine();
        var commit = PreviousVersion.commit();
        if (commit.isEmpty()) {
            System.err.println(
                    "SKIPPED: the rolling upgrade, since this tree does not know the commit before its own: it is a"
                            + " shallow clone or no clone. Fetch more of the history, or name one with -Dupgrade.from.");
        }
        Assumptions.assumeTrue(commit.isPresent(), "the commit before this one is not known here");
        var from = commit.orElseThrow();
        var before = PreviousVersion.images(from);
        var now = Images.tag();
        long seed = new Random().nextLong();
        try (var cluster = new RollingCluster().start(before);
                var client = cluster.client();
                var impatient = cluster.client(Duration.ofSeconds(10))) {
            awaitWhole(cluster);
            var turnedAway = new TurnedAway(impatient);
            turnedAway.comeAtOnce();
            client.put(FLAG, "from", from.getBytes(StandardCharsets.UTF_8));
            try (var traffic = new Traffic(client, "upgrade", seed)) {
                roll(cluster, traffic, now, turnedAway);
                assertThat(turnedAway.ask()).isEqualTo("registered");
                int there = traffic.written();
                roll(cluster, traffic, before, turnedAway);
                var report = traffic.endAndCheck();
                System.out.println("upgrade from " + from + " and back: " + there + " + "
                        + (traffic.written() - there) + " changes acknowledged, " + traffic.failed()
                        + " operations without an answer, seed " + seed + ": " + report);
                assertThat(report.ok()).as("seed %s: %s", seed, report).isTrue();
                assertThat(traffic.failed())
                        .as("operations that failed after retries")
                        .isZero();
            }
            assertThat(text(client)).isEqualTo(from);
            assertReplicasAreTheSame(client);
        }
    }

    /** Every process in turn; the next one only when all shards are whole and clients have got on. */
    private void roll(RollingCluster cluster, Traffic traffic, String tag, TurnedAway turnedAway) {
        for (var process : cluster.processes()) {
            traffic.awaitProgress(SOME);
            cluster.replace(process, tag);
            awaitWhole(cluster);
            System.out.println(
                    "with " + process + " of " + tag + ", who was turned away by a full pool: " + turnedAway.ask());
        }
        traffic.awaitProgress(SOME);
    }

    /** Of all shards, those of the directory too: records that meant something to one version only would be seen here. */
    private static void assertReplicasAreTheSame(TintypeClient client) {
        for (var shard : client.admin().shards()) {
            await().atMost(PATIENCE)
                    .ignoreExceptionsInstanceOf(UnavailableException.class)
                    .untilAsserted(() -> assertThat(client.balancing()
                                    .verify(shard.id(), true, PATIENCE)
                                    .getReplicasList())
                            .as("replicas of shard %s", shard.id())
                            .hasSize(3)
                            .allMatch(replica -> replica.getSame() && replica.getBadChunks() == 0));
        }
    }

    private static String text(TintypeClient client) {
        return new String(client.get(FLAG, "from").bytes(), StandardCharsets.UTF_8);
    }

    private void awaitWhole(RollingCluster cluster) {
        await().atMost(PATIENCE)
                .pollInterval(Duration.ofMillis(200))
                .ignoreExceptionsInstanceOf(IOException.class)
                .untilAsserted(() -> {
                    for (var node : cluster.nodes()) {
                        assertThat(page(cluster.http(node) + "/health/shards").body())
                                .as("shards of %s", node)
                                .contains("\"serving\":true");
                        assertThat(page(cluster.http(node) + "/health/ready").statusCode())
                                .as("%s", node)
                                .isEqualTo(200);
                    }
                });
    }

    private HttpResponse<String> page(String address) throws IOException, InterruptedException {
        var request = HttpRequest.newBuilder(URI.create(address))
                .timeout(Duration.ofSeconds(5))
                .build();
        return http.send(request, HttpResponse.BodyHandlers.ofString());
    }
}
