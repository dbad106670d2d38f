// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.tintype.client.BlobSource;
import io.tintype.client.ListEntry;
import io.tintype.client.ListOptions;
import io.tintype.client.MoveInfo;
import io.tintype.client.MoveTarget;
import io.tintype.client.PutOptions;
import io.tintype.client.TintypeClient;
import io.tintype.client.UserErasedException;
import io.tintype.client.UserLocation;
import io.tintype.model.NodeId;
import io.tintype.model.PoolId;
import io.tintype.model.ShardInfo;
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
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionTimeoutException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
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
final class MoveCrashIT {
    private static final Duration PATIENCE = Duration.ofMinutes(3);
    private static final PoolId PAID = PoolId.parse("local.paid");
    private static final int BLOBS = Integer.getInteger("tintype.moves.blobs", 40);
    private static final int BLOB_BYTES = Integer.getInteger("tintype.moves.blobBytes", 200_000);

    /** Of more blobs, a user is erased when his run is over: thirty of them need not fit the disk. */
    private static final int SMALL = 40;

    private static final int TRIES = 12;
    private static final List<String> NODES = List.of("n1", "n2", "n3");

    /** Who dies. */
    enum Victim {
        /** The coordinator that was asked for the move. */
        MOVER,
        SOURCE,
        TARGET,
        DIRECTORY,
        CONTROLLER
    }

    /** When. */
    enum Step {
        /** The directory says that he is being moved. */
        BEGUN,
        /** Some blobs are copied. */
        COPYING,
        /** The source takes no changes. */
        FROZEN,
        /** The target has everything. */
        READY,
        /** The directory says that he lives on the target; the source does not know. */
        COMMITTED,
        /** All is over. */
        RELEASED
    }

    private static Fleet fleet;
    private static TintypeClient client;
    private static PoolId standard;
    private static int users;

    static Stream<Arguments> runs() {
        var chosen = System.getProperty("moves.crashes", "SOURCE:FROZEN,TARGET:COPYING");
        if (chosen.equals("all")) {
            return Arrays.stream(Victim.values())
                    .flatMap(victim -> Arrays.stream(Step.values()).map(step -> arguments(victim, step)));
        }
        return Arrays.stream(chosen.split(",", -1))
                .map(pair -> pair.split(":", 2))
                .map(pair -> arguments(Victim.valueOf(pair[0]), Step.valueOf(pair[1])));
    }

    @BeforeAll
    static void start() throws Exception {
        fleet = Fleet.start("move-crashes", Map.of());
        for (String node : NODES) {
            fleet.node(node);
        }
        fleet.coordinator("c1"); // takes the controller's office, being alone
        try (var alone = fleet.client("c1")) {
            standard = Awaitility.await()
                    .atMost(PATIENCE)
                    .ignoreExceptionsInstanceOf(TintypeException.class)
                    .until(() -> alone.users().register("first").user().pool(), pool -> true);
        }
        fleet.coordinator("c2");
        client = fleet.client("c2", "c1");
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
    void nothingIsLostAndHeCanBeMovedAgain(Victim victim, Step step) throws Exception {
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
            String primary = primary(shard -> shard.id().value() == home);
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
    private static boolean run(String user, Victim victim, Step step) throws Exception {
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
            seen = awaitStep(user, from, step);
            String dead = "";
            if (seen) {
                dead = name(victim, user, from);
                fleet.kill(dead);
            }
            var end = awaitEnd(user);
            if (!dead.isEmpty()) {
                revive(dead);
            }
            if (end.result() != MoveInfo.Result.DONE) {
                // Given up, as a source does that was frozen for too long: then the next one is made.
                assertThat(end.result()).isEqualTo(MoveInfo.Result.FROZEN_TOO_LONG);
                Awaitility.await().atMost(PATIENCE).until(() -> {
                    client.users().moves().begin(user, MoveTarget.pool(PAID));
                    return awaitEnd(user).result() == MoveInfo.Result.DONE;
                });
            }
            load.stop();
            assertThat(Linearizability.check(load.history()).problems()).isEmpty();
        }
        assertThat(client.users().lookup(user).pool()).isEqualTo(PAID);
        assertThat(manifest(user)).isEqualTo(before);
        client.users().moves().begin(user, MoveTarget.pool(standard));
        Awaitility.await().atMost(PATIENCE).until(() -> {
            var back = awaitEnd(user);
            return back.user().pool().equals(standard) || begin(user, standard);
        });
        assertThat(manifest(user)).isEqualTo(before);
        if (BLOBS > SMALL) {
            client.users().erase(user, 0);
        }
        return seen;
    }

    private static boolean begin(String user, PoolId pool) {
        client.users().moves().begin(user, MoveTarget.pool(pool));
        return false;
    }

    /** Looks until the step is seen; false: the move was over before. */
    private static boolean awaitStep(String user, int from, Step step) {
        BooleanSupplier isAt = switch (step) {
            case BEGUN -> () -> true;
            case COPYING ->
                () -> {
                    var move = client.users().moves().get(user);
                    return move.state() == MoveInfo.State.COPYING && move.blobsDone() > 0;
                };
            case FROZEN -> () -> holds(user, from, "source");
            case READY -> () -> client.users().moves().get(user).state() == MoveInfo.State.READY;
            case COMMITTED ->
                () -> {
                    var where = client.users().locate(user);
                    return where.user().shard().value() != from
                            && where.places().stream()
                                    .anyMatch(place -> isPrimary(place, from)
                                            && place.holds().equals("source"));
                };
            case RELEASED -> () -> holds(user, from, "left");
        };
        long until = System.nanoTime() + PATIENCE.toNanos();
        while (System.nanoTime() - until < 0) {
            boolean over =
                    step != Step.RELEASED && !client.users().moves().get(user).isUnderWay();
            if (isAt.getAsBoolean()) {
                return true;
            }
            if (over) {
                return false;
            }
        }
        throw new ConditionTimeoutException("the move of " + user + " neither came to " + step + " nor ended");
    }

    private static boolean holds(String user, int shard, String what) {
        return client.users().locate(user).places().stream()
                .anyMatch(place -> isPrimary(place, shard) && place.holds().equals(what));
    }

    private static boolean isPrimary(UserLocation.Place place, int shard) {
        return place.shard() == shard && place.role().equals("primary");
    }

    private static String name(Victim victim, String user, int from) {
        return switch (victim) {
            case MOVER -> "c2";
            case CONTROLLER -> "c1";
            case SOURCE -> primary(shard -> shard.id().value() == from);
            case TARGET -> {
                var move = client.users().moves().get(user);
                int to = move.toShard()
                        .map(shard -> shard.value())
                        .orElse(move.user().shard().value());
                yield primary(shard -> shard.id().value() == to);
            }
            case DIRECTORY -> {
                int directory = client.users().locate(user).places().stream()
                        .filter(place -> place.holds().equals("directory"))
                        .findFirst()
                        .orElseThrow()
                        .shard();
                yield primary(shard -> shard.id().value() == directory);
            }
        };
    }

    private static String primary(Predicate<ShardInfo> which) {
        return client.admin().shards().stream()
                .filter(which)
                .findFirst()
                .flatMap(ShardInfo::primary)
                .map(NodeId::value)
                .orElseThrow();
    }

    private static void revive(String id) throws Exception {
        if (id.startsWith("c")) {
            fleet.coordinator(id);
            return;
        }
        fleet.node(id);
        Awaitility.await(id + " is in sync again")
                .atMost(PATIENCE)
                .ignoreExceptionsInstanceOf(TintypeException.class)
                .until(() -> client.admin().shards().stream()
                        .allMatch(shard -> shard.inSync().size() == NODES.size()));
    }

    private static MoveInfo awaitEnd(String user) {
        return Awaitility.await()
                .atMost(PATIENCE)
                .pollInterval(Duration.ofMillis(50))
                .ignoreExceptionsInstanceOf(TintypeException.class) // while somebody is elected
                .until(() -> client.users().moves().get(user), move -> !move.isUnderWay());
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
