// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.blob;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.model.Reason;
import io.tintype.model.RequestId;
import io.tintype.model.UserId;
import io.tintype.proto.internal.v1.DirectoryBegin;
import io.tintype.proto.internal.v1.DirectoryCommit;
import io.tintype.proto.internal.v1.DirectoryCreate;
import io.tintype.proto.internal.v1.DirectoryEntry;
import io.tintype.proto.internal.v1.DirectoryErase;
import io.tintype.proto.internal.v1.DirectoryErased;
import io.tintype.proto.internal.v1.DirectoryState;
import io.tintype.proto.internal.v1.OwnershipState;
import io.tintype.storage.disk.Disk;
import io.tintype.storage.disk.DiskConfig;
import io.tintype.storage.disk.DiskException;
import io.tintype.storage.log.RecordType;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the records of an erasure, and of an operator's freeze, do in each state. */
class ErasureRecordsTest {
    private static final UserId ALICE = UserId.of("alice");
    private static final RequestId REQUEST = new RequestId(1, 2);
    private static final int DAY_MS = 86_400_000;

    @TempDir
    Path directory;

    private Disk disk;
    private UserShard first;
    private UserShard second;
    private UserShard entries;

    @BeforeEach
    void open() throws DiskException {
        disk = Disk.open(DiskConfig.of(directory, Shelf.CLUSTER)
                .withMemory(8 << 20, 16 << 20)
                .withReserve(0));
        first = new UserShard(disk, 1, MoveRule.all());
        second = new UserShard(disk, 2, MoveRule.all());
        entries = new UserShard(disk, 9, MoveRule.all());
    }

    @AfterEach
    void close() {
        disk.close();
    }

    @Test
    void anOwnerIsErasedBitByBitAndTakesNothingFromTheFirstOn() {
        first.claim(ALICE, 1);
        for (int i = 0; i < 5; i++) {
            first.put(ALICE, "blob" + i, i == 0 ? REQUEST : null, i);
        }
        first.claim(UserId.of("bob"), 1);
        first.put(UserId.of("bob"), "cat", null, 1);

        assertThat(state(first.erase(ALICE, 2, 2))).isEqualTo(OwnershipState.OWNERSHIP_STATE_ERASED);
        assertThat(first.store.reader().users().moving())
                .as("whoever leads next goes on with it")
                .containsExactly(ALICE);
        assertThat(reason(first.put(ALICE, "cat", null, 9))).isEqualTo(Reason.USER_ERASED);
        assertThat(reason(first.put(ALICE, "blob0", REQUEST, 0)))
                .as("a late retry")
                .isEqualTo(Reason.USER_ERASED);
        assertThat(reason(first.delete(ALICE, "blob4", null))).isEqualTo(Reason.USER_ERASED);
        assertThat(reason(first.claim(ALICE, 1))).isEqualTo(Reason.USER_ERASED);
        assertThat(reason(first.freeze(ALICE, 1, 2, 2))).isEqualTo(Reason.MOVE_CONFLICT);
        assertThat(first.store.reader().stats().users()).isEqualTo(1);

        first.erase(ALICE, 2, 2);
        assertThat(state(first.erase(ALICE, 2, 2))).isEqualTo(OwnershipState.OWNERSHIP_STATE_UNSPECIFIED);
        var traces = first.store.reader().users().traces(ALICE);
        assertThat(traces.any()).as("%s", traces).isFalse();
        assertThat(first.store.reader().users().moving()).isEmpty();
        assertThat(first.store.reader().stats()).isEqualTo(new ShardStats(1, 1, 0));
        assertThat(reason(first.put(ALICE, "blob0", REQUEST, 0))).isEqualTo(Reason.WRONG_SHARD);
        assertThat(first.has(UserId.of("bob"), "cat")).isTrue();
        assertThat(state(first.erase(ALICE, 2, 2))).as("again").isEqualTo(OwnershipState.OWNERSHIP_STATE_UNSPECIFIED);
    }

    @Test
    void aClaimOfBeforeFindsNoWayInThoughTheShardHadNothing() {
        var asked = first.store.reader().appliedAt();
        first.erase(ALICE, 2, 2);
        assertThat(reason(first.claim(ALICE, 1, asked))).isEqualTo(Reason.UNAVAILABLE);
        assertThat(reason(first.begin(ALICE, 1, 2, 2, asked))).isEqualTo(Reason.UNAVAILABLE);
        assertThat(first.claim(ALICE, 3)).as("of another stay").isInstanceOf(Outcome.Claimed.class);
    }

    @Test
    void aLateErasureLeavesWhoeverCameLaterAlone() {
        first.claim(ALICE, 3);
        first.put(ALICE, "cat", null, 1);
        assertThat(reason(first.erase(ALICE, 2, 2))).isEqualTo(Reason.MOVE_CONFLICT);
        assertThat(reason(first.erase(ALICE, 3, 2))).isEqualTo(Reason.MOVE_CONFLICT);
        assertThat(first.has(ALICE, "cat")).isTrue();
    }

    @Test
    void bothSidesOfAMoveAndWhatItLeftBehindAreErased() {
        first.claim(ALICE, 1);
        first.put(ALICE, "cat", null, 1);
        second.begin(ALICE, 1, 2, 1);
        first.freeze(ALICE, 1, 2, 2);
        first.content(ALICE, 2, second).forEach(copy -> second.copy(ALICE, copy));
        second.install(ALICE, first.summary(ALICE, 2));
        second.activate(ALICE, 2);
        first.release(ALICE, 2, 2, 2);
        assertThat(first.store.reader().users().gone(null, Long.MAX_VALUE, 9))
                .extracting(ShardUsers.Leaver::user)
                .containsExactly(ALICE);

        first.erase(ALICE, 3, 9);
        second.erase(ALICE, 3, 9);
        assertThat(first.store.reader().users().traces(ALICE).any()).isFalse();
        assertThat(second.store.reader().users().traces(ALICE).any()).isFalse();
        assertThat(first.store.reader().users().gone(null, Long.MAX_VALUE, 9)).isEmpty();
        assertThat(first.store.reader().stats()).isEqualTo(ShardStats.NONE);
        assertThat(second.store.reader().stats()).isEqualTo(ShardStats.NONE);

        // A copy that is under way.
        first.claim(ALICE, 5);
        first.put(ALICE, "cat", null, 1);
        second.begin(ALICE, 5, 6, 1);
        first.content(ALICE, 6, second).forEach(copy -> second.copy(ALICE, copy));
        second.erase(ALICE, 7, 9);
        assertThat(reason(second.copy(ALICE, first.content(ALICE, 6, second).get(0))))
                .isEqualTo(Reason.MOVE_CONFLICT);
        assertThat(second.store.reader().users().traces(ALICE).any()).isFalse();
        assertThat(second.store.reader().stats()).isEqualTo(ShardStats.NONE);
    }

    @Test
    void theDirectoryRefusesHisIdForADayAndThenMakesHimAnother() {
        create(1, 0);
        assertThat(erase(7).getState())
                .as("of another generation")
                .isNotEqualTo(DirectoryState.DIRECTORY_STATE_DELETED);
        var erased = erase(1);
        assertThat(erased.getState()).isEqualTo(DirectoryState.DIRECTORY_STATE_DELETED);
        assertThat(erased.getGeneration()).isEqualTo(2);
        assertThat(erase(1)).as("again").isEqualTo(erased);
        assertThat(reason(create(1, DAY_MS))).as("being erased").isEqualTo(Reason.USER_ERASED);
        assertThat(entries.store.reader().users().moving()).containsExactly(ALICE);

        assertThat(end(1).getErasedAtMs()).as("of another generation").isZero();
        var ended = end(2);
        assertThat(ended.getErasedAtMs()).isPositive();
        assertThat(ended.getHome()).isZero();
        assertThat(entries.store.reader().users().moving()).isEmpty();
        assertThat(reason(create(1, DAY_MS))).isEqualTo(Reason.USER_ERASED);
        assertThat(DirectoryErasure.refusal(ALICE, ended, DAY_MS, ended.getErasedAtMs() + DAY_MS - 1)
                        .orElseThrow()
                        .reason())
                .isEqualTo(Reason.USER_ERASED);
        assertThat(DirectoryErasure.refusal(ALICE, ended, DAY_MS, ended.getErasedAtMs() + DAY_MS)
                        .orElseThrow()
                        .reason())
                .isEqualTo(Reason.USER_NOT_FOUND);

        entries.nowMs += DAY_MS;
        var again = ((Outcome.Entry) create(2, DAY_MS)).entry();
        assertThat(again.getGeneration()).isEqualTo(3);
        assertThat(again.getHome()).isEqualTo(2);
        assertThat(erase(1)).as("a late erasure of the one before").isEqualTo(again);
        assertThat(entries.store.reader().stats().users()).isEqualTo(1);
    }

    @Test
    void whoIsErasedInAMoveIsNotMoved() {
        create(1, 0);
        entries.append(
                RecordType.DIR_BEGIN,
                ALICE,
                null,
                DirectoryBegin.newBuilder()
                        .setGeneration(1)
                        .setTo(2)
                        .setPool("eu.hot")
                        .build());
        var erased = erase(1);
        assertThat(erased.getGeneration()).as("past the move").isEqualTo(3);
        assertThat(erased.getTo()).as("for who looks where he may be").isEqualTo(2);
        var commit = entries.append(
                RecordType.DIR_COMMIT,
                ALICE,
                null,
                DirectoryCommit.newBuilder().setMove(2).build());
        assertThat(((Outcome.Entry) commit).changed()).isFalse();
    }

    @Test
    void whoIsFrozenIsReadAndMovedAndNotChanged() {
        assertThat(reason(first.halt(ALICE, true))).isEqualTo(Reason.WRONG_SHARD);
        first.claim(ALICE, 1);
        var written = first.put(ALICE, "cat", REQUEST, 1);
        first.halt(ALICE, true);
        assertThat(reason(first.put(ALICE, "dog", null, 2))).isEqualTo(Reason.USER_FROZEN);
        assertThat(reason(first.delete(ALICE, "cat", null))).isEqualTo(Reason.USER_FROZEN);
        assertThat(first.put(ALICE, "cat", REQUEST, 1))
                .as("the retry of what was applied before")
                .isEqualTo(written);
        assertThat(first.has(ALICE, "cat")).isTrue();

        second.begin(ALICE, 1, 2, 1);
        first.freeze(ALICE, 1, 2, 2);
        assertThat(reason(first.halt(ALICE, false))).as("on his way").isEqualTo(Reason.USER_MOVING);
        first.content(ALICE, 2, second).forEach(copy -> second.copy(ALICE, copy));
        second.install(ALICE, first.summary(ALICE, 2));
        second.activate(ALICE, 2);
        assertThat(reason(second.put(ALICE, "dog", null, 2)))
                .as("he stays frozen")
                .isEqualTo(Reason.USER_FROZEN);
        second.halt(ALICE, false);
        assertThat(second.put(ALICE, "dog", null, 2)).isInstanceOf(Outcome.Written.class);
    }

    private Outcome create(int home, long refuseMs) {
        return entries.append(
                RecordType.DIR_CREATE,
                ALICE,
                null,
                DirectoryCreate.newBuilder()
                        .setHome(home)
                        .setPool("eu.hot")
                        .setRefuseMs(refuseMs)
                        .build());
    }

    private DirectoryEntry erase(long generation) {
        var erase = DirectoryErase.newBuilder().setGeneration(generation).build();
        return ((Outcome.Entry) entries.append(RecordType.DIR_ERASE, ALICE, null, erase)).entry();
    }

    private DirectoryEntry end(long generation) {
        var end = DirectoryErased.newBuilder().setGeneration(generation).build();
        return ((Outcome.Entry) entries.append(RecordType.DIR_ERASED, ALICE, null, end)).entry();
    }

    private static OwnershipState state(Outcome outcome) {
        return ((Outcome.Moved) outcome).user().getState();
    }

    private static Reason reason(Outcome outcome) {
        return ((Outcome.Refused) outcome).reason();
    }
}
