// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.client.BlobSource;
import io.tintype.client.ListEntry;
import io.tintype.client.ListOptions;
import io.tintype.client.MoveTarget;
import io.tintype.client.PutOptions;
import io.tintype.client.TintypeClient;
import io.tintype.client.UserErasedException;
import io.tintype.model.PoolId;
import io.tintype.model.TintypeException;
import io.tintype.storage.history.Linearizability;
import io.tintype.tools.balance.Fleet;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.Executors;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Whoever has a part in a move dies by SIGKILL at each of its steps, while clients write and read: nothing is lost, nothing
 * wrong is read, and the user can be moved afterwards. {@code -Dmoves.crashes=all} runs every pair, {@code
 * -Dmoves.crashes=SOURCE:COPYING,TARGET:READY} these; {@code -Dtintype.moves.blobs} and {@code -Dtintype.moves.blobBytes} make
 * the users larger. {@code target/system/move-crashes.txt} is the ledger.
 */
@Tag("beside-another")
final class MoveCrashIT {
    private static final Duration PATIENCE = Duration.ofMinutes(3);
    private static final PoolId PAID = PoolId.parse("local.paid");
    private static final int BLOBS = Integer.getInteger("tintype.moves.blobs", 40);
    private static final int BLOB_BYTES = Integer.getInteger("tintype.moves.blobBytes", 200_000);

    /** Of more blobs, a user is erased when his run is over: thirty of them need not fit the disk. */
    private static final int SMALL = 40;

    private static final int TRIES = 12;
    private static final List<String> NODES = List.of("n1", "n2", "n3");

    private static Fleet fleet;
    private static TintypeClient client;
    private static MoveCrash crash;
    private static PoolId standard;
    private static int users;

    static Stream<Arguments> runs() {
        return MoveCrash.pairs(System.getProperty("moves.crashes", "SOURCE:FROZEN,TARGET:COPYING"));
    }

    @BeforeAll
    static void start() throws Exception {
        fleet = Fleet.start("move-crashes", Map.of());
        for (String node : NODES) {
            fleet.node(node);
        }
        fleet.coordinator(MoveCrash.CONTROLLER); // takes the controller's office, being alone
        try (var alone = fleet.client("c1")) {
            standard = Awaitility.await()
                    .atMost(PATIENCE)
                    .ignoreExceptionsInstanceOf(TintypeException.class)
                    .until(() -> alone.users().register("first").user().pool(), pool -> true);
        }
        fleet.coordinator("c2");
        client = fleet.client("c2", "c1");
        crash = new MoveCrash(fleet, client, fleet::node, PATIENCE);
        assertThat(Command.run(fleet.address("c1"), "pool", "create", PAID.toString(), "--shards", "2")
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
        fleet.close();
    }

    @ParameterizedTest
    @MethodSource("runs")
    void nothingIsLostAndHeCanBeMovedAgain(MoveCrash.Victim victim, MoveCrash.Step step) throws Exception {
        for (int attempt = 1; ; attempt++) {
            String user = "user" + users++;
            var seen = run(user, victim, step);
            if (seen || attempt == TRIES) {
                report("%s at %s: %s, %d blobs of %d bytes on average%n"
                        .formatted(victim, step, seen ? "as seen, try " + attempt : "NEVER SEEN", BLOBS, BLOB_BYTES));
                assertThat(seen)
                        .as("the step was seen in one of %d moves", TRIES)
                        .isTrue();
                return;
            }
        }
    }

    /** Of 600 blobs, two records at least remove them; whoever leads next goes on with it. */
    @Test
    void anErasureOutlivesTheDeathOfTheOneWhoErasesAndOfThePrimary() throws Exception {
        String user = "erased";
        for (int i = 0; i < 600; i++) {
            client.put(user, "blob" + i, BlobSource.of(new byte[] {1}), PutOptions.DEFAULT);
        }
        int home = client.users().lookup(user).shard().value();
        var threads = Executors.newSingleThreadExecutor();
        try (var eraser = fleet.client("c2")) {
            var erasing = threads.submit(() -> eraser.users().erase(user, 0));
            Awaitility.await()
                    .atMost(PATIENCE)
                    .pollDelay(Duration.ZERO)
                    .pollInterval(Duration.ofMillis(1))
                    .until(() -> isErased(user));
            String primary = crash.primary(shard -> shard.id().value() == home);
            fleet.kill("c2");
            fleet.kill(primary);
            erasing.cancel(true);
            fleet.coordinator("c2");
            fleet.node(primary);
        } finally {
            threads.shutdownNow();
        }
        var done = Awaitility.await()
                .atMost(PATIENCE)
                .pollInterval(Duration.ofMillis(500))
                .ignoreExceptionsInstanceOf(TintypeException.class)
                .until(() -> client.users().erase(user, 0), now -> now.erased().isPresent());
        assertThat(done.found()).singleElement().satisfies(found -> {
            assertThat(found.shard()).isEqualTo(home);
            assertThat(found.blobs()).isEqualTo(600);
        });
        assertThat(isErased(user)).isTrue();
    }

    private static boolean isErased(String user) {
        try {
            client.users().lookup(user);
            return false;
        } catch (UserErasedException e) {
            return true;
        }
    }

    /** One move; whether the step was seen, and the victim killed at it. */
    private static boolean run(String user, MoveCrash.Victim victim, MoveCrash.Step step) throws Exception {
        var random = new SplittableRandom(users);
        for (int i = 0; i < BLOBS; i++) {
            byte[] bytes = new byte[1 + random.nextInt(2 * BLOB_BYTES)];
            random.nextBytes(bytes);
            client.put(user, "kept/" + i, BlobSource.of(bytes), PutOptions.DEFAULT);
        }
        var before = manifest(user);
        boolean seen;
        try (var load = new MoveLoad(client, user, 2, 2, users)) {
            var from = client.users().lookup(user).shard().value();
            try (var mover = fleet.client("c2")) {
                mover.users().moves().begin(user, MoveTarget.pool(PAID));
            }
            seen = crash.at(user, from, victim, step);
            crash.awaitDone(user, MoveTarget.pool(PAID));
            load.stop();
            assertThat(Linearizability.check(load.history()).problems()).isEmpty();
        }
        assertThat(client.users().lookup(user).pool()).isEqualTo(PAID);
        assertThat(manifest(user)).isEqualTo(before);
        client.users().moves().begin(user, MoveTarget.pool(standard));
        crash.awaitDone(user, MoveTarget.pool(standard));
        assertThat(client.users().lookup(user).pool()).isEqualTo(standard);
        assertThat(manifest(user)).isEqualTo(before);
        if (BLOBS > SMALL) {
            client.users().erase(user, 0);
        }
        return seen;
    }

    /** Names, versions and checksums of what nobody changes. */
    private static Map<String, String> manifest(String user) {
        var manifest = new TreeMap<String, String>();
        client.listAll(user, ListOptions.DEFAULT.withPrefix("kept/"))
                .map(ListEntry::name)
                .forEach(name -> {
                    var blob = client.get(user, name);
                    manifest.put(name, blob.info().version() + " " + Arrays.hashCode(blob.bytes()));
                });
        assertThat(manifest).hasSize(BLOBS);
        return manifest;
    }

    private static void report(String line) throws Exception {
        Files.writeString(
                Path.of("target", "system", "move-crashes.txt"),
                line,
                StandardOpenOption.CREATE,
                StandardOpenOption.APPEND);
    }
}
