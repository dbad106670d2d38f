// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.blob;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnknownFieldSet;
import io.tintype.model.BlobName;
import io.tintype.model.Limits;
import io.tintype.model.Reason;
import io.tintype.model.RequestId;
import io.tintype.model.TintypeException;
import io.tintype.model.UserId;
import io.tintype.model.Version;
import io.tintype.proto.internal.v1.ClaimUser;
import io.tintype.proto.internal.v1.DeleteBlob;
import io.tintype.proto.internal.v1.DirectoryCreate;
import io.tintype.proto.internal.v1.DirectoryEntry;
import io.tintype.proto.internal.v1.DirectoryRehome;
import io.tintype.proto.internal.v1.Precondition;
import io.tintype.storage.disk.Write;
import io.tintype.storage.log.LogCodec;
import io.tintype.storage.log.LogRecord;
import io.tintype.storage.log.RecordType;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StateMachineTest {
    private static final UserId ALICE = UserId.of("alice");
    private static final UserId BOB = UserId.of("bob");
    private static final RequestId REQUEST = new RequestId(1, 2);
    private static final Precondition NONE = Precondition.getDefaultInstance();
    private static final Precondition ABSENT =
            Precondition.newBuilder().setAbsent(true).build();

    @TempDir
    Path directory;

    private Shelf shelf;

    @BeforeEach
    void open() throws Exception {
        shelf = new Shelf(directory);
        shelf.claim(ALICE);
    }

    @AfterEach
    void close() {
        shelf.close();
    }

    @Test
    void versionsRiseOverDeletesAndRecreations() {
        var first = version(shelf.put(ALICE, "cat", bytes("1")));
        var removed = (Outcome.Removed) shelf.delete(ALICE, "cat", null, NONE);
        var second = version(shelf.put(ALICE, "cat", bytes("22")));
        var gone = (Outcome.Removed) shelf.delete(ALICE, "dog", null, NONE);

        assertThat(removed.existed()).isTrue();
        assertThat(gone.existed()).isFalse();
        assertThat(List.of(first, removed.version(), second, gone.version()))
                .extracting(Version::number)
                .isSorted()
                .doesNotHaveDuplicates();
        assertThat(first).isEqualTo(Version.of(1, 1, 1));
    }

    @Test
    void conditionsAreDecidedAgainstTheCurrentVersion() {
        assertThat(put("cat", "1", ABSENT)).isInstanceOf(Outcome.Written.class);
        var conflict = put("cat", "2", ABSENT);
        assertThat(conflict).isEqualTo(new Outcome.Conflict(Version.of(1, 1, 1)));
        assertThatThrownBy(conflict::orThrow).isInstanceOfSatisfying(TintypeException.class, e -> {
            assertThat(e.reason()).isEqualTo(Reason.VERSION_CONFLICT);
            assertThat(e.details()).containsEntry("current_version", "1000000000001-1");
        });
        assertThat(shelf.get(ALICE, "cat")).isEqualTo(bytes("1"));

        var current = is(Version.of(1, 1, 1));
        assertThat(put("cat", "22", current)).isInstanceOf(Outcome.Written.class);
        assertThat(put("cat", "3", current)).isEqualTo(new Outcome.Conflict(Version.of(1, 2, 2)));
        assertThat(shelf.delete(ALICE, "cat", null, current)).isEqualTo(new Outcome.Conflict(Version.of(1, 2, 2)));
        assertThat(shelf.delete(ALICE, "dog", null, current)).isEqualTo(new Outcome.Conflict(null));
        assertThat(shelf.delete(ALICE, "cat", null, is(Version.of(1, 2, 2)))).isInstanceOf(Outcome.Removed.class);
        assertThat(shelf.get(ALICE, "cat")).isNull();
    }

    @Test
    void aRetryGetsTheFirstOutcomeWhateverHappenedSince() {
        var first = shelf.put(ALICE, "cat", bytes("1"), REQUEST, NONE, 0);
        shelf.delete(ALICE, "cat", null, NONE);
        shelf.nowMs += 2 * Limits.DEDUP_WINDOW.toMillis();

        var retry = shelf.put(ALICE, "cat", bytes("1"), REQUEST, NONE, 0);

        assertThat(retry).isEqualTo(first);
        assertThat(shelf.get(ALICE, "cat")).as("the delete stands").isNull();
    }

    @Test
    void aRetryBehindAllMemoryIsAnotherRequest() {
        shelf.put(ALICE, "cat", bytes("1"), REQUEST, NONE, 0);
        shelf.nowMs += 2 * Limits.DEDUP_WINDOW.toMillis() + 1;

        var late = shelf.put(ALICE, "cat", bytes("1"), REQUEST, NONE, 0);

        assertThat(version(late)).isEqualTo(Version.of(1, 2, 1));
    }

    @Test
    void forgettingOldOutcomesKeepsYoungOnes() {
        var first = shelf.put(ALICE, "a", bytes("1"), REQUEST, NONE, 0);
        for (int i = 0; i < 29; i++) {
            shelf.nowMs += 60_000;
            shelf.put(ALICE, "b" + i, bytes("x"));
        }
        assertThat(shelf.put(ALICE, "a", bytes("1"), REQUEST, NONE, 0)).isEqualTo(first);
        for (int i = 0; i < 80; i++) {
            shelf.nowMs += 60_000;
            shelf.put(ALICE, "c" + i, bytes("x"));
        }
        assertThat(shelf.reader().outcome(ALICE, REQUEST, shelf.nowMs)).isEmpty();
    }

    @Test
    void anotherRequestUnderTheSameIdIsRefused() {
        shelf.put(ALICE, "cat", bytes("1"), REQUEST, NONE, 0);

        var other = shelf.put(ALICE, "cat", bytes("other"), REQUEST, NONE, 0);

        assertThat(refusal(other)).isEqualTo(Reason.REQUEST_ID_REUSED);
        assertThat(shelf.get(ALICE, "cat")).isEqualTo(bytes("1"));
        shelf.claim(BOB);
        assertThat(shelf.put(BOB, "cat", bytes("other"), REQUEST, NONE, 0))
                .as("ids are each user's own")
                .isInstanceOf(Outcome.Written.class);
    }

    @Test
    void conflictsAreReplayedToo() {
        shelf.put(ALICE, "cat", bytes("1"));
        var conflict = shelf.put(ALICE, "cat", bytes("2"), REQUEST, ABSENT, 0);
        shelf.delete(ALICE, "cat", null, NONE);

        assertThat(shelf.put(ALICE, "cat", bytes("2"), REQUEST, ABSENT, 0))
                .isEqualTo(conflict)
                .isInstanceOf(Outcome.Conflict.class);
    }

    @Test
    void whatIsExpiredIsAbsentForReadersAndConditionsAndCountsUntilCollected() {
        shelf.put(ALICE, "cat", bytes("1234"), null, NONE, shelf.nowMs + 1000);
        assertThat(shelf.get(ALICE, "cat")).isEqualTo(bytes("1234"));

        shelf.nowMs += 1000;

        assertThat(shelf.get(ALICE, "cat")).isNull();
        assertThat(shelf.reader().stats()).isEqualTo(new ShardStats(1, 1, 4));
        assertThat(shelf.delete(ALICE, "cat", null, is(Version.of(1, 1, 4)))).isEqualTo(new Outcome.Conflict(null));
        assertThat(put("cat", "12", ABSENT)).isInstanceOf(Outcome.Written.class);
        assertThat(shelf.reader().stats()).isEqualTo(new ShardStats(1, 1, 2));
    }

    @Test
    void usageIsExact() {
        shelf.put(ALICE, "a", bytes("12345"));
        shelf.put(ALICE, "b", bytes("123"));
        shelf.put(ALICE, "a", bytes("1"));
        shelf.delete(ALICE, "b", null, NONE);

        var user = shelf.reader().users().user(ALICE).orElseThrow();
        assertThat(user.getBlobs()).isEqualTo(1);
        assertThat(user.getBytes()).isEqualTo(1);
        assertThat(shelf.reader().stats()).isEqualTo(new ShardStats(1, 1, 1));
    }

    @Test
    void whoIsNotOwnedIsSentElsewhere() {
        assertThat(refusal(shelf.put(BOB, "cat", bytes("1")))).isEqualTo(Reason.WRONG_SHARD);
        assertThat(refusal(shelf.delete(BOB, "cat", null, NONE))).isEqualTo(Reason.WRONG_SHARD);
        assertThat(shelf.reader().users().user(BOB)).isEmpty();
    }

    @Test
    void aShardTakesExactlyAsManyUsersAsItMay() {
        assertThat(claim(BOB, 1, 1)).isInstanceOf(Outcome.Refused.class);
        assertThat(refusal(claim(BOB, 1, 1))).isEqualTo(Reason.SHARD_FULL);
        assertThat(refusal(claim(BOB, 1, 2)))
                .as("a refusal holds: the directory may have given him another home because of it")
                .isEqualTo(Reason.SHARD_FULL);
        assertThat(shelf.reader().stats().users()).isEqualTo(1);
        assertThat(claim(BOB, 2, 2)).isEqualTo(new Outcome.Claimed(2));
        assertThat(claim(BOB, 2, 2)).as("again").isEqualTo(new Outcome.Claimed(2));
        assertThat(refusal(claim(UserId.of("carol"), 1, 2))).isEqualTo(Reason.SHARD_FULL);
        assertThat(shelf.reader().stats().users()).isEqualTo(2);
    }

    @Test
    void aHigherGenerationLiftsAllLaterVersions() {
        shelf.put(ALICE, "cat", bytes("1"));
        assertThat(claim(ALICE, 3, 9)).isEqualTo(new Outcome.Claimed(3));
        assertThat(claim(ALICE, 2, 9)).isEqualTo(new Outcome.Claimed(3));

        assertThat(version(shelf.put(ALICE, "cat", bytes("1")))).isEqualTo(Version.of(3, 2, 1));
    }

    @Test
    void theFirstToEnterAUserWinsAndFullHomesAreChangedOnce() {
        var entry = DirectoryEntry.newBuilder()
                .setGeneration(1)
                .setHome(4)
                .setPool("eu.hot")
                .build();
        assertThat(create(BOB, 4)).isEqualTo(new Outcome.Entry(entry, true));
        assertThat(create(BOB, 5)).isEqualTo(new Outcome.Entry(entry, false));

        var moved = entry.toBuilder().setGeneration(2).setHome(9).build();
        assertThat(rehome(BOB, 1, 9)).isEqualTo(new Outcome.Entry(moved, true));
        assertThat(rehome(BOB, 1, 11)).isEqualTo(new Outcome.Entry(moved, false));
        assertThat(refusal(rehome(UserId.of("carol"), 1, 9))).isEqualTo(Reason.USER_NOT_FOUND);
        assertThat(shelf.reader().users().entry(BOB)).contains(moved);

        var elsewhere = DirectoryRehome.newBuilder()
                .setGeneration(2)
                .setHome(3)
                .setPool("eu.cold")
                .build();
        assertThat(shelf.append(RecordType.DIR_REHOME, BOB, null, elsewhere.toByteString()))
                .as("a user who owns nothing yet, to another pool")
                .isEqualTo(new Outcome.Entry(
                        moved.toBuilder()
                                .setGeneration(3)
                                .setHome(3)
                                .setPool("eu.cold")
                                .build(),
                        true));
    }

    /** Of a newer version: a replica that passed over it would hold something else than the others. */
    @Test
    void aFieldThatIsNotKnownStopsTheReplicaAndSaysSo() {
        create(BOB, 4);
        var newer = UnknownFieldSet.newBuilder()
                .addField(77, UnknownFieldSet.Field.newBuilder().addVarint(1).build())
                .build();
        var rehome = DirectoryRehome.newBuilder()
                .setGeneration(1)
                .setHome(9)
                .setUnknownFields(newer)
                .build();

        assertThatThrownBy(() -> shelf.append(RecordType.DIR_REHOME, BOB, null, rehome.toByteString()))
                .isInstanceOfSatisfying(
                        TintypeException.class, e -> assertThat(e.reason()).isEqualTo(Reason.CORRUPT_DATA))
                .hasMessage(
                        "record 3 (DIR_REHOME) has fields that this program does not know: [77]. Start the version that"
                                + " wrote it, or a newer one");
        assertThat(shelf.reader().users().entry(BOB))
                .map(DirectoryEntry::getHome)
                .contains(4);
    }

    @Test
    void recordsOutOfOrderAreRefused() {
        var record = shelf.record(RecordType.EPOCH_START, null, null, ByteString.EMPTY);
        shelf.append(RecordType.EPOCH_START, null, null, ByteString.EMPTY);

        assertThatThrownBy(() -> shelf.store().machine().apply(List.of(record)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("cannot be applied");
    }

    @Test
    void aRunOfRecordsSeesItsOwnChanges() throws Exception {
        var write = new Write();
        var records = new ArrayList<LogRecord>();
        for (int i = 0; i < 3; i++) {
            var delete = DeleteBlob.newBuilder().setName("cat").build();
            var record = shelf.record(RecordType.DELETE, ALICE, null, delete.toByteString());
            shelf.store().log().append(write, LogCodec.encode(record));
            records.add(record);
        }
        shelf.disk().committer().commit(write).join();

        var applied = shelf.store().machine().apply(records);

        assertThat(applied)
                .extracting(each -> ((Outcome.Removed) each.outcome()).version().number())
                .containsExactly(
                        Version.of(1, 1, 0).number(),
                        Version.of(1, 2, 0).number(),
                        Version.of(1, 3, 0).number());
        assertThat(shelf.reader().head(ALICE, BlobName.of("cat"), 0)).isEmpty();
    }

    private Outcome put(String name, String text, Precondition precondition) {
        return shelf.put(ALICE, name, bytes(text), null, precondition, 0);
    }

    private Outcome claim(UserId user, long generation, int limit) {
        var claim = ClaimUser.newBuilder()
                .setGeneration(generation)
                .setUsersLimit(limit)
                .build();
        return shelf.append(RecordType.USER_CLAIM, user, null, claim.toByteString());
    }

    private Outcome create(UserId user, int home) {
        var create =
                DirectoryCreate.newBuilder().setHome(home).setPool("eu.hot").build();
        return shelf.append(RecordType.DIR_CREATE, user, null, create.toByteString());
    }

    private Outcome rehome(UserId user, long generation, int home) {
        var rehome = DirectoryRehome.newBuilder()
                .setGeneration(generation)
                .setHome(home)
                .build();
        return shelf.append(RecordType.DIR_REHOME, user, null, rehome.toByteString());
    }

    private static Reason refusal(Outcome outcome) {
        return ((Outcome.Refused) outcome).reason();
    }

    private static Precondition is(Version version) {
        return Precondition.newBuilder().setVersion(Stored.stamp(version)).build();
    }

    private static Version version(Outcome outcome) {
        return Stored.version(((Outcome.Written) outcome).head().getVersion());
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
