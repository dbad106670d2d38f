// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.client.BlobSource;
import io.tintype.client.PutOptions;
import io.tintype.tools.balance.Fleet;
import io.tintype.tools.balance.Ports;
import io.tintype.tools.bench.HttpLoad;
import io.tintype.tools.bench.PhotoMix;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.ToIntFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/**
 * What retrieval coordinators and their caches are worth, with processes and the photo mix: each with room for 32 MiB of about
 * 130 MB of images. Measures for {@code -Dcaches.seconds=10} a figure, and only where that is set; wants the machine for itself.
 */
@EnabledIfSystemProperty(named = "caches.seconds", matches = "\\d+")
@Timeout(value = 20, unit = TimeUnit.MINUTES)
final class CachesIT {
    private static final int BLOBS = 4_000;
    private static final int CLIENTS = 16;
    private static final double ZIPF = 0.67;
    private static final String USER = "photos";
    private static final List<String> LAYERS = List.of("memory", "disk", "peers", "memcached", "origin");
    private static final Map<String, String> SETTINGS =
            Map.of("TINTYPE_CONFIG_CONTROL_REPLICATION_FACTOR", "1", "TINTYPE_CONFIG_CACHE_MEMORY_BYTES", "33554432");
    private static final List<String> JAVA = List.of("-XX:TieredStopAtLevel=4", "-Xmx256m");

    private final Duration time = Duration.ofSeconds(Integer.getInteger("caches.seconds", 10));
    private final HttpClient http = HttpClient.newHttpClient();

    @Test
    void whatTheCachesAreWorth() throws Exception {
        try (var fleet = Fleet.start("caches", SETTINGS)) {
            fleet.node("n1", JAVA);
            fleet.coordinator("control", "control,upload", Map.of(), JAVA);
            var resources = store(fleet);
            System.out.printf("%d blobs, %d bytes%n", BLOBS, total(resources));
            var zipf = PhotoMix.zipf(BLOBS, ZIPF);
            var disk = fleet.folder().resolve("cache").toString();

            measure(fleet, "no cache", List.of("x1"), Map.of("TINTYPE_CONFIG_CACHE_ENABLED", "false"), resources, zipf);
            measure(fleet, "memory", List.of("m1"), Map.of(), resources, zipf);
            measure(fleet, "memory, disk", List.of("d1"), disk(disk), resources, zipf);
            measure(fleet, "memory, peers", List.of("p1", "p2"), Map.of(), resources, zipf);
            measure(fleet, "memory, peers", List.of("q1", "q2", "q3", "q4"), Map.of(), resources, zipf);
            if (Files.isExecutable(Path.of("/usr/bin/memcached"))) {
                withMemcached(fleet, resources, zipf);
            }
        }
    }

    private void withMemcached(Fleet fleet, List<HttpLoad.Resource> resources, ToIntFunction<SplittableRandom> zipf)
            throws Exception {
        int port = Ports.free();
        var memcached = new ProcessBuilder(
                        "/usr/bin/memcached",
                        "-l",
                        "127.0.0.1",
                        "-p",
                        Integer.toString(port),
                        "-U",
                        "0",
                        "-m",
                        "256",
                        "-I",
                        "2m",
                        "-u",
                        System.getProperty("user.name"))
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        try {
            var settings = Map.of("TINTYPE_CONFIG_CACHE_MEMCACHED_SERVERS", "127.0.0.1:" + port);
            measure(fleet, "memory, memcached", List.of("g1"), settings, resources, zipf);
        } finally {
            memcached.destroy();
            memcached.waitFor(30, TimeUnit.SECONDS);
        }
    }

    /** Four coordinators hold four times the distinct bytes of one. */
    @Test
    void fourHoldFourTimesWhatOneHolds() throws Exception {
        try (var fleet = Fleet.start("caches", SETTINGS)) {
            fleet.node("n1", JAVA);
            fleet.coordinator("control", "control,upload", Map.of(), JAVA);
            var resources = store(fleet);
            var names = List.of("c1", "c2", "c3", "c4");
            var held = new ArrayList<Long>();
            for (int count : new int[] {1, 4}) {
                for (var name : names.subList(count == 1 ? 0 : 1, count)) {
                    fleet.coordinator(name, "retrieval", Map.of(), JAVA);
                }
                var urls = urls(fleet, names.subList(0, count));
                var evenly = load(urls, resources, random -> random.nextInt(BLOBS), 0);
                evenly.run(time.multipliedBy(3), 1);
                // Each blob is asked of all: what several keep is counted once.
                long distinct = 0;
                try (var asked = new Held(fleet, names.subList(0, count))) {
                    for (int i = 0; i < BLOBS; i++) {
                        distinct += asked.isHeldByAny(USER, name(i))
                                ? resources.get(i).length()
                                : 0;
                    }
                }
                held.add(distinct);
                System.out.printf("%d coordinators hold %d distinct bytes in memory%n", count, distinct);
            }
            assertThat((double) held.get(1) / held.get(0))
                    .as("of four beside one")
                    .isBetween(3.0, 5.0);
        }
    }

    /** One is killed and one comes under load: nobody notices but by what is found in caches, for a while. */
    @Test
    void oneDiesAndOneComesUnderLoad() throws Exception {
        try (var fleet = Fleet.start("caches", SETTINGS)) {
            fleet.node("n1", JAVA);
            fleet.coordinator("control", "control,upload", Map.of(), JAVA);
            var resources = store(fleet);
            var names = List.of("c1", "c2", "c3");
            for (var name : names) {
                fleet.coordinator(name, "retrieval", Map.of(), JAVA);
            }
            int port = Ports.free();
            fleet.httpPort("c4", port);
            var urls = urls(fleet, names);
            urls.add(URI.create("http://127.0.0.1:" + port)); // clients know of it before it is there
            var load = load(urls, resources, PhotoMix.zipf(BLOBS, ZIPF), 400);
            load.run(time.multipliedBy(2), 1);
            var stay = names.subList(0, 2);
            var running = CompletableFuture.supplyAsync(() -> {
                try {
                    return load.run(time.multipliedBy(6), 2);
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            });
            var ratios = new ArrayList<String>();
            for (int step = 0; step < 5; step++) {
                if (step == 1) {
                    fleet.kill("c3");
                }
                if (step == 3) {
                    fleet.coordinator("c4", "retrieval", Map.of(), JAVA);
                }
                var before = figures(fleet, stay);
                TimeUnit.MILLISECONDS.sleep(time.toMillis());
                ratios.add(String.format("%.3f", cached(before, figures(fleet, stay))));
            }
            var result = running.get(5, TimeUnit.MINUTES);
            System.out.printf(
                    "hit ratio of the two that stay, before, killed, after, added, after: %s; %d reads, %d failed,"
                            + " asked again %d%n",
                    ratios, result.first().count() + result.others().count(), result.failed(), result.askedAgain());
            assertThat(result.failures()).isEmpty();
            assertThat(Double.parseDouble(ratios.get(4)))
                    .as("recovered: %s", ratios)
                    .isGreaterThan(0.9 * Double.parseDouble(ratios.get(0)));
        }
    }

    /** One blob gets nine of ten reads. */
    @Test
    void aHotBlobHurtsNobody() throws Exception {
        try (var fleet = Fleet.start("caches", SETTINGS)) {
            fleet.node("n1", JAVA);
            fleet.coordinator("control", "control,upload", Map.of(), JAVA);
            var resources = store(fleet).subList(0, 800); // what fits
            var names = List.of("c1", "c2", "c3", "c4");
            for (var name : names) {
                fleet.coordinator(name, "retrieval", Map.of(), JAVA);
            }
            var urls = urls(fleet, names);
            ToIntFunction<SplittableRandom> even = random -> random.nextInt(resources.size());
            ToIntFunction<SplittableRandom> hot =
                    random -> random.nextInt(10) < 9 ? 0 : 1 + random.nextInt(resources.size() - 1);
            load(urls, resources, even, 0).run(time.multipliedBy(2), 1);
            for (int round = 0; round < 2; round++) {
                for (double rate : new double[] {0, 400}) {
                    var evenly = load(urls, resources, even, rate).run(time, 2 + round);
                    var hotly = load(urls, resources, hot, rate).run(time, 20 + round);
                    System.out.printf(
                            "%s: even %.0f/s, others p99 %.0f us; hot %.0f/s (x %.2f), others p99 %.0f us (x %.2f),"
                                    + " failed %d%n",
                            rate == 0 ? "as fast as it goes" : rate + "/s",
                            evenly.perSecond(),
                            evenly.others().p99(),
                            hotly.perSecond(),
                            hotly.perSecond() / evenly.perSecond(),
                            hotly.others().p99(),
                            hotly.others().p99() / evenly.others().p99(),
                            evenly.failed() + hotly.failed());
                    assertThat(evenly.failures()).isEmpty();
                    assertThat(hotly.failures()).isEmpty();
                    assertThat(hotly.perSecond() / evenly.perSecond())
                            .as("reads a second beside an even load")
                            .isGreaterThan(0.8);
                    assertThat(hotly.others().p99() / evenly.others().p99())
                            .as("p99 of the others beside an even load")
                            .isLessThan(1.1);
                }
            }
        }
    }

    private void measure(
            Fleet fleet,
            String what,
            List<String> names,
            Map<String, String> own,
            List<HttpLoad.Resource> resources,
            ToIntFunction<SplittableRandom> choose)
            throws Exception {
        for (var name : names) {
            fleet.coordinator(name, "retrieval", own, JAVA);
        }
        var load = load(urls(fleet, names), resources, choose, 0);
        // Each is a JVM of its own, which compiles what it has run often enough: several share the reads, and the
        // cores.
        load.run(time.multipliedBy(4L * names.size()), 1);
        var before = figures(fleet, names);
        var result = load.run(time, 2);
        var after = figures(fleet, names);
        var shares = new LinkedHashMap<String, String>();
        double all =
                LAYERS.stream().mapToDouble(layer -> hits(before, after, layer)).sum();
        for (var layer : LAYERS) {
            shares.put(layer, String.format("%.3f", hits(before, after, layer) / Math.max(1, all)));
        }
        System.out.printf(
                "%d coordinators, %s: %.0f reads/s, p50 %.0f us, p99 %.0f us, answered by %s, failed %d%n",
                names.size(),
                what,
                result.perSecond(),
                result.others().p50(),
                result.others().p99(),
                shares,
                result.failed());
        assertThat(result.failures()).isEmpty();
        names.forEach(fleet::stop);
    }

    private static double hits(Map<String, Double> before, Map<String, Double> after, String layer) {
        return after.getOrDefault(layer, 0.0) - before.getOrDefault(layer, 0.0);
    }

    private static double cached(Map<String, Double> before, Map<String, Double> after) {
        double origin = hits(before, after, "origin");
        double all =
                LAYERS.stream().mapToDouble(layer -> hits(before, after, layer)).sum();
        return 1 - origin / Math.max(1, all);
    }

    /** Pieces that each layer had, over all of them. */
    private Map<String, Double> figures(Fleet fleet, List<String> names) throws IOException, InterruptedException {
        var hits = new TreeMap<String, Double>();
        for (var name : names) {
            var text = http.send(
                            HttpRequest.newBuilder(fleet.http(name).resolve("/metrics"))
                                    .build(),
                            BodyHandlers.ofString())
                    .body();
            text.lines()
                    .filter(line -> line.startsWith("tintype_cache_hits_total{"))
                    .forEach(line -> hits.merge(
                            line.replaceAll(".*layer=\"([a-z]+)\".*", "$1"),
                            Double.valueOf(line.substring(line.lastIndexOf(' ') + 1)),
                            Double::sum));
        }
        return hits;
    }

    private static HttpLoad load(
            List<URI> urls, List<HttpLoad.Resource> resources, ToIntFunction<SplittableRandom> choose, double rate) {
        return new HttpLoad(new HttpLoad.Plan(urls, List.of(), resources, choose, CLIENTS, rate));
    }

    private static List<URI> urls(Fleet fleet, List<String> names) {
        return new ArrayList<>(names.stream().map(fleet::http).toList());
    }

    private static Map<String, String> disk(String folder) {
        return Map.of("TINTYPE_CONFIG_CACHE_DISK_PATH", folder, "TINTYPE_CONFIG_CACHE_DISK_BYTES", "1073741824");
    }

    private static String name(int number) {
        return "p" + number;
    }

    private static long total(List<HttpLoad.Resource> resources) {
        return resources.stream().mapToLong(HttpLoad.Resource::length).sum();
    }

    private static List<HttpLoad.Resource> store(Fleet fleet) throws Exception {
        var sizes = PhotoMix.sizes(BLOBS, 1);
        try (var client = fleet.client("control")) {
            client.put(USER, "first", BlobSource.of(new byte[1]), PutOptions.DEFAULT);
            // count() alone would store nothing: a stream that knows its size need not be run for that.
            var stored = IntStream.range(0, BLOBS)
                    .parallel()
                    .mapToObj(i -> client.put(USER, name(i), BlobSource.of(new byte[sizes[i]]), PutOptions.DEFAULT))
                    .toList();
            assertThat(stored).hasSize(BLOBS);
        }
        return IntStream.range(0, BLOBS)
                .mapToObj(i -> new HttpLoad.Resource("/v1/users/" + USER + "/blobs/" + name(i), sizes[i]))
                .toList();
    }
}
