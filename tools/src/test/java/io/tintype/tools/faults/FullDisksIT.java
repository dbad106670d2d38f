// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tintype.client.BlobNotFoundException;
import io.tintype.client.OutcomeUnknownException;
import io.tintype.client.StorageFullException;
import io.tintype.client.TintypeClient;
import io.tintype.client.UnavailableException;
import io.tintype.client.UserErasedException;
import io.tintype.model.NodeId;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Disks that run out of room, first one, then all three: uploads end early and with a clear error, everything else goes on,
 * and nobody has to do more than give room back.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
final class FullDisksIT {
    private static final Path FOLDER = Path.of("target", "full-disks").toAbsolutePath();
    private static final Duration PATIENCE = Duration.ofSeconds(90);
    private static final String USER = "alice";
    private static final long SEED = 20_261_128;
    private static final int BYTES = 40_000;

    /** Below what the nodes are set to stop uploads at, and well above their reserve. */
    private static final long TOO_LITTLE = 300L << 20;

    private static final int ERASED_BLOBS = 3_000;
    private static final int ERASURES = 3;

    private final List<String> erased = new ArrayList<>();
    private final Random random = new Random(SEED);
    private final Map<String, byte[]> stored = new ConcurrentHashMap<>();
    private final Set<String> deleted = ConcurrentHashMap.newKeySet();
    private final AtomicInteger names = new AtomicInteger();

    @Test
    void uploadsEndInTimeAndBeginAgainByThemselves() throws Exception {
        Files.createDirectories(FOLDER);
        LoopDisk.releaseLeftovers(FOLDER);
        var machine = Machine.look(FOLDER);
        machine.lacks(Need.DISKS).ifPresent(what -> {
            System.out.println("SKIPPED: full disks were not tried: " + what);
            Assumptions.abort(what);
        });
        try (var cluster = new FaultCluster(Files.createTempDirectory(FOLDER, "cluster-"), machine, SEED);
                var view = new View(cluster)) {
            cluster.start();
            view.awaitWhole();
            try (var client = cluster.patientClient()) {
                Awaitility.await("the user is known")
                        .atMost(PATIENCE)
                        .ignoreExceptions()
                        .until(() -> {
                            client.users().register(USER);
                            return true;
                        });
                for (int i = 0; i < 30; i++) {
                    put(client);
                }
                oneFullDiskCostsNoUpload(cluster, view, client);
                allFullDisksRefuseUploadsAlone(cluster, client, disk -> disk.leave(TOO_LITTLE));
                roomComesBack(cluster, view, client);
                allFullDisksRefuseUploadsAlone(cluster, client, LoopDisk::fill);
                roomComesBack(cluster, view, client);
                disksThatFillUpInTheMiddleOfAnErasureDoNotHoldItUp(cluster, client);
                roomComesBack(cluster, view, client);
                erased.forEach(user ->
                        assertThatThrownBy(() -> client.get(user, "blob-0")).isInstanceOf(UserErasedException.class));
            }
        }
    }

    private void oneFullDiskCostsNoUpload(FaultCluster cluster, View view, TintypeClient client) throws Exception {
        var victim = view.busiest();
        var end = new AtomicBoolean();
        var writer = Executors.newSingleThreadExecutor();
        try {
            var writing = writer.submit(() -> {
                while (!end.get()) {
                    put(client);
                }
            });
            disk(cluster, victim).leave(TOO_LITTLE);
            Awaitility.await(victim + ", whose disk is full, leads no shard")
                    .atMost(PATIENCE)
                    .failFast("an upload failed", writing::isDone)
                    .until(() -> leads(client, victim) == 0);
            int soFar = names.get();
            Awaitility.await("uploads go on").atMost(PATIENCE).until(() -> names.get() > soFar + 20);
            end.set(true);
            writing.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        } finally {
            end.set(true);
            writer.shutdownNow();
        }
        assertNothingIsLost(client);
        disk(cluster, victim).free();
    }

    /** Takes room away from a disk. */
    private interface Filling {
        void fill(LoopDisk disk) throws IOException;
    }

    private void allFullDisksRefuseUploadsAlone(FaultCluster cluster, TintypeClient client, Filling filling)
            throws IOException {
        for (var node : cluster.nodes()) {
            filling.fill(disk(cluster, node));
        }
        // An upload that a primary takes in the second before it looks, while the others have not even half of their
        // reserve any more, would hold up what comes behind it until there is room.
        Awaitility.await("all nodes have noticed").atMost(PATIENCE).until(() -> {
            for (var node : cluster.nodes()) {
                if (!takesNoUploads(cluster.log(node))) {
                    return false;
                }
            }
            return true;
        });
        Awaitility.await("uploads are refused for want of room")
                .atMost(PATIENCE)
                .until(() -> refusal(client) == Reason.DISK_FULL);
        assertThatThrownBy(() -> put(client)).isInstanceOfSatisfying(StorageFullException.class, e -> {
            assertThat(e.reason()).isEqualTo(Reason.DISK_FULL);
            assertThat(e.retryAfter()).as("when to try again").isPresent();
            assertThat(e).hasMessageContaining("free").hasMessageContaining("Delete images");
        });
        assertNothingIsLost(client);
        for (var name : stored.keySet().stream().sorted().limit(3).toList()) {
            client.delete(USER, name);
            stored.remove(name);
            deleted.add(name);
        }
        assertNothingIsLost(client);
    }

    /** An erasure takes records that remove 500 blobs each; the disks fill up between two of them. */
    private void disksThatFillUpInTheMiddleOfAnErasureDoNotHoldItUp(FaultCluster cluster, TintypeClient client)
            throws Exception {
        boolean inTheMiddle = false;
        for (int n = 0; n < ERASURES && !inTheMiddle; n++) {
            inTheMiddle = erase(cluster, client, "erased-" + n);
        }
        assertThat(inTheMiddle)
                .as("the disks were full before one of %d erasures ended", ERASURES)
                .isTrue();
        assertNothingIsLost(client);
    }

    /** Whether the disks were full before it was over. */
    private boolean erase(FaultCluster cluster, TintypeClient client, String user) throws Exception {
        var threads = Executors.newFixedThreadPool(8);
        try {
            // Another shard than the one that took uploads again: its primary may hear of the room a second later.
            Awaitility.await("the shard of " + user + " takes uploads again")
                    .atMost(PATIENCE)
                    .ignoreExceptionsInstanceOf(StorageFullException.class)
                    .until(() -> client.put(user, "blob-0", new byte[100]), put -> true);
            var puts = new ArrayList<Future<?>>();
            for (int i = 1; i < ERASED_BLOBS; i++) {
                var name = "blob-" + i;
                puts.add(threads.submit(() -> client.put(user, name, new byte[100])));
            }
            for (var put : puts) {
                put.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            }
            erased.add(user);
            var first = threads.submit(() -> client.users().erase(user, 0));
            Awaitility.await(user + " is being erased")
                    .atMost(PATIENCE)
                    .pollInterval(Duration.ofMillis(1))
                    .until(() -> isErased(client, user));
            for (var node : cluster.nodes()) {
                disk(cluster, node).fill();
            }
            boolean before = !first.isDone();
            var done = Awaitility.await(
                            user + " is erased though the disks are full, and no replica names a blob of his")
                    .atMost(PATIENCE)
                    .ignoreExceptionsMatching(
                            e -> e instanceof UnavailableException || e instanceof OutcomeUnknownException)
                    .until(
                            () -> client.users().erase(user, 0),
                            now -> now.erased().isPresent()
                                    && now.replicas().stream()
                                            .noneMatch(replica -> replica.named()
                                                    || !replica.error().isEmpty()));
            assertThat(done.found())
                    .singleElement()
                    .satisfies(found -> assertThat(found.blobs()).isEqualTo(ERASED_BLOBS));
            Awaitility.await("uploads are refused once nodes have looked at their disks")
                    .atMost(PATIENCE)
                    .until(() -> refusal(client) == Reason.DISK_FULL);
            return before;
        } finally {
            threads.shutdownNow();
        }
    }

    private static boolean isErased(TintypeClient client, String user) {
        try {
            client.users().lookup(user);
            return false;
        } catch (UserErasedException e) {
            return true;
        }
    }

    /** By the last that a node said of it. */
    private static boolean takesNoUploads(Path log) throws IOException {
        var said = Files.readString(log);
        return said.lastIndexOf("this node takes no uploads") > said.lastIndexOf("this node takes uploads again");
    }

    private void roomComesBack(FaultCluster cluster, View view, TintypeClient client) {
        cluster.nodes().forEach(node -> disk(cluster, node).free());
        Awaitility.await("uploads are taken again").atMost(PATIENCE).until(() -> refusal(client) == null);
        view.awaitWhole();
        assertNothingIsLost(client);
    }

    /** Why an upload is refused; null: it is not. */
    private @Nullable Reason refusal(TintypeClient client) {
        try {
            put(client);
            return null;
        } catch (TintypeException e) {
            return e.reason();
        }
    }

    private void put(TintypeClient client) {
        var bytes = new byte[BYTES];
        synchronized (random) {
            random.nextBytes(bytes);
        }
        var name = "image-%05d".formatted(names.incrementAndGet());
        client.put(USER, name, bytes);
        stored.put(name, bytes);
    }

    private void assertNothingIsLost(TintypeClient client) {
        stored.forEach((name, bytes) -> assertThat(
                        Arrays.equals(client.get(USER, name).bytes(), bytes))
                .as("%s is as it was stored, seed %d", name, SEED)
                .isTrue());
        for (var name : List.copyOf(deleted)) {
            assertThatThrownBy(() -> client.get(USER, name)).isInstanceOf(BlobNotFoundException.class);
        }
    }

    private static long leads(TintypeClient client, Site node) {
        return client.admin().shards().stream()
                .filter(shard -> shard.primary().map(NodeId::value).orElse("").equals(node.name()))
                .count();
    }

    private static LoopDisk disk(FaultCluster cluster, Site node) {
        return (LoopDisk) cluster.volume(node);
    }
}
