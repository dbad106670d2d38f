// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.client.ListEntry;
import io.tintype.client.ListOptions;
import io.tintype.client.MoveTarget;
import io.tintype.client.PoolInfo;
import io.tintype.client.TintypeClient;
import io.tintype.model.PoolId;
import io.tintype.model.ShardId;
import io.tintype.model.TintypeException;
import io.tintype.storage.history.Linearizability;
import io.tintype.tools.balance.Fleet;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * One large user goes round the shards of two pools, from one pool to the other each time, under load, and in each move one who
 * has a part in it dies by SIGKILL. There are so many shards that what he left on one is gone when he comes back, which is made
 * sure of: each move copies all he has. Runs with {@code -Dmoves.large=all}, or some
 * pairs, as {@code SOURCE:COPYING,TARGET:READY}; {@code -Dmoves.largeBetween=regions} has the pools in two regions; {@code
 * -Dtintype.moves.blobs}, {@code -Dtintype.moves.blobBytes} and {@code -Dtintype.moves.pauseMs} say how large he is, and how
 * busy. {@code target/system/large-user-crashes.txt} is the ledger.
 */
@EnabledIfSystemProperty(named = "moves.large", matches = ".+")
final class LargeUserCrashIT {
    private static final Duration PATIENCE = Duration.ofMinutes(10);
    private static final Duration FORGETTING = Duration.ofMinutes(30);
    private static final int BLOBS = Integer.getInteger("tintype.moves.blobs", 10_000);
    private static final int BLOB_BYTES = Integer.getInteger("tintype.moves.blobBytes", 107_374);
    private static final boolean REGIONS =
            System.getProperty("moves.largeBetween", "tiers").equals("regions");
    /** Of each pool. What is left behind is purged in the background, 500 blobs at a time. */
    private static final int SHARDS = 8;

    private static final int TRIES = 6;
    private static final String USER = "large";

    private static final Map<String, String> stored = new TreeMap<>();
    private static final List<ShardId> round = new ArrayList<>();
    private static Fleet fleet;
    private static TintypeClient client;
    private static MoveCrash crash;
    private static int moves;

    static Stream<Arguments> runs() {
        return MoveCrash.pairs(System.getProperty("moves.large", "all"));
    }

    @BeforeAll
    static void start() throws Exception {
        var here = REGIONS ? "eu" : "local";
        fleet = Fleet.start("large-user-crashes", Map.of("TINTYPE_CONFIG_REGION", here));
        nodes(here);
        fleet.coordinator(MoveCrash.CONTROLLER); // takes the controller's office, being alone
        try (var alone = fleet.client(MoveCrash.CONTROLLER)) {
            Awaitility.await()
                    .atMost(PATIENCE)
                    .ignoreExceptionsInstanceOf(TintypeException.class)
                    .until(() -> alone.users().register("first").created());
        }
        if (REGIONS) {
            nodes("us");
        }
        fleet.coordinator(MoveCrash.MOVER);
        client = fleet.client(MoveCrash.MOVER, MoveCrash.CONTROLLER);
        crash = new MoveCrash(fleet, client, LargeUserCrashIT::node, PATIENCE);
        var one = pool(new PoolId(here, "one"));
        var other = pool(new PoolId(REGIONS ? "us" : here, "other"));
        for (int i = 0; i < one.size(); i++) {
            round.add(one.get(i));
            round.add(other.get(i));
        }
        store(new PoolId(here, "one"));
    }

    private static void nodes(String region) throws Exception {
        for (int i = 1; i <= 3; i++) {
            node(region + i);
        }
    }

    private static void node(String id) throws IOException {
        var region = id.substring(0, id.length() - 1);
        fleet.node(id, Map.of("TINTYPE_CONFIG_REGION", region, "TINTYPE_CONFIG_MOVES_KEEP_FOR", "60s"));
    }

    private static List<ShardId> pool(PoolId id) {
        client.admin().createPool(new PoolInfo(id, 3, 2, 100, SHARDS));
        Awaitility.await()
                .atMost(PATIENCE)
                .until(() -> client.admin().shards(id).stream()
                                .filter(shard -> shard.primary().isPresent())
                                .count()
                        == SHARDS);
        return client.admin().shards(id).stream().map(shard -> shard.id()).toList();
    }

    private static void store(PoolId pool) throws Exception {
        client.users().register(USER, pool);
        var random = new SplittableRandom(BLOBS);
        for (int i = 0; i < BLOBS; i++) {
            byte[] bytes = new byte[1 + random.nextInt(2 * BLOB_BYTES)];
            random.nextBytes(bytes);
            var name = "kept/" + i;
            var put = client.put(USER, name, bytes);
            stored.put(name, put.info().version() + " " + Arrays.hashCode(bytes));
        }
        assertThat(listing()).hasSize(BLOBS);
        report("stored %d blobs of %d bytes on average%n".formatted(BLOBS, BLOB_BYTES));
    }

    @AfterAll
    static void everyByteIsAsItWasStored() throws Exception {
        try {
            var read = new TreeMap<String, String>();
            client.listAll(USER, ListOptions.DEFAULT.withPrefix("kept/"))
                    .map(ListEntry::name)
                    .forEach(name -> {
                        var blob = client.get(USER, name);
                        read.put(name, blob.info().version() + " " + Arrays.hashCode(blob.bytes()));
                    });
            assertThat(read).isEqualTo(stored);
            report("after %d moves every version and byte of %d blobs is as it was stored%n"
                    .formatted(moves, read.size()));
        } finally {
            client.close();
            fleet.close();
        }
    }

    @ParameterizedTest
    @MethodSource("runs")
    void nothingIsLost(MoveCrash.Victim victim, MoveCrash.Step step) throws Exception {
        for (int attempt = 1; ; attempt++) {
            boolean seen = move(victim, step);
            if (seen || attempt == TRIES) {
                assertThat(seen)
                        .as("the step was seen in one of %d moves", TRIES)
                        .isTrue();
                return;
            }
        }
    }

    /** One move; whether the step was seen, and the victim killed at it. */
    private static boolean move(MoveCrash.Victim victim, MoveCrash.Step step) throws Exception {
        var before = listing();
        int from = client.users().lookup(USER).shard().value();
        var to = round.get((round.indexOf(new ShardId(from)) + 1) % round.size());
        awaitNothingOfHim(to);
        long begun = System.nanoTime();
        moves++;
        try (var load = new MoveLoad(client, USER, "load" + moves + "/", 2, 2, moves)) {
            try (var mover = fleet.client(MoveCrash.MOVER)) {
                mover.users().moves().begin(USER, MoveTarget.shard(to));
            }
            boolean seen = crash.at(USER, from, victim, step);
            int more = crash.awaitDone(USER, MoveTarget.shard(to));
            long end = System.nanoTime();
            load.stop();
            assertThat(client.users().lookup(USER).shard()).isEqualTo(to);
            var writes = load.writesBetween(begun, end);
            report(
                    "%s at %s: %s, shard %d to %s in %.1f s, %d further tries; %d writes, the longest %.0f ms; failed: %d reads, %d writes%n"
                            .formatted(
                                    victim,
                                    step,
                                    seen ? "as seen" : "NOT SEEN, once more",
                                    from,
                                    to,
                                    (end - begun) / 1e9,
                                    more,
                                    writes.size(),
                                    writes.get(writes.size() - 1),
                                    load.failedReads().size(),
                                    load.failedWrites().size()));
            for (var failures : List.of(load.failedReads(), load.failedWrites())) {
                for (var failure : failures) {
                    report("  %s%n".formatted(failure));
                }
            }
            assertThat(load.failedReads()).isEmpty();
            assertThat(load.failedWrites()).isEmpty();
            assertThat(Linearizability.check(load.history()).problems()).isEmpty();
            assertThat(listing()).isEqualTo(before);
            return seen;
        }
    }

    /** Waits until no replica of a shard holds anything of him. */
    private static void awaitNothingOfHim(ShardId shard) {
        Awaitility.await()
                .atMost(FORGETTING)
                .pollInterval(Duration.ofSeconds(1))
                .ignoreExceptionsInstanceOf(TintypeException.class)
                .until(() -> client.users().locate(USER).places().stream()
                        .noneMatch(place ->
                                place.shard() == shard.value() || !place.error().isEmpty()));
    }

    /** Names, versions, sizes and checksums of what nobody changes. */
    private static Map<String, String> listing() {
        var listing = new TreeMap<String, String>();
        client.listAll(USER, ListOptions.DEFAULT.withPrefix("kept/")).forEach(entry -> {
            var info = ((ListEntry.BlobEntry) entry).info();
            listing.put(info.name(), info.version() + " " + info.size() + " " + info.crc32c());
        });
        return listing;
    }

    private static void report(String line) throws Exception {
        Files.writeString(
                Path.of("target", "system", "large-user-crashes.txt"),
                line,
                StandardOpenOption.CREATE,
                StandardOpenOption.APPEND);
    }
}
