// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.tintype.client.BlobSource;
import io.tintype.client.Erasure;
import io.tintype.client.PutOptions;
import io.tintype.client.TintypeClient;
import io.tintype.client.UserErasedException;
import io.tintype.proto.internal.v1.CachePeerGrpc;
import io.tintype.proto.internal.v1.CountUserRequest;
import io.tintype.proto.internal.v1.UserHolding;
import io.tintype.tools.balance.Fleet;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A coordinator is killed while it is to forget an erased user: whatever is said to be forgotten is, over restarts. */
@Tag("beside-another")
@Timeout(value = 10, unit = TimeUnit.MINUTES)
final class ForgettingIT {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final int BLOBS = 12;
    private static final int ROUNDS = 3;
    /** In how many of the rounds it is killed at any moment; {@code -Dforgetting.kills=3} for all. */
    private static final int KILLS = Math.min(ROUNDS, Integer.getInteger("forgetting.kills", 1));

    private static final Map<String, String> SETTINGS = Map.of(
            "TINTYPE_CONFIG_CONTROL_REPLICATION_FACTOR", "1",
            "TINTYPE_CONFIG_CACHE_MEMORY_BYTES", "16777216",
            "TINTYPE_CONFIG_CACHE_DISK_BYTES", "268435456");

    private final HttpClient http = HttpClient.newHttpClient();

    @Test
    void whatACoordinatorSaysItForgotIsForgottenThoughItIsKilled() throws Exception {
        long seed = System.nanoTime();
        var random = new Random(seed);
        try (var fleet = Fleet.start("forgetting", SETTINGS)) {
            var disk = Map.of(
                    "TINTYPE_CONFIG_CACHE_DISK_PATH",
                    fleet.folder().resolve("cache").toString());
            fleet.node("n1");
            fleet.coordinator("control", "control,upload", Map.of(), List.of());
            fleet.coordinator("read", "retrieval", disk, List.of());
            try (var client = fleet.client("control")) {
                for (int round = 0; round <= ROUNDS; round++) {
                    fill(client, "user" + round);
                }
                // What is asked for again, when memory has lost it, is kept on disk.
                for (int round = 0; round <= ROUNDS; round++) {
                    keepOnDisk(fleet, "user" + round);
                }

                // It is stopped when it is told, and killed before it has answered.
                fleet.pause("read");
                var erasing = CompletableFuture.supplyAsync(() -> erase(client, "user0"));
                Awaitility.await("nobody else is waited for")
                        .atMost(PATIENCE)
                        .until(() -> erasing.isDone() || isErased(client, "user0"));
                fleet.kill("read");
                assertThat(erasing.get(PATIENCE.toSeconds(), TimeUnit.SECONDS).caches())
                        .as("what it did not say it has forgotten")
                        .allSatisfy(cache -> assertThat(cache.error()).isNotEmpty());
                fleet.coordinator("read", "retrieval", disk, List.of());
                forgotten(fleet, client, "user0");

                for (int round = 1; round <= KILLS; round++) {
                    String user = "user" + round;
                    var under = CompletableFuture.supplyAsync(() -> erase(client, user));
                    TimeUnit.MILLISECONDS.sleep(random.nextInt(200)); // when it is killed, not what is waited for
                    fleet.kill("read");
                    boolean said = under.get(PATIENCE.toSeconds(), TimeUnit.SECONDS).caches().stream()
                            .anyMatch(cache -> cache.error().isEmpty());
                    fleet.coordinator("read", "retrieval", disk, List.of());
                    if (said) {
                        assertThat(onDisk(fleet, user))
                                .as("seed %d, round %d", seed, round)
                                .isZero();
                    }
                    forgotten(fleet, client, user);
                }
            }
            assertThat(fleet.folder().resolve("cache").resolve("native"))
                    .as("where the coordinator unpacks RocksDB's library, however often it is killed")
                    .isDirectoryContaining("glob:**rocksdb*");
        }
    }

    private static void fill(TintypeClient client, String user) {
        for (int i = 0; i < BLOBS; i++) {
            client.put(user, "b" + i, BlobSource.of(new byte[1 << 20]), PutOptions.DEFAULT);
        }
    }

    private void keepOnDisk(Fleet fleet, String wanted) {
        Awaitility.await("pieces of " + wanted + " are on the disk")
                .atMost(PATIENCE)
                .until(() -> {
                    for (int user = 0; user <= ROUNDS; user++) {
                        for (int i = 0; i < BLOBS; i++) {
                            var path = "/v1/users/user" + user + "/blobs/b" + i;
                            var blob = HttpRequest.newBuilder(fleet.http("read").resolve(path))
                                    .build();
                            assertThat(http.send(blob, BodyHandlers.discarding())
                                            .statusCode())
                                    .isEqualTo(200);
                        }
                    }
                    return onDisk(fleet, wanted) > 0;
                });
    }

    private static Erasure erase(TintypeClient client, String user) {
        return client.users().erase(user, 0);
    }

    private static boolean isErased(TintypeClient client, String user) {
        try {
            client.users().lookup(user);
            return false;
        } catch (UserErasedException erased) {
            return true;
        }
    }

    /** Pieces that the coordinator has of him on its disk; also of who is erased, of whom nobody else tells. */
    private static long onDisk(Fleet fleet, String user) throws IOException {
        var channel = NettyChannelBuilder.forTarget(fleet.address("read"))
                .usePlaintext()
                .build();
        try {
            var request = CountUserRequest.newBuilder()
                    .setClusterId(cluster(fleet))
                    .setUser(user)
                    .build();
            return CachePeerGrpc.newBlockingStub(channel).countUser(request).getHoldingsList().stream()
                    .filter(holding -> holding.getLayer().equals("disk"))
                    .mapToLong(UserHolding::getPieces)
                    .sum();
        } finally {
            channel.shutdownNow();
        }
    }

    private static String cluster(Fleet fleet) throws IOException {
        var said = Pattern.compile("coordinator read of cluster ([0-9a-f]+)")
                .matcher(Files.readString(fleet.folder().resolve("read.err")));
        assertThat(said.find()).isTrue();
        return said.group(1);
    }

    /** Asked again, it forgets him, and has nothing of him. */
    private static void forgotten(Fleet fleet, TintypeClient client, String user) throws IOException {
        Awaitility.await("it has forgotten " + user).atMost(PATIENCE).until(() -> {
            var caches = erase(client, user).caches();
            return !caches.isEmpty()
                    && caches.stream().allMatch(cache -> cache.error().isEmpty());
        });
        assertThat(onDisk(fleet, user)).isZero();
    }
}
