// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.client.BlobSource;
import io.tintype.client.ListEntry;
import io.tintype.client.ListOptions;
import io.tintype.client.MoveTarget;
import io.tintype.client.PutOptions;
import io.tintype.client.TintypeClient;
import io.tintype.model.PoolId;
import io.tintype.storage.history.Linearizability;
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

/**
 * Moves a user again and again while clients write and read, and tells how long his writes took meanwhile: {@code
 * target/system/moves.txt}. {@code -Dtintype.moves.blobs} and {@code -Dtintype.moves.blobBytes} make the user larger, {@code
 * -Dtintype.moves.rounds} moves him more often.
 */
final class MeasuredMoves {
    static final int BLOBS = Integer.getInteger("tintype.moves.blobs", 200);
    static final int BLOB_BYTES = Integer.getInteger("tintype.moves.blobBytes", 60_000);
    static final Duration PATIENCE = Duration.ofSeconds(60 + (long) BLOBS * BLOB_BYTES / (8 << 20));
    private static final long SEED = 42;

    private final TintypeClient client;
    private final String user;

    MeasuredMoves(TintypeClient client, String user) {
        this.client = client;
        this.user = user;
    }

    /** Stores his blobs. */
    void store() {
        var random = new SplittableRandom(SEED);
        for (int i = 0; i < BLOBS; i++) {
            byte[] bytes = new byte[1 + random.nextInt(2 * BLOB_BYTES)];
            random.nextBytes(bytes);
            client.put(user, "kept/" + i, BlobSource.of(bytes), PutOptions.DEFAULT);
        }
    }

    /** What is to hold each time he has arrived. */
    interface Arrived {
        void at(PoolId pool);
    }

    /**
     * When a move was made.
     *
     * @param triesBefore that were given up, by which writes paused for too long: what still waits for these is not counted
     */
    private record Stretch(long from, long to, int triesBefore) {
        List<Double> writes(MoveLoad load) {
            return triesBefore == 0 ? load.writesBetween(from, to) : load.writesBegunBetween(from, to);
        }
    }

    /**
     * Moves him to one pool after the other and back, so many times in all: no read and no write fails, what nobody
     * changes is as it was, and what clients saw is linearizable.
     *
     * @param what what the moves are called in the report
     * @param usual how often, unless a setting says otherwise
     */
    void backAndForth(String what, List<PoolId> pools, int usual, Arrived arrived) throws Exception {
        int rounds = Integer.getInteger("tintype.moves.rounds", usual);
        var before = manifest();
        assertThat(before).hasSize(BLOBS);
        var moves = new ArrayList<Stretch>();
        try (var load = new MoveLoad(client, user, 2, 2, SEED)) {
            for (int round = 0; round < rounds; round++) {
                var to = pools.get(round % pools.size());
                var done = MovesDone.move(client, user, MoveTarget.pool(to), PATIENCE);
                assertThat(done.end().user().pool()).as("round %d", round).isEqualTo(to);
                moves.add(new Stretch(done.begun(), System.nanoTime(), done.more()));
                arrived.at(to);
            }
            load.stop();
            assertThat(load.failedReads()).isEmpty();
            assertThat(load.failedWrites()).isEmpty();
            var pauses = moves.stream()
                    .map(move -> move.writes(load))
                    .map(writes -> writes.get(writes.size() - 1))
                    .sorted()
                    .toList();
            var all = moves.stream()
                    .flatMap(move -> move.writes(load).stream())
                    .sorted()
                    .toList();
            report(("%s: %d blobs of %d bytes on average, %d moves, seed %d, which took s: %s; tries given up"
                            + " before: %d; longest write of each move, ms: %s; p50 of these %.0f, p99 %.0f; all %d"
                            + " writes meanwhile: p50 %.1f, p99 %.1f ms; failed reads %d%n")
                    .formatted(
                            what,
                            BLOBS,
                            BLOB_BYTES,
                            rounds,
                            SEED,
                            moves.stream()
                                    .map(move -> Math.round((move.to() - move.from()) / 1e8) / 10.0)
                                    .toList(),
                            moves.stream().mapToInt(Stretch::triesBefore).sum(),
                            pauses.stream().map(Math::round).toList(),
                            quantile(pauses, 0.5),
                            quantile(pauses, 0.99),
                            all.size(),
                            quantile(all, 0.5),
                            quantile(all, 0.99),
                            load.failedReads().size()));
            assertThat(Linearizability.check(load.history()).problems()).isEmpty();
            assertThat(manifest()).isEqualTo(before);
            assertThat(pauses.get(pauses.size() - 1))
                    .as("the longest write of all moves, ms")
                    .isLessThan(2_000);
        }
    }

    /** Of values in order. */
    private static double quantile(List<Double> sorted, double share) {
        return sorted.get((int) Math.min(sorted.size() - 1, Math.floor(share * sorted.size())));
    }

    /** Names, versions and checksums. */
    private Map<String, String> manifest() {
        var manifest = new TreeMap<String, String>();
        client.listAll(user, ListOptions.DEFAULT.withPrefix("kept/"))
                .map(ListEntry::name)
                .forEach(name -> {
                    var blob = client.get(user, name);
                    manifest.put(name, blob.info().version() + " " + Arrays.hashCode(blob.bytes()));
                });
        return manifest;
    }

    private static void report(String line) throws Exception {
        Files.writeString(
                Path.of("target", "system", "moves.txt"), line, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }
}
