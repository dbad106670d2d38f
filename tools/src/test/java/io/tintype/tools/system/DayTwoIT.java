// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.tintype.client.TintypeClient;
import io.tintype.cluster.rocks.RocksLibrary;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What operators meet with processes that have been running for a while: slow requests in their logs, and crashes. */
@Tag("beside-another")
final class DayTwoIT {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String NODE = "node-1";
    private static final int CRASHES = 3;

    @Test
    void slowRequestsAreLoggedAndCrashesLeaveNoFilesBehind() throws Exception {
        var folder = Dev.folder("day-two");
        var temporary = Files.createDirectories(folder.resolve("tmp"));
        // As slow counts here what any first request takes.
        var settings = Map.of(
                "TINTYPE_CONFIG_LOG_SLOW_REQUESTS",
                "1ms",
                "JAVA_TOOL_OPTIONS",
                "-XX:-UsePerfData -Djava.io.tmpdir=" + temporary);
        try (var servers = Servers.start(folder, 1, settings);
                var client = TintypeClient.builder()
                        .seeds(servers.server())
                        .requestTimeout(PATIENCE)
                        .build()) {
            aSlowRequestIsFoundByItsIdInEveryLog(servers, folder);
            client.put("alice", "kept.jpg", new byte[20_000]);
            for (int i = 0; i < CRASHES; i++) {
                servers.kill(NODE);
                servers.start(NODE);
                await("what was stored is read after crash " + (i + 1))
                        .atMost(PATIENCE)
                        .untilAsserted(
                                () -> assertThat(client.get("alice", "kept.jpg").bytes())
                                        .hasSize(20_000));
            }
            servers.kill(NODE);
            assertThat(names(temporary))
                    .as("temporary files of killed processes")
                    .isEmpty();
            assertThat(names(folder.resolve(NODE).resolve(RocksLibrary.FOLDER)))
                    .as("the library, and the lock beside it")
                    .hasSize(2)
                    .contains("lock");
        }
        Dev.delete(folder);
    }

    private static void aSlowRequestIsFoundByItsIdInEveryLog(Servers servers, Path folder) throws Exception {
        var http = HttpClient.newHttpClient();
        var bytes = new byte[16];
        new Random().nextBytes(bytes);
        var id = HexFormat.of().formatHex(bytes);
        var answer = http.send(
                HttpRequest.newBuilder(
                                URI.create(servers.http() + "/v1/users/bob/blobs/slow.jpg?secret=of-a-signature"))
                        .timeout(PATIENCE)
                        .header("Tintype-Request-Id", id)
                        .PUT(HttpRequest.BodyPublishers.ofByteArray(new byte[5_000]))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        await("the coordinator's log has it")
                .atMost(PATIENCE)
                .untilAsserted(() -> assertThat(line(folder, "coordinator", id))
                        .contains("WARN")
                        .contains("PUT /v1/users/bob/blobs/slow.jpg took ")
                        .contains("status 200", "request " + id, "5000 bytes received")
                        .doesNotContain("secret"));
        await("the node's log has it")
                .atMost(PATIENCE)
                .untilAsserted(() -> assertThat(line(folder, NODE, id))
                        .contains("WARN")
                        .contains("tintype.v1.BlobUpload/Put took ")
                        .contains("request " + id, "user bob, blob slow.jpg, shard ", "until the first answer"));
        assertThat(http.send(
                                HttpRequest.newBuilder(URI.create(servers.http() + "/metrics"))
                                        .timeout(PATIENCE)
                                        .build(),
                                HttpResponse.BodyHandlers.ofString())
                        .body())
                .containsPattern("(?m)^tintype_slow_requests_total [1-9]");
    }

    private static String line(Path folder, String server, String id) throws IOException {
        try (Stream<String> lines = Files.lines(folder.resolve(server + ".log"))) {
            return lines.filter(line -> line.contains(id)).findFirst().orElse("");
        }
    }

    private static List<String> names(Path folder) throws IOException {
        try (Stream<Path> all = Files.list(folder)) {
            return all.map(one -> one.getFileName().toString()).sorted().toList();
        }
    }
}
