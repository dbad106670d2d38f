// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.blob;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.model.Reason;
import io.tintype.model.RequestId;
import io.tintype.model.UserId;
import io.tintype.proto.internal.v1.CopiedOutcomes;
import io.tintype.proto.internal.v1.CopyUser;
import io.tintype.proto.internal.v1.FreezeUser;
import io.tintype.proto.internal.v1.InstallUser;
import io.tintype.proto.internal.v1.Precondition;
import io.tintype.proto.internal.v1.UnfreezeUser;
import io.tintype.storage.disk.Disk;
import io.tintype.storage.disk.DiskConfig;
import io.tintype.storage.disk.DiskException;
import io.tintype.storage.log.RecordType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.SplittableRandom;
import java.util.function.BiFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What source and target of a move count of outcomes as they come is what reading all of them at the end says. */
class OutcomeCountsTest {
    private static final UserId ALICE = UserId.of("alice");
    private static final long STRETCH_MS = Retries.MEMORY_MS;

    @TempDir
    Path directory;

    private Disk open() throws DiskException {
        return Disk.open(DiskConfig.of(directory, Shelf.CLUSTER)
                .withMemory(8 << 20, 16 << 20)
                .withReserve(0));
    }

    /** Writes, retries, refusals, long rests and other users, while a target asks as it likes. */
    @Test
    void whatASourceCountsIsWhatItHas() throws Exception {
        for (long seed = 1; seed <= 6; seed++) {
            var random = new SplittableRandom(seed);
            try (var shelf = new Shelf(Files.createDirectories(directory.resolve("source" + seed)))) {
                var bob = UserId.of("bob");
                shelf.claim(ALICE);
                shelf.claim(bob);
                long generation = 1;
                long after = 1;
                int counted = 0;
                for (int step = 0; step < 600; step++) {
                    shelf.nowMs += random.nextInt(20) == 0 ? random.nextLong(STRETCH_MS) : random.nextInt(20_000);
                    var request = new RequestId(seed, random.nextInt(80)); // some are retries
                    switch (random.nextInt(12)) {
                        case 0 -> shelf.delete(ALICE, "cat", request, Precondition.getDefaultInstance());
                        case 1 ->
                            shelf.put(
                                    ALICE,
                                    "cat",
                                    new byte[] {1},
                                    request,
                                    Precondition.newBuilder().setAbsent(true).build(),
                                    0);
                        case 2 -> shelf.put(bob, "cat", new byte[] {3}, request, Precondition.getDefaultInstance(), 0);
                        case 3 ->
                            after = Math.max(1, after - 1 - random.nextInt(5)); // another target, or the same anew
                        case 4 -> {
                            freeze(shelf, generation);
                            if (random.nextBoolean()) {
                                shelf.put(ALICE, "dog", new byte[] {4}, request, Precondition.getDefaultInstance(), 0);
                                shelf.put(bob, "dog", new byte[] {4}, request, Precondition.getDefaultInstance(), 0);
                            }
                            var changes = shelf.reader().changes().readForMove(ALICE, after);
                            long nowMs = shelf.reader().logTimeMs();
                            long fromMs = changes.getSummary().getOutcomesFromMs();
                            var all = shelf.reader().exports().count(ALICE, nowMs, fromMs);
                            assertThat(changes.hasSummary()).isTrue();
                            assertThat(new UserExport.Count(
                                            changes.getSummary().getOutcomes(),
                                            changes.getSummary().getOutcomesDigest()))
                                    .as("seed %d, step %d", seed, step)
                                    .isEqualTo(all);
                            counted += (int) all.count();
                            after = changes.getSequence();
                            unfreeze(shelf, generation);
                            generation += 2;
                        }
                        case 5, 6, 7 ->
                            after = shelf.reader()
                                    .changes()
                                    .readForMove(ALICE, after)
                                    .getSequence();
                        default ->
                            shelf.put(
                                    ALICE,
                                    "cat" + random.nextInt(3),
                                    new byte[] {2},
                                    request,
                                    Precondition.getDefaultInstance(),
                                    0);
                    }
                }
                assertThat(counted).as("outcomes were counted").isGreaterThan(100);
            }
        }
    }

    private static void freeze(Shelf shelf, long generation) {
        var freeze = FreezeUser.newBuilder()
                .setGeneration(generation)
                .setMove(generation + 1)
                .setTo(9)
                .build();
        assertThat(shelf.append(RecordType.USER_FREEZE, ALICE, null, freeze.toByteString()))
                .isInstanceOf(Outcome.Moved.class);
    }

    private static void unfreeze(Shelf shelf, long generation) {
        var unfreeze = UnfreezeUser.newBuilder()
                .setMove(generation + 1)
                .setGeneration(generation + 2)
                .build();
        assertThat(shelf.append(RecordType.USER_UNFREEZE, ALICE, null, unfreeze.toByteString()))
                .isInstanceOf(Outcome.Moved.class);
    }

    /**
     * Outcomes that come once, twice and late, moves that are given up, and replicas that remember nothing: a target takes
     * exactly what reading all of it says is whole.
     */
    @Test
    void whatATargetCountsIsWhatItHas() throws DiskException {
        try (var disk = open()) {
            int shards = 0;
            for (long seed = 1; seed <= 12; seed++) {
                var random = new SplittableRandom(seed);
                var source = new UserShard(disk, ++shards, MoveRule.all());
                var target = new UserShard(disk, ++shards, MoveRule.all());
                target.nowMs += random.nextLong(STRETCH_MS);
                source.claim(ALICE, 1);
                long generation = 1;
                int taken = 0;
                for (int step = 0; step < 150; step++) {
                    source.nowMs += random.nextInt(30_000);
                    target.nowMs += random.nextInt(20) == 0 ? random.nextLong(STRETCH_MS) : random.nextInt(30_000);
                    source.put(ALICE, "cat", new RequestId(seed, random.nextInt(60)), 1);
                    if (random.nextInt(4) > 0) {
                        continue;
                    }
                    long move = generation + 1;
                    target.begin(ALICE, generation, move, source.id);
                    var copies = new ArrayList<>(source.content(ALICE, move, target));
                    copies.addAll(source.content(ALICE, move, target));
                    for (var copy : copies) {
                        target.nowMs += random.nextInt(10) == 0 ? random.nextLong(STRETCH_MS) : random.nextInt(50);
                        if (random.nextInt(8) == 0) {
                            target.store.machine().reset();
                            target.store.reload(); // as after a restart, or on a follower that was sent a snapshot
                        }
                        target.copy(ALICE, copy.hasOutcomes() && random.nextInt(6) == 0 ? half(copy) : copy);
                    }
                    var summary = source.summary(ALICE, move);
                    var told = random.nextInt(6) == 0 ? withOneMore(summary) : summary;
                    var expected = new OutcomeCount(told.getOutcomesFromMs());
                    target.store
                            .reader()
                            .exports()
                            .forEachOutcome(ALICE, target.nowMs + 1, (request, one) -> expected.add(request, one));
                    boolean whole =
                            expected.count() == told.getOutcomes() && expected.digest() == told.getOutcomesDigest();
                    var outcome = target.install(ALICE, told);
                    assertThat(outcome instanceof Outcome.Moved)
                            .as("seed %d, step %d: %s", seed, step, outcome)
                            .isEqualTo(whole);
                    taken += whole ? 1 : 0;
                    target.drop(ALICE, move, move + 1, source.id);
                    source.claim(ALICE, move + 1);
                    generation = move + 1;
                }
                assertThat(taken).as("some were whole, seed %d", seed).isPositive();
            }
        }
    }

    private static CopyUser half(CopyUser copy) {
        var some = copy.getOutcomes().getOutcomesList();
        return copy.toBuilder()
                .setOutcomes(CopiedOutcomes.newBuilder(copy.getOutcomes())
                        .clearOutcomes()
                        .addAllOutcomes(some.subList(0, some.size() / 2)))
                .build();
    }

    private static InstallUser withOneMore(InstallUser summary) {
        return summary.toBuilder().setOutcomes(summary.getOutcomes() + 1).build();
    }

    /**
     * Rounds of a move ask for some outcomes again. Where the border of two stretches lies between, copying one again kept it
     * twice, and the move was given up as a copy that lacks something.
     */
    @Test
    void anOutcomeThatIsCopiedAgainAtTheBorderOfTwoStretchesIsCountedOnce() throws DiskException {
        try (var disk = open()) {
            assertThat(copiedAgainAtTheBorder(disk, 1, OutcomeCountsTest::lacking))
                    .isInstanceOf(Outcome.Moved.class);
            assertThat(copiedAgainAtTheBorder(disk, 3, (target, copy) -> copy))
                    .as("all of what is sent copied again: the border is where it matters")
                    .isInstanceOfSatisfying(Outcome.Refused.class, refused -> {
                        assertThat(refused.reason()).isEqualTo(Reason.CHECKSUM_MISMATCH);
                        assertThat(refused.message())
                                .isEqualTo(
                                        "the copy of user 'alice' remembers 2 requests, the source 1, or they differ");
                    });
        }
    }

    /** What comes of a move of which the only outcome is copied twice, each time as much of it as is given back. */
    private static Outcome copiedAgainAtTheBorder(Disk disk, int id, BiFunction<UserShard, CopyUser, CopyUser> copied) {
        var source = new UserShard(disk, id, MoveRule.all());
        var target = new UserShard(disk, id + 1, MoveRule.all());
        long border = (source.nowMs / STRETCH_MS + 1) * STRETCH_MS;
        source.claim(ALICE, 1);
        source.nowMs = border - 100;
        source.put(ALICE, "cat", new RequestId(1, 2), 5);
        target.nowMs = border;
        target.begin(ALICE, 1, 2, source.id);

        target.nowMs = source.nowMs + 500; // the first copy takes half a second
        source.content(ALICE, 2, target).forEach(copy -> target.copy(ALICE, copied.apply(target, copy)));
        source.freeze(ALICE, 1, 2, target.id);
        source.nowMs = target.nowMs; // the second no time at all
        source.content(ALICE, 2, target).forEach(copy -> target.copy(ALICE, copied.apply(target, copy)));

        return target.install(ALICE, source.summary(ALICE, 2));
    }

    private static CopyUser lacking(UserShard target, CopyUser copy) {
        var sent = copy.getOutcomes().getOutcomesList();
        var lacking = target.store.reader().exports().lacking(ALICE, sent, target.nowMs);
        return copy.hasOutcomes()
                ? copy.toBuilder()
                        .setOutcomes(CopiedOutcomes.newBuilder(copy.getOutcomes())
                                .clearOutcomes()
                                .addAllOutcomes(lacking))
                        .build()
                : copy;
    }
}
