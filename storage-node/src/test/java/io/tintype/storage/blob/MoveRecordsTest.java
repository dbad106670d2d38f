// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.blob;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tintype.model.BlobName;
import io.tintype.model.Reason;
import io.tintype.model.RequestId;
import io.tintype.model.TintypeException;
import io.tintype.model.UserId;
import io.tintype.model.Version;
import io.tintype.proto.internal.v1.ChangeUserQuota;
import io.tintype.proto.internal.v1.CopyUser;
import io.tintype.proto.internal.v1.InstallUser;
import io.tintype.proto.internal.v1.OwnershipState;
import io.tintype.proto.internal.v1.StoredUser;
import io.tintype.storage.disk.Disk;
import io.tintype.storage.disk.DiskConfig;
import io.tintype.storage.disk.DiskException;
import io.tintype.storage.log.RecordType;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What each record of a move does to a user in each state, and what a whole move leaves behind. */
class MoveRecordsTest {
    private static final UserId ALICE = UserId.of("älïce-愛-" + "x".repeat(100));
    private static final RequestId REQUEST = new RequestId(1, 2);

    @TempDir
    Path directory;

    private Disk disk;
    private UserShard source;
    private UserShard target;

    @BeforeEach
    void open() throws DiskException {
        disk = Disk.open(DiskConfig.of(directory, Shelf.CLUSTER)
                .withMemory(8 << 20, 16 << 20)
                .withReserve(0));
        source = new UserShard(disk, 1, MoveRule.all());
        target = new UserShard(disk, 2, MoveRule.all());
    }

    @AfterEach
    void close() {
        disk.close();
    }

    @Test
    void aMoveTakesEverythingAlongAndLeavesNothingReadable() {
        target.nowMs += 60_000; // clocks differ
        source.claim(ALICE, 1);
        source.put(ALICE, "cat", REQUEST, 5);
        source.put(ALICE, "dog", null, 6);
        source.put(ALICE, "gone", null, 7);
        source.delete(ALICE, "gone", null);
        var cat = source.store
                .reader()
                .head(ALICE, BlobName.of("cat"), source.nowMs)
                .orElseThrow();

        move(source, target, 1);

        assertThat(target.user(ALICE).getState()).isEqualTo(OwnershipState.OWNERSHIP_STATE_ACTIVE);
        assertThat(target.user(ALICE).getGeneration()).isEqualTo(2);
        assertThat(target.user(ALICE).getBlobs()).isEqualTo(2);
        var moved = target.store
                .reader()
                .head(ALICE, BlobName.of("cat"), target.nowMs)
                .orElseThrow();
        assertThat(moved.toBuilder().clearManifest().build())
                .as("version, metadata and times")
                .isEqualTo(cat.toBuilder().clearManifest().build());
        assertThat(target.has(ALICE, "gone")).isFalse();
        var replay = target.put(ALICE, "cat", REQUEST, 5);
        assertThat(((Outcome.Written) replay).head().getVersion())
                .as("the retry of a request that the source applied")
                .isEqualTo(cat.getVersion());
        var next = (Outcome.Written) target.put(ALICE, "cat", null, 9);
        assertThat(Stored.version(next.head().getVersion())).isGreaterThan(Version.of(1, Version.MAX_COUNTER, 0));

        assertThatThrownBy(() -> source.has(ALICE, "cat")).isInstanceOfSatisfying(TintypeException.class, e -> {
            assertThat(e.reason()).isEqualTo(Reason.WRONG_SHARD);
            assertThat(e.details()).containsEntry(TintypeException.SHARD, "2");
        });
        assertThat(reason(source.put(ALICE, "cat", null, 9))).isEqualTo(Reason.WRONG_SHARD);
        assertThat(source.store.reader().stats().users()).isZero();
        assertThat(target.store.reader().stats().users()).isEqualTo(1);
        assertThat(source.store.reader().users().moving()).isEmpty();
        assertThat(target.store.reader().users().moving()).isEmpty();
    }

    @Test
    void whatWasTrueWhenAUserWasFrozenIsReadForAsLongAsTheReaderAllowsAndByNoClockThatIsBehind() {
        source.claim(ALICE, 1);
        source.put(ALICE, "cat", null, 5);
        source.freeze(ALICE, 1, 2, 9);
        long frozenMs = source.user(ALICE).getSinceMs();

        assertThat(stale(frozenMs, 1_000)).isEmpty();
        assertThat(stale(frozenMs + 1_000, 1_000)).isEmpty();
        assertThat(stale(frozenMs + 1_001, 1_000)).contains(Reason.USER_MOVING);
        assertThat(stale(frozenMs, 0)).contains(Reason.USER_MOVING);
        assertThat(stale(frozenMs - 1, 1_000)).contains(Reason.USER_MOVING);
        assertThat(stale(frozenMs - 3_600_000, 1_000)).contains(Reason.USER_MOVING);
    }

    @Test
    void aWallClockThatIsBehindKeepsNobodyFrozenAMomentAgoForReaders() {
        source.claim(ALICE, 1);
        source.put(ALICE, "cat", null, 5);
        source.freeze(ALICE, 1, 2, 9);
        long frozenMs = source.user(ALICE).getSinceMs();

        source.nanos += TimeUnit.MILLISECONDS.toNanos(1_000);
        assertThat(stale(frozenMs + 10, 1_000)).isEmpty();
        source.nanos += TimeUnit.MILLISECONDS.toNanos(1);
        assertThat(stale(frozenMs + 10, 1_000)).contains(Reason.USER_MOVING);
    }

    @Test
    void whoWasFrozenBeforeTheProcessLookedIsReadOnlyOnceHeIsFree() {
        source.claim(ALICE, 1);
        source.put(ALICE, "cat", null, 5);
        source.freeze(ALICE, 1, 2, 9);
        long frozenMs = source.user(ALICE).getSinceMs();

        source.store.reload();
        assertThat(stale(frozenMs + 10, 1_000)).contains(Reason.USER_MOVING);
        source.unfreeze(ALICE, 2, 3);
        assertThat(stale(frozenMs + 10, 1_000)).isEmpty();
    }

    /** Why a read by a clock is refused to whom takes what is so old. */
    private Optional<Reason> stale(long nowMs, long mayLagMs) {
        try {
            assertThat(source.store.reader().head(ALICE, BlobName.of("cat"), nowMs, mayLagMs))
                    .isPresent();
            return Optional.empty();
        } catch (TintypeException e) {
            return Optional.of(e.reason());
        }
    }

    @Test
    void whatStaysBehindIsPurgedBitByBitAndOnlyThen() {
        source.claim(ALICE, 1);
        for (int i = 0; i < 10; i++) {
            source.put(ALICE, "blob" + i, null, i);
        }
        move(source, target, 1);
        assertThat(source.store.reader().users().gone(null, source.nowMs + 1, 10))
                .extracting(ShardUsers.Leaver::user)
                .containsExactly(ALICE);
        assertThat(reason(target.purge(ALICE, 2, 4))).isEqualTo(Reason.MOVE_CONFLICT);
        assertThat(reason(source.purge(ALICE, 1, 4))).isEqualTo(Reason.MOVE_CONFLICT);

        source.purge(ALICE, 2, 4);
        assertThat(source.user(ALICE).getBlobs()).isEqualTo(6);
        source.purge(ALICE, 2, 4);
        source.purge(ALICE, 2, 4);

        assertThat(source.store.reader().users().user(ALICE)).isEmpty();
        assertThat(source.store.reader().users().gone(null, source.nowMs + 1, 10))
                .isEmpty();
        assertThat(source.store.reader().stats().blobs()).isZero();
        assertThat(target.user(ALICE).getBlobs()).isEqualTo(10);
    }

    @Test
    void comingBackCorrectsWhatIsStillThere() {
        source.claim(ALICE, 1);
        source.put(ALICE, "kept", null, 1);
        source.put(ALICE, "changed", null, 2);
        source.put(ALICE, "removed", null, 3);
        move(source, target, 1);
        target.put(ALICE, "changed", null, 4);
        target.delete(ALICE, "removed", null);
        target.put(ALICE, "new", null, 5);

        move(target, source, 2);

        assertThat(source.user(ALICE).getState()).isEqualTo(OwnershipState.OWNERSHIP_STATE_ACTIVE);
        assertThat(source.user(ALICE).getBlobs()).isEqualTo(3);
        assertThat(source.user(ALICE).getDigest()).isEqualTo(target.user(ALICE).getDigest());
        assertThat(source.has(ALICE, "removed")).isFalse();
        assertThat(source.has(ALICE, "new")).isTrue();
    }

    @Test
    void anIncompleteCopyIsNeverInstalled() {
        source.claim(ALICE, 1);
        source.put(ALICE, "cat", REQUEST, 5);
        target.begin(ALICE, 1, 2, 1);
        source.freeze(ALICE, 1, 2, 2);
        var whole = source.content(ALICE, 2, target);
        var summary = source.summary(ALICE, 2);

        assertThat(reason(target.install(ALICE, summary))).isEqualTo(Reason.CHECKSUM_MISMATCH);
        target.copy(ALICE, whole.get(0));
        assertThat(reason(target.install(ALICE, summary)))
                .as("without the outcomes")
                .isEqualTo(Reason.CHECKSUM_MISMATCH);
        var other = whole.get(0).toBuilder();
        other.getHeadBuilder().getHeadBuilder().setContentType("image/gif");
        other.getHeadBuilder().getHeadBuilder().getVersionBuilder().setNonce(77);
        target.copy(ALICE, other.build());
        target.copy(ALICE, whole.get(1));
        assertThat(reason(target.install(ALICE, summary)))
                .as("with another version")
                .isEqualTo(Reason.CHECKSUM_MISMATCH);
        target.copy(ALICE, whole.get(0));
        assertThat(target.install(ALICE, summary)).isInstanceOf(Outcome.Moved.class);
    }

    @Test
    void aFullTargetTakesNobodyAndSoManyComeAsMay() {
        target.usersLimit = 1;
        target.claim(UserId.of("bob"), 1);
        assertThat(reason(target.begin(ALICE, 1, 2, 1))).isEqualTo(Reason.SHARD_FULL);
        target.usersLimit = 2;
        assertThat(target.begin(ALICE, 1, 2, 1)).isInstanceOf(Outcome.Moved.class);
        assertThat(reason(target.claim(UserId.of("carol"), 1)))
                .as("room is taken from the beginning")
                .isEqualTo(Reason.SHARD_FULL);
        target.drop(ALICE, 2, 3, 1);
        assertThat(target.claim(UserId.of("carol"), 2)).isEqualTo(new Outcome.Claimed(2));
    }

    @Test
    void whoWasTurnedAwayIsNotClaimedByALateRequest() {
        source.usersLimit = 0;
        assertThat(reason(source.claim(ALICE, 1))).isEqualTo(Reason.SHARD_FULL);
        source.usersLimit = 10;
        assertThat(reason(source.claim(ALICE, 1))).isEqualTo(Reason.SHARD_FULL);
        assertThat(source.claim(ALICE, 3)).as("sent here again").isEqualTo(new Outcome.Claimed(3));
        assertThat(source.store.reader().users().gone(null, Long.MAX_VALUE, 10)).isEmpty();
    }

    @Test
    void whoeverIsForgottenIsNotLetInByWhatTheDirectorySaidBefore() {
        source.claim(ALICE, 1);
        var early = source.store.reader().appliedAt();
        move(source, target, 1);
        source.purge(ALICE, 2, 10);
        assertThat(source.user(ALICE)).isEqualTo(StoredUser.getDefaultInstance());

        assertThat(reason(source.claim(ALICE, 1, early))).isEqualTo(Reason.UNAVAILABLE);
        assertThat(reason(source.begin(ALICE, 3, 4, 2, early))).isEqualTo(Reason.UNAVAILABLE);
        source.store.machine().reset();
        source.store.reload();
        assertThat(reason(source.claim(ALICE, 1, early)))
                .as("after a restart, or on a replica that was sent a snapshot")
                .isEqualTo(Reason.UNAVAILABLE);
        assertThat(source.claim(UserId.of("bob"), 1)).as("asked since").isEqualTo(new Outcome.Claimed(1));
    }

    @Test
    void aRefusalIsForgottenOnlyWhenHeHasAnotherHome() {
        source.usersLimit = 0;
        source.claim(ALICE, 1);
        assertThat(reason(source.purge(ALICE, 0, 10, 1))).isEqualTo(Reason.MOVE_CONFLICT);
        assertThat(source.purge(ALICE, 0, 10, 2)).isInstanceOf(Outcome.Moved.class);
        assertThat(source.store.reader().users().user(ALICE)).isEmpty();
    }

    @Test
    void aQuotaOfHisOwnGoesWithHim() {
        source.claim(ALICE, 1);
        source.append(
                RecordType.USER_QUOTA,
                ALICE,
                null,
                ChangeUserQuota.newBuilder()
                        .setOwn(true)
                        .setBytes(5)
                        .setBlobs(1)
                        .build());
        source.put(ALICE, "cat", null, 1);
        move(source, target, 1);
        assertThat(target.user(ALICE).getOwnQuota()).isTrue();
        assertThat(target.user(ALICE).getQuotaBytes()).isEqualTo(5);
        assertThat(target.user(ALICE).getQuotaBlobs()).isEqualTo(1);
        assertThat(target.put(ALICE, "dog", null, 1)).isInstanceOf(Outcome.OverQuota.class);
        assertThat(target.put(ALICE, "cat", null, 2)).isInstanceOf(Outcome.Written.class);
    }

    @Test
    void aFrozenUserIsReadOnlyByWhoTakesWhatWasTrueThen() {
        source.claim(ALICE, 1);
        source.put(ALICE, "cat", null, 1);
        source.freeze(ALICE, 1, 2, 2);
        long frozenAt = source.user(ALICE).getSinceMs();
        var reader = source.store.reader();

        assertThatThrownBy(() -> reader.head(ALICE, BlobName.of("cat"), frozenAt))
                .isInstanceOfSatisfying(TintypeException.class, e -> {
                    assertThat(e.reason()).isEqualTo(Reason.USER_MOVING);
                    assertThat(e.retryAfter()).contains(Outcome.MOVING_RETRY);
                });
        assertThat(reader.head(ALICE, BlobName.of("cat"), frozenAt + 500, 500)).isPresent();
        assertThatThrownBy(() -> reader.head(ALICE, BlobName.of("cat"), frozenAt + 501, 500))
                .isInstanceOf(TintypeException.class);
        assertThat(reason(source.put(ALICE, "cat", null, 2))).isEqualTo(Reason.USER_MOVING);
        assertThat(reason(source.delete(ALICE, "cat", null))).isEqualTo(Reason.USER_MOVING);
        source.unfreeze(ALICE, 2, 3);
        assertThat(source.put(ALICE, "cat", null, 2)).isInstanceOf(Outcome.Written.class);
    }

    @Test
    void thoseWhoLeftAreFoundOneAfterTheOtherHoweverManyLeftAtATime() {
        var users = List.of(UserId.of("a"), UserId.of("ab"), UserId.of("b"), UserId.of("c"));
        users.forEach(user -> {
            source.claim(user, 1);
            source.freeze(user, 1, 2, 2);
        });
        users.forEach(user -> {
            source.nowMs = 1_800_000_000_000L; // all at once
            source.release(user, 2, 3, 2);
        });
        var reader = source.store.reader().users();
        var found = new ArrayList<UserId>();

        ShardUsers.Leaver last = null;
        for (var page = reader.gone(null, Long.MAX_VALUE, 1);
                !page.isEmpty();
                page = reader.gone(last, Long.MAX_VALUE, 1)) {
            last = page.get(0);
            found.add(last.user());
        }

        assertThat(found).isEqualTo(users);
        assertThat(reader.gone(last, Long.MAX_VALUE, 1)).isEmpty();
    }

    @Test
    void theFrozenAmongThoseWhoMoveAreKnownApart() {
        target.begin(ALICE, 1, 2, 1);
        assertThat(target.store.reader().users().frozen()).isEmpty();
        source.claim(ALICE, 1);
        source.freeze(ALICE, 1, 2, 2);
        assertThat(source.store.reader().users().frozen()).containsExactly(ALICE);
        source.unfreeze(ALICE, 2, 3);
        assertThat(source.store.reader().users().frozen()).isEmpty();
    }

    @Test
    void movesAreFoundAgainAfterARestart() {
        source.claim(ALICE, 1);
        source.freeze(ALICE, 1, 2, 2);
        target.begin(ALICE, 1, 2, 1);
        source.store.machine().reset();
        assertThat(source.store.reader().users().moving()).isEmpty();
        source.store.reload();
        target.store.reload();
        assertThat(source.store.reader().users().moving()).containsExactly(ALICE);
        assertThat(target.store.reader().users().moving()).containsExactly(ALICE);
        assertThat(source.user(ALICE).getState()).isEqualTo(OwnershipState.OWNERSHIP_STATE_FROZEN);
        assertThat(source.store.reader().users().frozen()).containsExactly(ALICE);
        assertThat(target.store.reader().users().frozen()).isEmpty();
    }

    /** Every record in every state: which ones change something, and nothing else does. */
    @Test
    void everyRecordInEveryState() {
        // Records of move 4 (from generation 3), and of an earlier one, 2.
        Map<String, Function<UserId, Outcome>> records = new LinkedHashMap<>();
        records.put("claim 3", user -> source.claim(user, 3));
        records.put("import 4", user -> source.begin(user, 3, 4, 9));
        records.put("import 2", user -> source.begin(user, 1, 2, 9));
        records.put("copy 4", user -> source.copy(user, copy(4)));
        records.put("copy 2", user -> source.copy(user, copy(2)));
        records.put(
                "install 4",
                user -> source.install(user, InstallUser.newBuilder().setMove(4).build()));
        records.put(
                "install 2",
                user -> source.install(user, InstallUser.newBuilder().setMove(2).build()));
        records.put("activate 4", user -> source.activate(user, 4));
        records.put("activate 2", user -> source.activate(user, 2));
        records.put("drop 4", user -> source.drop(user, 4, 5, 9));
        records.put("drop 4 by an old answer", user -> source.drop(user, 4, 4, 9));
        records.put("freeze 3-4", user -> source.freeze(user, 3, 4, 9));
        records.put("freeze 1-2", user -> source.freeze(user, 1, 2, 9));
        records.put("unfreeze 4", user -> source.unfreeze(user, 4, 5));
        records.put("unfreeze 4 by an old answer", user -> source.unfreeze(user, 4, 4));
        records.put("release 4", user -> source.release(user, 4, 4, 9));
        records.put("release 4 by an old answer", user -> source.release(user, 4, 3, 9));
        records.put("release 2", user -> source.release(user, 2, 2, 9));
        records.put("purge 4", user -> source.purge(user, 4, 10));
        records.put("purge 2", user -> source.purge(user, 2, 10));

        Map<String, List<String>> effective = Map.of(
                "NONE", List.of("claim 3", "import 4", "import 2"),
                "ACTIVE 3", List.of("freeze 3-4"),
                "FROZEN 4", List.of("unfreeze 4", "release 4"),
                "IMPORTING 4", List.of("copy 4", "install 4", "drop 4"),
                "READY 4", List.of("activate 4", "drop 4"),
                "GONE 4", List.of("purge 4"),
                "REFUSED 3", List.of("import 4", "import 2"));
        int[] counter = {0};
        effective.forEach((state, expected) -> records.forEach((record, apply) -> {
            var user = UserId.of("user" + counter[0]++);
            bring(user, state);
            var before = source.user(user);
            var unused = apply.apply(user);
            assertThat(!source.user(user).equals(before))
                    .as("%s changes a user of state %s", record, state)
                    .isEqualTo(expected.contains(record));
        }));
    }

    private void bring(UserId user, String state) {
        switch (state) {
            case "ACTIVE 3" -> source.claim(user, 3);
            case "FROZEN 4" -> {
                source.claim(user, 3);
                source.freeze(user, 3, 4, 9);
            }
            case "IMPORTING 4" -> source.begin(user, 3, 4, 9);
            case "READY 4" -> {
                source.begin(user, 3, 4, 9);
                source.install(user, InstallUser.newBuilder().setMove(4).build());
            }
            case "GONE 4" -> {
                source.begin(user, 3, 4, 9);
                source.drop(user, 4, 5, 9);
            }
            case "REFUSED 3" -> {
                int limit = source.usersLimit;
                source.usersLimit = 0;
                source.claim(user, 3);
                source.usersLimit = limit;
            }
            default -> assertThat(source.user(user)).isEqualTo(StoredUser.getDefaultInstance());
        }
    }

    private static CopyUser copy(long move) {
        var copy = CopyUser.newBuilder().setMove(move);
        copy.getHeadBuilder()
                .setName("cat")
                .getHeadBuilder()
                .getVersionBuilder()
                .setNumber(1);
        return copy.build();
    }

    private void move(UserShard from, UserShard to, long generation) {
        long move = generation + 1;
        assertThat(to.begin(ALICE, generation, move, from.id)).isInstanceOf(Outcome.Moved.class);
        assertThat(from.freeze(ALICE, generation, move, to.id)).isInstanceOf(Outcome.Moved.class);
        from.content(ALICE, move, to).forEach(copy -> to.copy(ALICE, copy));
        assertThat(to.install(ALICE, from.summary(ALICE, move))).isInstanceOf(Outcome.Moved.class);
        assertThat(to.activate(ALICE, move)).isInstanceOf(Outcome.Moved.class);
        assertThat(from.release(ALICE, move, move, to.id)).isInstanceOf(Outcome.Moved.class);
    }

    private static Reason reason(Outcome outcome) {
        return ((Outcome.Refused) outcome).reason();
    }
}
