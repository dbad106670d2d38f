// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.tintype.client.BlobSource;
import io.tintype.client.Consistency;
import io.tintype.client.Erasure;
import io.tintype.client.GetOptions;
import io.tintype.client.MoveTarget;
import io.tintype.client.PutOptions;
import io.tintype.client.TintypeClient;
import io.tintype.client.UploadNotFoundException;
import io.tintype.client.UserErasedException;
import io.tintype.client.UserFrozenException;
import io.tintype.client.UserNotFoundException;
import io.tintype.client.WrongStateException;
import io.tintype.model.PoolId;
import io.tintype.tools.console.ExitCode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Users of a running cluster are erased and frozen. */
@Tag("beside-another")
final class UserDataIT {
    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final PoolId PAID = PoolId.parse("local.paid");
    private static final ObjectMapper JSON = new ObjectMapper();

    private static Dev dev;
    private static TintypeClient client;
    private static PoolId standard;

    @BeforeAll
    static void start() throws Exception {
        dev = Dev.start(Dev.folder("user-data").resolve("data"));
        client = dev.client();
        standard = client.users().register("first").user().pool();
        assertThat(Command.run(dev.server(), "pool", "create", PAID.toString(), "--shards", "2")
                        .code())
                .isZero();
        Awaitility.await()
                .atMost(PATIENCE)
                .until(() -> client.admin().shards(PAID).stream()
                                .filter(shard -> shard.primary().isPresent())
                                .count()
                        >= 2);
    }

    @AfterAll
    static void stop() {
        client.close();
        dev.close();
    }

    private static void move(String user, PoolId to) {
        MovesDone.move(client, user, MoveTarget.pool(to), PATIENCE);
        assertThat(client.users().lookup(user).pool()).isEqualTo(to);
    }

    private static double heldInMemory() throws Exception {
        var metrics = HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(URI.create(dev.file().http() + "/metrics"))
                                .build(),
                        HttpResponse.BodyHandlers.ofString())
                .body();
        return metrics.lines()
                .filter(line -> line.startsWith("tintype_cache_held_bytes{") && line.contains("\"memory\""))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' '))))
                .sum();
    }

    private static JsonNode json(Command.Result result) throws Exception {
        assertThat(result.code()).as("%s", result).isZero();
        return JSON.readTree(result.text());
    }

    @Test
    void whoIsErasedIsGoneFromEveryReplicaAndFromWhatMovesLeft() throws Exception {
        String user = "erased/Ω😀";
        client.users().register(user);
        for (int i = 0; i < 20; i++) {
            client.put(user, "blob" + i, BlobSource.of(new byte[i % 5 == 0 ? 3_000_000 : 10_000]), PutOptions.DEFAULT);
        }
        int home = client.users().lookup(user).shard().value();
        move(user, PAID);
        int paid = client.users().lookup(user).shard().value();
        client.put(user, "blob20", BlobSource.of(new byte[10]), PutOptions.DEFAULT);

        Awaitility.await("followers know it as well").atMost(PATIENCE).untilAsserted(() -> {
            var places = json(Command.run(dev.server(), "user", "where", user, "--json"))
                    .get("places");
            var held = new ArrayList<String>();
            places.forEach(place -> held.add(place.get("holds").asText() + " "
                    + place.get("shard").asInt() + " " + place.get("blobs").asInt() + " "
                    + place.get("role").asText()));
            assertThat(held)
                    .filteredOn(place -> place.startsWith("home " + paid + " 21 "))
                    .hasSize(3);
            assertThat(held)
                    .filteredOn(place -> place.startsWith("left " + home + " 20 "))
                    .hasSize(3);
            assertThat(held).filteredOn(place -> place.startsWith("directory ")).hasSize(3);
            assertThat(held).filteredOn(place -> place.endsWith(" primary")).hasSize(3);
            assertThat(held).hasSize(9);
        });
        assertThat(client.users().locate(user).places())
                .allMatch(place -> place.region().equals("local"));

        // Read through the coordinator, his bytes are in its memory.
        try (var thin = TintypeClient.builder()
                .seeds(dev.server())
                .direct(false)
                .nearCacheBytes(0)
                .requestTimeout(Duration.ofSeconds(30))
                .build()) {
            thin.get(user, "blob0").bytes();
        }
        double cachedBytes = heldInMemory();
        assertThat(cachedBytes).isGreaterThanOrEqualTo(3_000_000);
        var caches =
                json(Command.run(dev.server(), "user", "where", user, "--json")).get("caches");
        assertThat(caches).as("%s", caches).hasSize(1);
        assertThat(caches.get(0).get("layer").asText()).isEqualTo("memory");
        assertThat(caches.get(0).get("pieces").asInt()).isEqualTo(3);
        assertThat(caches.get(0).get("bytes").asInt()).isEqualTo(3_000_000);
        assertThat(Command.run(dev.server(), "user", "where", user).text()).contains("3 pieces");

        var wrong = Command.run(dev.server(), "user", "erase", user, "--confirm", "erased");
        assertThat(wrong.code()).isEqualTo(ExitCode.USAGE.number());
        assertThat(wrong.err()).contains("nothing was changed");
        assertThatThrownBy(() -> client.users().erase(user, 77)).isInstanceOf(WrongStateException.class);
        assertThat(client.get(user, "blob0").bytes()).hasSize(3_000_000);

        var first = Command.run(dev.server(), "user", "erase", user, "--confirm", user, "--json", "--wait", "1s");
        assertThat(first.code()).as("bytes may wait to be collected: %s", first).isIn(0, ExitCode.UNAVAILABLE.number());
        var report = JSON.readTree(first.text());
        assertThat(report.get("erasedAt").asText()).isNotEmpty();
        assertThat(report.get("idRefusedUntil").asText()).isNotEmpty();
        Awaitility.await("no replica has a blob, an outcome or a record of him")
                .atMost(PATIENCE)
                .until(() -> client.users().erase(user, 0).replicas().stream()
                        .noneMatch(
                                replica -> replica.named() || !replica.error().isEmpty()));
        var forgot = client.users().erase(user, 0).caches();
        assertThat(forgot)
                .hasSize(1)
                .allSatisfy(cache -> assertThat(cache.error()).isEmpty());
        assertThat(heldInMemory()).as("bytes in the coordinator's memory").isLessThanOrEqualTo(cachedBytes - 3_000_000);
        var found = new ArrayList<String>();
        report.get("found")
                .forEach(place -> found.add(place.get("shard").asInt() + " "
                        + place.get("what").asText() + " " + place.get("blobs").asInt()));
        assertThat(found).containsExactlyInAnyOrder(paid + " home 21", home + " left 20");

        assertThatThrownBy(() -> client.get(user, "blob0")).isInstanceOf(UserErasedException.class);
        assertThatThrownBy(() -> client.put(user, "blob0", new byte[1])).isInstanceOf(UserErasedException.class);
        assertThatThrownBy(() -> client.users().register(user)).isInstanceOf(UserErasedException.class);
        assertThatThrownBy(() -> client.users().lookup(user)).isInstanceOf(UserErasedException.class);
        assertThatThrownBy(() -> client.users().blobs(user, 10)).isInstanceOf(UserErasedException.class);
        assertThatThrownBy(() -> client.users().moves().begin(user, MoveTarget.pool(standard)))
                .isInstanceOf(UserErasedException.class);
        var refused = Command.run(dev.server(), "user", "show", user);
        assertThat(refused.code()).isEqualTo(ExitCode.NOT_FOUND.number());
        assertThat(refused.err()).contains("was erased at").contains("may be registered anew from");

        var again = Command.run(dev.server(), "user", "erase", user, "--confirm", user, "--json", "--wait", "1s");
        assertThat(JSON.readTree(again.text()).get("found"))
                .as("the same report")
                .isEqualTo(report.get("found"));
        assertThat(JSON.readTree(again.text()).get("erasedAt")).isEqualTo(report.get("erasedAt"));
        assertThatThrownBy(() -> client.users().erase("never-seen", 0)).isInstanceOf(UserNotFoundException.class);
    }

    @Test
    void ofWhoIsSealedNoDiskHasAnythingReadableAndHisKeyGoesWithHim() throws Exception {
        var sealed = PoolId.parse("local.sealed");
        var created =
                Command.run(dev.server(), "pool", "create", sealed.toString(), "--shards", "1", "--sealed", "true");
        assertThat(created.code()).as("%s", created).isZero();
        Awaitility.await()
                .atMost(PATIENCE)
                .until(() -> client.admin().shards(sealed).stream()
                        .anyMatch(shard -> shard.primary().isPresent()));
        String user = "private";
        client.users().register(user, sealed);
        var images = new TreeMap<String, byte[]>();
        for (int size : List.of(1_000, 200_000, 2_500_000)) {
            byte[] image =
                    ("what nobody shall see of " + size + ' ').repeat(size / 30).getBytes(StandardCharsets.UTF_8);
            images.put("image" + size, image);
            assertThat(client.put(user, "image" + size, image).info().version()).isNotNull();
        }
        assertThat(keyFiles()).hasSize(1);
        assertWhole(user, images);
        assertThat(onDisks("what nobody shall see")).isEmpty();

        move(user, PAID);
        assertWhole(user, images);
        assertThat(onDisks("what nobody shall see")).isEmpty();
        client.put(user, "open", "what all may see".repeat(100).getBytes(StandardCharsets.UTF_8));
        assertThat(onDisks("what all may see"))
                .as("written where nothing is sealed")
                .isNotEmpty();

        var report = Command.run(dev.server(), "user", "erase", user, "--confirm", user, "--json", "--wait", "1s");
        Awaitility.await("he is erased: " + report)
                .atMost(PATIENCE)
                .until(() -> client.users().erase(user, 0).erased().isPresent());
        assertThat(client.users().erase(user, 0).keyGone()).isTrue();
        assertThat(keyFiles()).isEmpty();
        assertThat(Command.run(dev.server(), "user", "erase", user, "--confirm", user, "--wait", "1s")
                        .text())
                .contains("No key of his is left");
    }

    private static void assertWhole(String user, Map<String, byte[]> images) {
        images.forEach((name, bytes) -> {
            assertThat(client.get(user, name).bytes()).isEqualTo(bytes);
            assertThat(client.get(user, name, GetOptions.DEFAULT.withConsistency(Consistency.near()))
                            .bytes())
                    .isEqualTo(bytes);
        });
    }

    private static List<Path> keyFiles() throws IOException {
        return LiveFiles.keys(dev.data().resolve("keys"));
    }

    /** Files of nodes that have a text in them. */
    private static List<Path> onDisks(String text) throws IOException {
        var found = new ArrayList<Path>();
        for (int node = 1; node <= 3; node++) {
            var store = dev.data().resolve("node-" + node).resolve("store");
            found.addAll(LiveFiles.with(store, text.getBytes(StandardCharsets.UTF_8)));
        }
        return found;
    }

    @Test
    void writersMoversAndSecondErasersBringNothingBack() throws Exception {
        for (int round = 0; round < 3; round++) {
            String user = "raced" + round;
            for (int i = 0; i < 10; i++) {
                client.put(user, "kept" + i, BlobSource.of(new byte[200_000]), PutOptions.DEFAULT);
            }
            var acknowledged = new AtomicInteger();
            var cutOff = new AtomicInteger();
            var threads = Executors.newFixedThreadPool(8);
            try {
                var writers = new ArrayList<Future<Throwable>>();
                for (int i = 0; i < 4; i++) {
                    int number = i;
                    writers.add(threads.submit((Callable<Throwable>) () -> {
                        for (int n = 0; ; n++) {
                            try {
                                client.put(user, "w" + number + "-" + n % 5, new byte[n % 3 == 0 ? 400_000 : 100]);
                                acknowledged.incrementAndGet();
                            } catch (UserErasedException e) {
                                return e;
                            } catch (UploadNotFoundException e) {
                                cutOff.incrementAndGet(); // between two chunks; the next one is told so
                            }
                        }
                    }));
                }
                Awaitility.await().atMost(PATIENCE).until(() -> acknowledged.get() > 20);
                client.users().moves().begin(user, MoveTarget.pool(round % 2 == 0 ? PAID : standard));
                var erasers = new ArrayList<Future<Erasure>>();
                for (int i = 0; i < 2; i++) {
                    erasers.add(threads.submit((Callable<Erasure>) () -> Awaitility.await()
                            .atMost(PATIENCE)
                            .pollInterval(Duration.ofMillis(20))
                            .ignoreException(WrongStateException.class) // the move changed his generation
                            .until(
                                    () -> client.users().erase(user, 0),
                                    now -> now.erased().isPresent())));
                }
                var first = erasers.get(0).get(5, TimeUnit.MINUTES);
                assertThat(erasers.get(1).get(5, TimeUnit.MINUTES).erased()).isEqualTo(first.erased());
                for (var writer : writers) {
                    assertThat(writer.get(5, TimeUnit.MINUTES)).isInstanceOf(UserErasedException.class);
                }
            } finally {
                threads.shutdownNow();
            }
            assertThatThrownBy(() -> client.get(user, "kept0")).isInstanceOf(UserErasedException.class);
            Awaitility.await("no replica has anything of " + user)
                    .atMost(PATIENCE)
                    .pollInterval(Duration.ofSeconds(1))
                    .until(() ->
                            client.users().erase(user, 0).replicas().stream().noneMatch(replica -> replica.named()));
        }
    }

    @Test
    void whoIsFrozenIsReadAndMovedAndNotChanged() throws Exception {
        String user = "frozen";
        client.put(user, "cat", new byte[] {1});
        var frozen = json(Command.run(dev.server(), "user", "freeze", user, "--json"));
        assertThat(frozen.get("frozen").asBoolean()).isTrue();
        assertThatThrownBy(() -> client.put(user, "cat", new byte[] {2}))
                .isInstanceOf(UserFrozenException.class)
                .hasMessageContaining("is frozen by an operator")
                .hasMessageContaining("tintype user unfreeze");
        assertThatThrownBy(() -> client.delete(user, "cat")).isInstanceOf(UserFrozenException.class);
        assertThatThrownBy(() -> client.put(user, "large", new byte[2_000_000]))
                .isInstanceOf(UserFrozenException.class);
        assertThat(client.get(user, "cat").bytes()).containsExactly(1);
        assertThat(Command.run(dev.server(), "user", "usage", user).text()).contains("FROZEN by an operator");

        move(user, PAID);
        assertThat(client.get(user, "cat").bytes()).containsExactly(1);
        var refused = Command.run(dev.server(), "rm", user, "cat");
        assertThat(refused.code()).as("%s", refused).isEqualTo(ExitCode.CONFLICT.number());

        assertThat(client.users().freeze(user).frozen()).as("again").isTrue();
        assertThat(client.users().unfreeze(user).frozen()).isFalse();
        client.put(user, "cat", new byte[] {3});
        assertThat(client.get(user, "cat").bytes()).containsExactly(3);
        assertThatThrownBy(() -> client.users().freeze("nobody-yet")).isInstanceOf(UserNotFoundException.class);
    }
}
