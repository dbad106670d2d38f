// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.faults;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.client.PoolInfo;
import io.tintype.client.TintypeClient;
import io.tintype.cluster.map.ShardZnodes;
import io.tintype.cluster.zk.ZkConfig;
import io.tintype.cluster.zk.ZkSession;
import io.tintype.model.PoolId;
import io.tintype.model.ShardId;
import io.tintype.proto.internal.v1.Member;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Disks that hold an fsync back for as long as the test pleases: no put is acknowledged before it is on the disk of everybody
 * who counts. Real processes, real files; the C library's fdatasync is what waits.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
final class HeldSyncIT {
    private static final Path FOLDER = Path.of("target", "held-sync").toAbsolutePath();
    private static final Duration PATIENCE = Duration.ofSeconds(90);
    private static final PoolId LONE = new PoolId("local", "lone");
    private static final int PUTS = 8;

    /** More than there is time for. */
    private static final int TRIES = 1_000;

    /** Longer than T_lag and a compare-and-set, so that whoever could be left out by then is. */
    private static final Duration LONG = Duration.ofSeconds(5);

    private final ExecutorService writers = Executors.newFixedThreadPool(PUTS);
    private int names;

    @Test
    void nothingIsAcknowledgedBeforeItIsOnTheDisksThatCount() throws Exception {
        Files.createDirectories(FOLDER);
        var machine = Machine.look(FOLDER);
        machine.lacks(Need.FSYNC_ERRORS).ifPresent(what -> {
            System.out.println("SKIPPED: no fsync was held back: " + what);
            Assumptions.abort(what);
        });
        try (var cluster = new FaultCluster(Files.createTempDirectory(FOLDER, "cluster-"), machine, 1);
                var view = new View(cluster)) {
            cluster.start();
            view.awaitWhole();
            cluster.offer(EnumSet.of(Need.FSYNC_ERRORS));
            view.awaitWhole();
            try (var client = patient(cluster);
                    var session = ZkSession.connect(ZkConfig.of(cluster.zooKeepers().stream()
                            .map(cluster.commands()::direct)
                            .collect(Collectors.joining(","))));
                    var znodes = new ShardZnodes(session)) {
                var watched = new Watched(cluster, client, znodes);
                var shard = register(client, "three", new PoolId("local", "standard"));
                aPrimaryThatDoesNotSync(watched, shard);
                aFollowerThatDoesNotSync(watched, shard);
                view.awaitWhole();
                noFollowerThatSyncs(watched, shard);
                view.awaitWhole();
                client.admin().createPool(new PoolInfo(LONE, 1, 1, 100, 1));
                aLoneReplicaThatDoesNotSync(watched, register(client, "lone", LONE));
            }
        } finally {
            writers.shutdownNow();
        }
    }

    /** What every step works on. */
    private record Watched(FaultCluster cluster, TintypeClient client, ShardZnodes znodes) {
        List<String> inSync(ShardId shard) {
            return znodes.read(shard).join().orElseThrow().value().getInSyncList().stream()
                    .map(Member::getNode)
                    .toList();
        }

        Site primary(ShardId shard) {
            var name = znodes.read(shard).join().orElseThrow().value().getPrimary();
            return cluster.nodes().stream()
                    .filter(node -> node.name().equals(name))
                    .findFirst()
                    .orElseThrow();
        }
    }

    /** Waits for its answers, and tries again, longer than anything here lasts: what ends a put is its answer alone. */
    private static TintypeClient patient(FaultCluster cluster) {
        return TintypeClient.builder()
                .seeds(cluster.coordinators().stream().map(site -> site.at(0)).toList())
                .requestTimeout(PATIENCE)
                .attemptTimeout(PATIENCE)
                .maxAttempts(TRIES)
                .nearCacheBytes(0)
                .build();
    }

    private static ShardId register(TintypeClient client, String user, PoolId pool) {
        var shard = Awaitility.await(user + " is known")
                .atMost(PATIENCE)
                .ignoreExceptions()
                .until(() -> client.users().register(user, pool).user().shard(), found -> true);
        Awaitility.await(user + " can write")
                .atMost(PATIENCE)
                .ignoreExceptions()
                .until(() -> {
                    client.put(user, "first", new byte[100]);
                    return true;
                });
        return shard;
    }

    private void aLoneReplicaThatDoesNotSync(Watched watched, ShardId shard) throws Exception {
        assertThat(watched.inSync(shard)).hasSize(1);
        var held = List.of(watched.primary(shard));
        nothingIsAcknowledgedWhile(watched, "lone", held);
    }

    private void aPrimaryThatDoesNotSync(Watched watched, ShardId shard) throws Exception {
        nothingIsAcknowledgedWhile(watched, "three", List.of(watched.primary(shard)));
    }

    /** Two of three hold back: nobody can be left out, for a write needs two. */
    private void noFollowerThatSyncs(Watched watched, ShardId shard) throws Exception {
        var primary = watched.primary(shard);
        nothingIsAcknowledgedWhile(
                watched,
                "three",
                watched.cluster().nodes().stream()
                        .filter(node -> !node.equals(primary))
                        .toList());
    }

    private void nothingIsAcknowledgedWhile(Watched watched, String user, List<Site> held) throws Exception {
        for (var node : held) {
            Files.createFile(watched.cluster().commands().holdingSync(node));
        }
        List<CompletableFuture<Boolean>> puts;
        try {
            puts = put(watched, user);
            for (var node : held) {
                awaitHeld(watched, node);
            }
            assertThat(firstAnswer(puts))
                    .as("no put is answered while %s hold fsyncs back", held)
                    .failsWithin(LONG)
                    .withThrowableOfType(TimeoutException.class);
        } finally {
            for (var node : held) {
                release(watched, node);
            }
        }
        assertAllThere(watched, user, puts);
    }

    /** One of three holds back: nothing is acknowledged before it no longer counts. */
    private void aFollowerThatDoesNotSync(Watched watched, ShardId shard) throws Exception {
        var primary = watched.primary(shard);
        var follower = watched.cluster().nodes().stream()
                .filter(node -> !node.equals(primary))
                .findFirst()
                .orElseThrow();
        assertThat(watched.inSync(shard)).contains(follower.name());
        Files.createFile(watched.cluster().commands().holdingSync(follower));
        List<CompletableFuture<Boolean>> puts;
        try {
            puts = put(watched, "three");
            var counted = puts.stream()
                    .map(put -> put.thenApply(done -> watched.inSync(shard).contains(follower.name())))
                    .toList();
            awaitHeld(watched, follower);
            for (var still : counted) {
                assertThat(still.get(PATIENCE.toSeconds(), TimeUnit.SECONDS))
                        .as("acknowledged while %s, which holds its fsync back, counts", follower)
                        .isFalse();
            }
        } finally {
            release(watched, follower);
        }
        assertAllThere(watched, "three", puts);
        Awaitility.await(follower + " is in sync again")
                .atMost(PATIENCE)
                .until(() -> watched.inSync(shard).contains(follower.name()));
    }

    private static void awaitHeld(Watched watched, Site node) {
        Awaitility.await("an fsync of " + node + " is held back")
                .atMost(PATIENCE)
                .until(() -> Files.exists(watched.cluster().commands().heldSync(node)));
    }

    private static void release(Watched watched, Site node) throws IOException {
        Files.deleteIfExists(watched.cluster().commands().holdingSync(node));
        Files.deleteIfExists(watched.cluster().commands().heldSync(node));
    }

    /** How the first of some puts ends, in words. */
    private static CompletableFuture<Object> firstAnswer(List<CompletableFuture<Boolean>> puts) {
        return CompletableFuture.anyOf(puts.stream()
                .map(put -> put.handle((done, failure) -> failure == null ? "acknowledged" : "failed: " + failure))
                .toArray(CompletableFuture<?>[]::new));
    }

    private List<CompletableFuture<Boolean>> put(Watched watched, String user) {
        var puts = new ArrayList<CompletableFuture<Boolean>>();
        for (int i = 0; i < PUTS; i++) {
            int number = ++names;
            puts.add(CompletableFuture.supplyAsync(
                    () -> {
                        watched.client().put(user, "image-" + number, bytes(number));
                        return true;
                    },
                    writers));
        }
        return puts;
    }

    private void assertAllThere(Watched watched, String user, List<CompletableFuture<Boolean>> puts) throws Exception {
        for (var put : puts) {
            assertThat(put.get(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
        }
        for (int number = names - PUTS + 1; number <= names; number++) {
            assertThat(watched.client().get(user, "image-" + number).bytes()).isEqualTo(bytes(number));
        }
    }

    private static byte[] bytes(int number) {
        var bytes = new byte[10_000];
        Arrays.fill(bytes, (byte) number);
        return bytes;
    }
}
