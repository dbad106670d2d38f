// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.tools.balance.Fleet;
import io.tintype.tools.bench.HttpLoad;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Thousands of uploads of 1 MiB, each of which sends 200 KB a second, against one coordinator and three nodes: all are stored in
 * the end, no process takes more memory than 512 MiB, and what reads take meanwhile is told beside what they take without.
 * Uploads and reads go through coordinators of their own, and, for contrast, through one that does both.
 *
 * <p>Measures for {@code -Dslow.uploads=5000}, and only where that is set; wants the machine for itself.
 */
@EnabledIfSystemProperty(named = "slow.uploads", matches = "\\d+")
@Timeout(value = 20, unit = TimeUnit.MINUTES)
final class SlowUploadsIT {
    private static final long MEMORY_KIB = 512 << 10;
    private static final int BLOBS = 64;
    private static final int BLOB_BYTES = 64 << 10;
    private static final int READS_A_SECOND = 100;
    private static final int READERS = 16;
    private static final Duration ALONE = Duration.ofSeconds(15);
    private static final List<String> NODES = List.of("n1", "n2", "n3");
    private static final List<String> NODE =
            List.of("-XX:TieredStopAtLevel=4", "-Xmx224m", "-XX:MaxDirectMemorySize=96m");
    private static final List<String> COORDINATOR =
            List.of("-XX:TieredStopAtLevel=4", "-Xmx256m", "-XX:MaxDirectMemorySize=160m");
    private static final Map<String, String> SETTINGS = Map.of(
            "TINTYPE_CONFIG_CONTROL_REPLICATION_FACTOR", "3",
            "TINTYPE_CONFIG_UPLOAD_BYTES_IN_FLIGHT", "67108864",
            "TINTYPE_CONFIG_CACHE_MEMORY_BYTES", "33554432");

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void readsGoOnBesideSlowUploads(boolean apart) throws Exception {
        int count = Integer.getInteger("slow.uploads", 5_000);
        try (var fleet = Fleet.start("slow-uploads", SETTINGS)) {
            for (var node : NODES) {
                fleet.node(node, NODE);
            }
            List<String> servers = new ArrayList<>(NODES);
            if (apart) {
                fleet.coordinator("control", "control", Map.of(), COORDINATOR);
                fleet.coordinator("up", "upload", Map.of(), COORDINATOR);
                fleet.coordinator("down", "retrieval", Map.of(), COORDINATOR);
                servers.addAll(List.of("up", "down"));
            } else {
                fleet.coordinator("up", "control,upload,retrieval", Map.of(), COORDINATOR);
                servers.add("up");
            }
            var read = reads(fleet.http("up"), fleet.http(apart ? "down" : "up"));
            read.run(ALONE, 1);
            var before = read.run(ALONE, 2);

            try (var uploads = new SlowUploads(fleet.address("up"), count)) {
                uploads.begin();
                var during = read.run(Duration.ofSeconds(20), 3);
                uploads.await(Duration.ofMinutes(12));
                var peaks = new TreeMap<String, Long>();
                for (var server : servers) {
                    peaks.put(server, peakKib(fleet.pid(server)) >> 10);
                }
                System.out.printf(
                        "%d uploads, %s: %s%nreads alone: %s%nreads beside: %s, p99 x %.2f%npeak MiB: %s%n",
                        count,
                        apart ? "apart" : "combined",
                        uploads,
                        before,
                        during,
                        during.others().p99() / before.others().p99(),
                        peaks);
                assertThat(uploads.stored()).isEqualTo(count);
                assertThat(before.failures()).isEmpty();
                assertThat(during.failures()).isEmpty();
                for (var server : servers) {
                    assertThat(peakKib(fleet.pid(server)))
                            .as("most memory that %s ever had, in KiB", server)
                            .isLessThan(MEMORY_KIB);
                }
            }
        }
    }

    private static HttpLoad reads(URI up, URI down) {
        var client = HttpClient.newHttpClient();
        var resources = new ArrayList<HttpLoad.Resource>();
        for (int i = 0; i < BLOBS; i++) {
            var path = "/v1/users/reader/blobs/" + i;
            Awaitility.await("the first shards are made, and " + path + " is stored")
                    .atMost(Duration.ofSeconds(60))
                    .until(() -> put(client, up.resolve(path)) == HttpURLConnection.HTTP_OK);
            resources.add(new HttpLoad.Resource(path, BLOB_BYTES));
        }
        return new HttpLoad(new HttpLoad.Plan(
                List.of(down), List.of(), resources, random -> random.nextInt(BLOBS), READERS, READS_A_SECOND));
    }

    private static int put(HttpClient client, URI blob) throws IOException, InterruptedException {
        var request = HttpRequest.newBuilder(blob)
                .PUT(BodyPublishers.ofByteArray(new byte[BLOB_BYTES]))
                .build();
        return client.send(request, BodyHandlers.discarding()).statusCode();
    }

    private static long peakKib(long pid) throws IOException {
        return Files.readAllLines(Path.of("/proc/" + pid + "/status")).stream()
                .filter(line -> line.startsWith("VmHWM:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                .findFirst()
                .orElseThrow();
    }
}
