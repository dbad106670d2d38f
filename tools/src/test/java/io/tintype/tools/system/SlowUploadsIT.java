// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.model.Reason;
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
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/**
 * Thousands of uploads of 1 MiB, each of which sends 200 KB a second, against one coordinator and three nodes: all are stored in
 * the end, no process takes more memory than its heap, buffers and caches may, and reads are hardly slower than without.
 * Uploads and reads go through coordinators of their own, and, for contrast, through one that does both.
 *
 * <p>Measures for {@code -Dslow.uploads=5000}, and only where that is set; wants the machine for itself. What the coordinator
 * admits at once, {@code -Dslow.mib.in.flight=12}, sets the pace of all together, and so what is left to reads of two cores that clients
 * and servers share. With {@code -Dslow.cores=2} what takes uploads in, and those who upload, have a core of their own, as machines that do nothing else would: readers,
 * their coordinator and the nodes, which serve both, have the other one.
 */
@EnabledIfSystemProperty(named = "slow.uploads", matches = "\\d+")
@Timeout(value = 40, unit = TimeUnit.MINUTES)
final class SlowUploadsIT {
    /** What Java takes besides heap and buffers: classes, compiled code, stacks, its libraries. */
    private static final long JAVA_MIB = 160;

    private static final long HEAP_MIB = 224;
    private static final long BUFFERS_MIB = 96;
    /** What docs/operations.md says of a node: heap, buffers, RocksDB's cache and its writes that are not in files yet. */
    private static final long NODE_MIB = HEAP_MIB + BUFFERS_MIB + 128 + 96 + JAVA_MIB;

    private static final long COORDINATOR_HEAP_MIB = 256;
    private static final long COORDINATOR_BUFFERS_MIB = 160;
    private static final long COORDINATOR_MIB = COORDINATOR_HEAP_MIB + COORDINATOR_BUFFERS_MIB + JAVA_MIB;
    private static final int BLOBS = 64;
    private static final int BLOB_BYTES = 64 << 10;
    private static final int READS_A_SECOND = 100;
    private static final int READERS = 16;
    private static final Duration WINDOW = Duration.ofSeconds(15);
    /** 30 minutes of them. */
    private static final int MOST_WINDOWS = 120;

    private static final long MIB_IN_FLIGHT = Long.getLong("slow.mib.in.flight", 12);

    /** What the p99 of reads may be beside uploads, in the middle one of the windows, against the middle one without. */
    private static final double MOST_SLOWER = 1.5;

    private static final boolean CORES = Integer.getInteger("slow.cores", 1) > 1;
    private static final List<String> SHARED_CORE = CORES ? List.of("taskset", "-c", "0") : List.of();
    private static final List<String> UPLOADS_CORE = CORES ? List.of("taskset", "-c", "1") : List.of();

    private static final List<String> NODES = List.of("n1", "n2", "n3");
    private static final List<String> NODE =
            List.of("-XX:TieredStopAtLevel=4", "-Xmx" + HEAP_MIB + "m", "-XX:MaxDirectMemorySize=" + BUFFERS_MIB + "m");
    private static final List<String> COORDINATOR = List.of(
            "-XX:TieredStopAtLevel=4",
            "-Xmx" + COORDINATOR_HEAP_MIB + "m",
            "-XX:MaxDirectMemorySize=" + COORDINATOR_BUFFERS_MIB + "m");
    private static final Map<String, String> SETTINGS = Map.of(
            "TINTYPE_CONFIG_CONTROL_REPLICATION_FACTOR", "3",
            "TINTYPE_CONFIG_UPLOAD_BYTES_IN_FLIGHT", Long.toString(MIB_IN_FLIGHT << 20),
            "TINTYPE_CONFIG_CACHE_MEMORY_BYTES", "33554432");

    @Test
    void readsGoOnWhereCoordinatorsAreApart() throws Exception {
        readsGoOn(true);
    }

    @Test
    void readsGoOnWhereOneProcessDoesBoth() throws Exception {
        readsGoOn(false);
    }

    private static void readsGoOn(boolean apart) throws Exception {
        int count = Integer.getInteger("slow.uploads", 5_000);
        if (CORES) {
            stayOnSharedCore();
        }
        try (var fleet = Fleet.start("slow-uploads", SETTINGS)) {
            fleet.startUnder(SHARED_CORE);
            for (var node : NODES) {
                fleet.node(node, NODE);
            }
            List<String> servers = new ArrayList<>(NODES);
            if (apart) {
                fleet.coordinator("control", "control", Map.of(), COORDINATOR);
                fleet.startUnder(UPLOADS_CORE);
                fleet.coordinator("up", "upload", Map.of(), COORDINATOR);
                fleet.startUnder(SHARED_CORE);
                fleet.coordinator("down", "retrieval", Map.of(), COORDINATOR);
                servers.addAll(List.of("up", "down"));
            } else {
                fleet.startUnder(UPLOADS_CORE);
                fleet.coordinator("up", "control,upload,retrieval", Map.of(), COORDINATOR);
                servers.add("up");
            }
            var read = reads(fleet.http("up"), fleet.http(apart ? "down" : "up"));
            read.run(WINDOW.multipliedBy(2), 1);
            var alone = List.of(read.run(WINDOW, 2), read.run(WINDOW, 3), read.run(WINDOW, 4));

            try (var uploads = UploadsElsewhere.begin(UPLOADS_CORE, fleet.folder(), fleet.address("up"), count)) {
                var beside = new ArrayList<HttpLoad.Result>();
                do {
                    beside.add(read.run(WINDOW, 5 + beside.size()));
                } while (uploads.isUnderWay() && beside.size() < MOST_WINDOWS);
                var outcome = uploads.outcome(WINDOW);
                var peaks = new TreeMap<String, Long>();
                for (var server : servers) {
                    peaks.put(server, peakKib(fleet.pid(server)) >> 10);
                }
                var text = String.format(
                        Locale.ROOT,
                        "%d uploads, %s, %d MiB in flight: %s%nreads of 15 s each, p99 in ms: alone %s, beside %s; the middle ones x %.2f%n"
                                + "p99 of all reads together, in ms: alone %.1f, beside %.1f; p50 %.1f, %.1f%n"
                                + "peak MiB: %s%n",
                        count,
                        apart ? "apart" : "combined",
                        MIB_IN_FLIGHT,
                        outcome,
                        millis(alone),
                        millis(beside),
                        middle(beside) / middle(alone),
                        together(alone, 99),
                        together(beside, 99),
                        together(alone, 50),
                        together(beside, 50),
                        peaks);
                System.out.print(text);
                Files.writeString(
                        Path.of("target", "system", "slow-uploads.txt"),
                        text,
                        StandardOpenOption.CREATE,
                        StandardOpenOption.APPEND);
                assertThat(outcome.stored()).isEqualTo(count);
                assertThat(outcome.refusals()).as("no memory ran out").doesNotContainKey(Reason.INTERNAL.name());
                assertThat(alone)
                        .allSatisfy(result -> assertThat(result.failures()).isEmpty());
                assertThat(beside)
                        .allSatisfy(result -> assertThat(result.failures()).isEmpty());
                if (apart) {
                    assertThat(middle(beside)).as("p99 of reads").isLessThan(MOST_SLOWER * middle(alone));
                }
                for (var server : servers) {
                    assertThat(peaks.get(server))
                            .as("most memory that %s ever had, in MiB", server)
                            .isLessThan(NODES.contains(server) ? NODE_MIB : COORDINATOR_MIB);
                }
            }
        }
    }

    /** All threads of this process, and those that they start. */
    private static void stayOnSharedCore() throws IOException, InterruptedException {
        var self = Long.toString(ProcessHandle.current().pid());
        var set = new ProcessBuilder("taskset", "-a", "-c", "-p", "0", self)
                .inheritIO()
                .start();
        assertThat(set.waitFor()).as("what taskset ended with").isZero();
    }

    private static List<String> millis(List<HttpLoad.Result> results) {
        return results.stream()
                .map(result ->
                        String.format(Locale.ROOT, "%.1f", result.others().p99() / 1000))
                .toList();
    }

    private static double middle(List<HttpLoad.Result> results) {
        var sorted = results.stream()
                .mapToDouble(result -> result.others().p99())
                .sorted()
                .toArray();
        return sorted[sorted.length / 2];
    }

    private static double together(List<HttpLoad.Result> results, double percentile) {
        var all = new Histogram(3);
        results.forEach(result -> all.add(result.others().latencies()));
        return all.getValueAtPercentile(percentile) / 1e6;
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
