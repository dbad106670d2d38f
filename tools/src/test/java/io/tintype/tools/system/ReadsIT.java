// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.tintype.client.BlobNotFoundException;
import io.tintype.client.Consistency;
import io.tintype.client.DeleteOptions;
import io.tintype.client.GetOptions;
import io.tintype.client.HeadOptions;
import io.tintype.client.ListOptions;
import io.tintype.client.Session;
import io.tintype.client.TintypeClient;
import io.tintype.model.Limits;
import io.tintype.model.ShardId;
import io.tintype.model.Version;
import io.tintype.proto.v1.GetRequest;
import io.tintype.proto.v1.HeadRequest;
import io.tintype.wire.ReadOptionsText;
import io.tintype.wire.Wire;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer.OrderAnnotation;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

/**
 * Every kind of read through every interface, with every server in a process of its own; and that readers who put up with a
 * little staleness hardly notice when a primary dies.
 */
@TestMethodOrder(OrderAnnotation.class)
final class ReadsIT {
    private static final String USER = "rita";
    private static final String NAME = "cat.jpg";
    private static final Duration SOON = Duration.ofSeconds(60);

    /** Longest time between two answers that a reader may see. */
    private static final Duration LONGEST_GAP = Duration.ofSeconds(1);

    private static final Duration REST = Duration.ofMillis(10);

    /** Is written as 0, known to all replicas, and then as 1, just before the primary dies. */
    private static final String WATCHED = "watched";
    /** What was replaced a moment ago: a replica may not have heard of it yet, and 30 s are allowed. */
    private static final Set<Byte> BOUNDED_MAY_SHOW = Set.of((byte) 0, (byte) 1);
    /** Nothing older than what the token names. */
    private static final Set<Byte> SESSION_MAY_SHOW = Set.of((byte) 1);

    private static final HttpClient HTTP =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    private static Dev dev;
    private static TintypeClient client;

    @BeforeAll
    static void start() throws IOException {
        // The second option makes each JVM say something before the server does.
        dev = Dev.start(
                Dev.folder("reads").resolve("data"),
                "--processes",
                "--jvm-option=-Xmx256m",
                "--jvm-option=-XX:+PrintCommandLineFlags");
        client = TintypeClient.builder()
                .seeds(dev.server())
                .requestTimeout(SOON)
                .nearCacheBytes(0)
                .build();
    }

    @AfterAll
    static void stop() {
        client.close();
        dev.close();
    }

    @Test
    @Order(1)
    void everyModeAnswersThroughEveryInterface() throws Exception {
        var image = Images.photograph("rocket.jpg").bytes();
        var stored = client.put(USER, NAME, image);
        var version = stored.info().version();
        var modes = List.of("linearizable", "near", "bounded:30s", "session:" + stored.session(), "exact");
        try (var grpc = new Grpc(dev.server())) {
            for (var mode : modes) {
                assertThat(bySdk(mode, version)).as("SDK, %s", mode).isEqualTo(image);
                assertThat(byGrpc(grpc, mode, version)).as("gRPC, %s", mode).isEqualTo(image);
                assertThat(byHttp(mode, version)).as("HTTP, %s", mode).isEqualTo(image);
                assertThat(byCommandLine(mode, version)).as("CLI, %s", mode).isEqualTo(image);
            }
        }
    }

    private static byte[] bySdk(String mode, Version version) {
        var consistency = Consistency.parse(mode);
        var head = client.head(
                USER, NAME, HeadOptions.DEFAULT.withConsistency(consistency).withIfVersion(version));
        assertThat(head.version()).isEqualTo(version);
        if (!mode.equals("exact")) {
            assertThat(client.list(USER, ListOptions.DEFAULT.withConsistency(consistency))
                            .entries())
                    .hasSize(1);
        }
        var blob = client.get(
                USER, NAME, GetOptions.DEFAULT.withConsistency(consistency).withIfVersion(version));
        boolean surelyCurrent = mode.equals("linearizable") || mode.equals("near");
        assertThat(surelyCurrent && blob.freshness().stale()).as(mode).isFalse();
        if (mode.startsWith("bounded")) {
            assertThat(blob.freshness().asOf()).as("it says since when").isPresent();
        }
        return blob.bytes();
    }

    private static byte[] byGrpc(Grpc grpc, String mode, Version version) {
        var options = ReadOptionsText.parse(mode);
        var head = grpc.retrievals()
                .head(HeadRequest.newBuilder()
                        .setUser(USER)
                        .setName(NAME)
                        .setIfVersion(Wire.version(version))
                        .setOptions(options)
                        .build());
        assertThat(head.getHead().getEtag()).isEqualTo(version.etag());
        var messages = grpc.retrievals()
                .get(GetRequest.newBuilder()
                        .setUser(USER)
                        .setName(NAME)
                        .setIfVersion(Wire.version(version))
                        .setOptions(options)
                        .build());
        var bytes = new ByteArrayOutputStream();
        messages.forEachRemaining(
                message -> bytes.writeBytes(message.getFrame().getData().toByteArray()));
        return bytes.toByteArray();
    }

    private static HttpResponse<byte[]> http(String method, String mode, Version version) throws Exception {
        return HTTP.send(
                HttpRequest.newBuilder(URI.create(dev.file().http() + "/v1/users/" + USER + "/blobs/" + NAME))
                        .header("Tintype-Consistency", mode)
                        .header("If-Match", '"' + version.etag() + '"')
                        .method(method, HttpRequest.BodyPublishers.noBody())
                        .build(),
                BodyHandlers.ofByteArray());
    }

    private static byte[] byHttp(String mode, Version version) throws Exception {
        assertThat(http("HEAD", mode, version).statusCode())
                .as("HEAD, %s", mode)
                .isEqualTo(200);
        var response = http("GET", mode, version);
        assertThat(response.statusCode()).as("GET, %s", mode).isEqualTo(200);
        if (mode.startsWith("bounded")) {
            assertThat(response.headers().firstValueAsLong("Tintype-Stale-As-Of-Ms"))
                    .isPresent();
        }
        return response.body();
    }

    private static byte[] byCommandLine(String mode, Version version) {
        var got = Command.run(
                dev.server(), "get", USER, NAME, "-o", "-", "--consistency", mode, "--if-version", version.etag());
        assertThat(got.code()).as("%s", got).isZero();
        return got.out();
    }

    @Test
    @Order(2)
    void explainTellsWhoAnswersAndAsksThem() throws Exception {
        var version = client.put(USER, "explained", new byte[] {1}).info().version();
        var shard = client.admin().shard(client.users().lookup(USER).shard()).shard();
        var explained = Command.run(dev.server(), "explain", USER, "explained", "--json");
        assertThat(explained.code()).as("%s", explained).isZero();
        var document = new ObjectMapper().readTree(explained.out());
        assertThat(document.get("shard").asInt()).isEqualTo(shard.id().value());
        assertThat(document.get("epoch").asLong()).isEqualTo(shard.epoch());
        assertThat(document.get("layers").get(0).get("answeredBy").asText())
                .contains(shard.primary().orElseThrow().value());
        assertThat(document.get("hops")).as("a coordinator and three replicas").hasSize(4);
        Awaitility.await("all replicas have applied it").atMost(SOON).untilAsserted(() -> {
            var again = Command.run(dev.server(), "explain", USER, "explained", "--json");
            for (var hop : new ObjectMapper().readTree(again.out()).get("hops")) {
                assertThat(hop.get("version").asText()).as("%s", hop).isEqualTo(version.etag());
                assertThat(hop.get("millis").asDouble()).isPositive();
            }
        });
        assertThat(document.get("caches").get("answeredBy").asText()).isEqualTo("origin");
        assertThat(HTTP.send(
                                HttpRequest.newBuilder(URI.create(
                                                dev.file().http() + "/v1/users/" + USER + "/blobs/explained"))
                                        .build(),
                                BodyHandlers.discarding())
                        .statusCode())
                .isEqualTo(200);
        var cached = new ObjectMapper()
                .readTree(Command.run(dev.server(), "explain", USER, "explained", "--json")
                        .out())
                .get("caches");
        assertThat(cached.get("answeredBy").asText())
                .as("read through the coordinator since: %s", cached)
                .isEqualTo("memory");
        assertThat(cached.get("layers").get(0).get("ageMillis").asLong()).isNotNegative();
        assertThat(cached.get("layers").get(0).get("state").asText()).isEqualTo("held");
        var near = Consistency.boundedStaleness(Duration.ofSeconds(5));
        try (var caching = TintypeClient.builder()
                .seeds(dev.server())
                .requestTimeout(SOON)
                .nearCacheBytes(1 << 20)
                .build()) {
            Awaitility.await("the SDK's own cache answers").atMost(SOON).until(() -> {
                caching.get(USER, "explained", GetOptions.DEFAULT.withConsistency(near));
                return caching.explain(USER, "explained").nearCache().hasBytes();
            });
            assertThat(caching.explain(USER, "explained").caches().answeredBy()).isEqualTo("memory");
        }
        var text = Command.run(dev.server(), "explain", USER, "not-there");
        assertThat(text.code()).as("%s", text).isZero();
        assertThat(text.text()).contains("no such blob").contains("epoch " + shard.epoch());
        client.delete(USER, "explained");
    }

    @Test
    @Order(3)
    void aSessionSeesWhatItsTokenNamesWhoeverAnswers() throws Exception {
        for (int i = 0; i < 50; i++) {
            var stored = client.put(USER, "counted", new byte[] {(byte) i});
            try (var stranger = client()) {
                var session = Session.of(List.of(stored.session()));
                var blob =
                        stranger.get(USER, "counted", GetOptions.DEFAULT.withConsistency(Consistency.session(session)));
                assertThat(blob.bytes()).as("write %d", i).containsExactly(i);
            }
        }
        var put = HTTP.send(
                HttpRequest.newBuilder(URI.create(dev.file().http() + "/v1/users/" + USER + "/blobs/by-http"))
                        .PUT(HttpRequest.BodyPublishers.ofString("first"))
                        .build(),
                BodyHandlers.discarding());
        var token = put.headers().firstValue("Tintype-Session").orElseThrow();
        var listed = Command.run(dev.server(), "ls", USER, "--consistency", "session:" + token, "--json");
        assertThat(new ObjectMapper().readTree(listed.out()).get("entries"))
                .as("%s", listed)
                .hasSize(3);
    }

    @Test
    @Order(4)
    void anExactVersionIsGoneOnceItWasReplaced() throws Exception {
        var first = client.put(USER, "exact", new byte[] {1}).info().version();
        client.put(USER, "exact", new byte[] {2});
        Awaitility.await()
                .atMost(SOON)
                .untilAsserted(() -> assertThat(HTTP.send(
                                        HttpRequest.newBuilder(URI.create(
                                                        dev.file().http() + "/v1/users/" + USER + "/blobs/exact"))
                                                .header("Tintype-Consistency", "exact")
                                                .header("If-Match", '"' + first.etag() + '"')
                                                .build(),
                                        BodyHandlers.ofString())
                                .statusCode())
                        .isEqualTo(412));
        var bad = http("GET", "sometimes", first);
        assertThat(bad.statusCode()).isEqualTo(400);
        assertThat(new String(bad.body(), StandardCharsets.UTF_8))
                .contains("sometimes")
                .contains("bounded:");
    }

    @Test
    @Order(5)
    void aCacheForgetsSoonWhatOthersReplacedAndAStrictRemovalWaitsForIt() {
        var stale = GetOptions.DEFAULT.withConsistency(Consistency.boundedStaleness(Duration.ofSeconds(30)));
        try (var reader = TintypeClient.builder()
                .seeds(dev.server())
                .requestTimeout(SOON)
                .nearCacheBytes(1 << 20)
                .build()) {
            client.put(USER, "cached", new byte[] {0});
            Awaitility.await("the reader hears of changes").atMost(SOON).until(() -> {
                reader.get(USER, "cached");
                return reader.cacheStats().feeds() > 0;
            });
            long slowest = 0;
            for (int i = 1; i <= 50; i++) {
                var stored =
                        client.put(USER, "cached", new byte[] {(byte) i}).info().version();
                long began = System.nanoTime();
                var seen = reader.get(USER, "cached", stale);
                while (!seen.info().version().equals(stored)) {
                    assertThat(Duration.ofNanos(System.nanoTime() - began))
                            .as("what was replaced is shown for no longer than a lease")
                            .isLessThan(Limits.STRICT_WAIT);
                    seen = reader.get(USER, "cached", stale);
                }
                slowest = Math.max(slowest, System.nanoTime() - began);
                reader.get(USER, "cached", stale);
            }
            System.out.printf(
                    "a cache showed what was replaced for %d ms at most; %s%n",
                    slowest / 1_000_000, reader.cacheStats());
            assertThat(reader.cacheStats().leaseHits())
                    .as("answered without asking")
                    .isPositive();

            try (var deaf = TintypeClient.builder()
                    .seeds(dev.server())
                    .direct(false)
                    .nearCacheBytes(1 << 20)
                    .build()) {
                deaf.get(USER, "cached", stale);
                var gone = new AtomicBoolean();
                long asked = System.nanoTime();
                var removal = client.async()
                        .delete(USER, "cached", DeleteOptions.DEFAULT.untilGoneEverywhere())
                        .whenComplete((done, failure) -> gone.set(true));
                while (!gone.get()) {
                    try {
                        deaf.get(USER, "cached", stale);
                    } catch (BlobNotFoundException e) {
                        // It has heard already.
                    }
                }
                assertThat(removal.join().existed()).isTrue();
                assertThat(Duration.ofNanos(System.nanoTime() - asked))
                        .as("as long as any lease of before may run")
                        .isGreaterThanOrEqualTo(Limits.HEAD_LEASE);
                for (var one : List.of(reader, deaf)) {
                    assertThatThrownBy(() -> one.get(USER, "cached", stale))
                            .as("gone for everyone once that is answered")
                            .isInstanceOf(BlobNotFoundException.class);
                }
            }
        }
    }

    @Test
    @Order(6)
    void staleReadersHardlyNoticeThatAPrimaryDies() throws Exception {
        var before = client.put(USER, WATCHED, new byte[] {0}).info().version().etag();
        Awaitility.await("all replicas have applied it")
                .atMost(SOON)
                .untilAsserted(
                        () -> assertThat(shownToExplain(WATCHED)).hasSize(4).containsOnly(before));
        client.put(USER, WATCHED, new byte[] {1});
        var shard = client.users().lookup(USER).shard();
        // A session waits for its own writes: were the primary to die before it told of this one, until the next one
        // leads.
        awaitAppliedEverywhere(shard);
        var primary =
                client.admin().shard(shard).shard().primary().orElseThrow().value();
        var victim = dev.file().nodes().stream()
                .filter(node -> node.id().equals(primary))
                .findFirst()
                .orElseThrow();
        var bounded = Consistency.boundedStaleness(Duration.ofSeconds(30));
        var readers = Executors.newFixedThreadPool(4);
        var over = new AtomicBoolean();
        // It is new: it has to find out where the user lives while the primary of his directory shard may be dead.
        try (var other = client()) {
            var session = Session.of(client.session().tokens());
            var gaps = List.<Future<Gap>>of(
                    readers.submit(longestGap(
                            over,
                            BOUNDED_MAY_SHOW,
                            () -> client.get(USER, WATCHED, GetOptions.DEFAULT.withConsistency(bounded))
                                    .bytes())),
                    readers.submit(longestGap(
                            over,
                            SESSION_MAY_SHOW,
                            () -> other.get(
                                            USER,
                                            WATCHED,
                                            GetOptions.DEFAULT.withConsistency(Consistency.session(session)))
                                    .bytes())),
                    readers.submit(longestGap(over, BOUNDED_MAY_SHOW, () -> {
                        var response = HTTP.send(
                                HttpRequest.newBuilder(URI.create(
                                                dev.file().http() + "/v1/users/" + USER + "/blobs/" + WATCHED))
                                        .header("Tintype-Consistency", "bounded:30s")
                                        .build(),
                                BodyHandlers.ofByteArray());
                        assertThat(response.statusCode()).isEqualTo(200);
                        return response.body();
                    })));
            var stall = readers.submit(longestStall(over));
            var process = ProcessHandle.of(victim.pid()).orElseThrow();
            process.destroyForcibly();
            process.onExit().join();
            long died = System.nanoTime();
            client.put(USER, "after", new byte[] {2});
            var writesPaused = Duration.ofNanos(System.nanoTime() - died);
            over.set(true);
            // For as long as this process does not run, no reader sees an answer, whoever has died.
            var stood = stall.get();
            System.out.printf(
                    "a primary was killed: writes paused %d ms; this process stood still for %d ms at most%n",
                    writesPaused.toMillis(), stood.toMillis());
            for (var gap : gaps) {
                var seen = gap.get();
                System.out.printf(
                        "  a reader saw %d answers, longest gap %d ms%n",
                        seen.answers(), seen.longest().toMillis());
                assertThat(seen.longest().minus(stood))
                        .as("longest gap, %s of which this process may have stood still", stood)
                        .isLessThan(LONGEST_GAP);
                assertThat(seen.answers()).isGreaterThan(10);
            }
        } finally {
            over.set(true);
            readers.shutdownNow();
        }
    }

    /** The version of a blob that a coordinator and each replica of the user's shard show. */
    private static List<String> shownToExplain(String name) throws IOException {
        var explained = Command.run(dev.server(), "explain", USER, name, "--json");
        assertThat(explained.code()).as("%s", explained).isZero();
        var shown = new ArrayList<String>();
        for (var hop : new ObjectMapper().readTree(explained.out()).get("hops")) {
            shown.add(hop.path("version").asText());
        }
        return shown;
    }

    private static void awaitAppliedEverywhere(ShardId shard) {
        Awaitility.await("all replicas have applied what is stored")
                .atMost(SOON)
                .untilAsserted(() -> {
                    var replicas = client.admin().shard(shard).replicas();
                    long last = replicas.stream()
                            .mapToLong(replica -> replica.sequences().last())
                            .max()
                            .orElseThrow();
                    assertThat(replicas)
                            .hasSize(3)
                            .allSatisfy(replica ->
                                    assertThat(replica.sequences().applied()).isEqualTo(last));
                });
    }

    private record Gap(Duration longest, int answers) {}

    /** Reads one time after the other until it is over; each must succeed, and show one of these single bytes. */
    private static Callable<Gap> longestGap(AtomicBoolean over, Set<Byte> may, Callable<byte[]> read) throws Exception {
        assertThat(may).contains(only(read.call()));
        return () -> {
            long last = System.nanoTime();
            long longest = 0;
            int answers = 0;
            while (!over.get()) {
                assertThat(may).contains(only(read.call()));
                long now = System.nanoTime();
                longest = Math.max(longest, now - last);
                last = now;
                answers++;
            }
            return new Gap(Duration.ofNanos(longest), answers);
        };
    }

    /** How late a thread at most went on that only rests a little, again and again, until it is over. */
    private static Callable<Duration> longestStall(AtomicBoolean over) {
        return () -> {
            long last = System.nanoTime();
            long longest = 0;
            while (!over.get()) {
                LockSupport.parkNanos(REST.toNanos());
                long now = System.nanoTime();
                longest = Math.max(longest, now - last - REST.toNanos());
                last = now;
            }
            return Duration.ofNanos(longest);
        };
    }

    private static byte only(byte[] bytes) {
        assertThat(bytes).hasSize(1);
        return bytes[0];
    }

    private static TintypeClient client() {
        return TintypeClient.builder()
                .seeds(dev.server())
                .requestTimeout(SOON)
                .nearCacheBytes(0)
                .build();
    }
}
