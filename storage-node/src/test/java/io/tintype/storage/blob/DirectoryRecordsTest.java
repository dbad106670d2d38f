// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.blob;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.MessageLite;
import io.tintype.model.UserId;
import io.tintype.proto.internal.v1.DirectoryAbort;
import io.tintype.proto.internal.v1.DirectoryBegin;
import io.tintype.proto.internal.v1.DirectoryCommit;
import io.tintype.proto.internal.v1.DirectoryCreate;
import io.tintype.proto.internal.v1.DirectoryEntry;
import io.tintype.proto.internal.v1.DirectoryRehome;
import io.tintype.proto.internal.v1.DirectoryState;
import io.tintype.proto.internal.v1.MoveEnd;
import io.tintype.storage.disk.Disk;
import io.tintype.storage.disk.DiskConfig;
import io.tintype.storage.disk.DiskException;
import io.tintype.storage.log.RecordType;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What records do to a user's entry in the directory: which of a move's two ends comes first in the log is how it ends. */
class DirectoryRecordsTest {
    private static final int HOME = 1;
    private static final int OTHER = 2;
    private static final String POOL = "eu.standard";
    private static final String OTHER_POOL = "us.paid";

    @TempDir
    Path directory;

    private Disk disk;
    private UserShard entries;

    @BeforeEach
    void open() throws DiskException {
        disk = Disk.open(DiskConfig.of(directory, Shelf.CLUSTER)
                .withMemory(8 << 20, 16 << 20)
                .withReserve(0));
        entries = new UserShard(disk, 9, MoveRule.all());
    }

    @AfterEach
    void close() {
        disk.close();
    }

    /** A record that takes effect or not. */
    private record Change(RecordType type, MessageLite payload) {}

    private static final Change CREATE = new Change(
            RecordType.DIR_CREATE,
            DirectoryCreate.newBuilder().setHome(HOME).setPool(POOL).build());
    private static final Change BEGIN = begin(1);
    private static final Change COMMIT = new Change(
            RecordType.DIR_COMMIT, DirectoryCommit.newBuilder().setMove(2).build());
    private static final Change ABORT = new Change(
            RecordType.DIR_ABORT,
            DirectoryAbort.newBuilder()
                    .setMove(2)
                    .setWhy(MoveEnd.MOVE_END_CANCELLED)
                    .build());

    private static Change begin(long generation) {
        return new Change(
                RecordType.DIR_BEGIN,
                DirectoryBegin.newBuilder()
                        .setGeneration(generation)
                        .setTo(OTHER)
                        .setPool(OTHER_POOL)
                        .build());
    }

    private static Change rehome(long generation) {
        return new Change(
                RecordType.DIR_REHOME,
                DirectoryRehome.newBuilder()
                        .setGeneration(generation)
                        .setHome(3)
                        .setPool(POOL)
                        .build());
    }

    private Outcome apply(UserId user, Change change) {
        return entries.append(change.type, user, null, change.payload);
    }

    /** The entry after these, of which each takes effect. */
    private DirectoryEntry after(UserId user, List<Change> changes) {
        var last = DirectoryEntry.getDefaultInstance();
        for (var change : changes) {
            var entry = (Outcome.Entry) apply(user, change);
            assertThat(entry.changed()).as("%s", change).isTrue();
            last = entry.entry();
        }
        return last;
    }

    @Test
    void everyRecordInEveryState() {
        Map<String, List<Change>> states = new LinkedHashMap<>();
        states.put("at home, 1", List.of(CREATE));
        states.put("in move 2", List.of(CREATE, BEGIN));
        states.put("moved, 2", List.of(CREATE, BEGIN, COMMIT));
        states.put("given up, 3", List.of(CREATE, BEGIN, ABORT));
        Map<String, Change> records = new LinkedHashMap<>();
        records.put("create", CREATE);
        records.put("begin 1", BEGIN);
        records.put("begin 2", begin(2));
        records.put("begin 3", begin(3));
        records.put("commit 2", COMMIT);
        records.put("abort 2", ABORT);
        records.put("rehome 1", rehome(1));
        records.put("rehome 2", rehome(2));
        records.put("rehome 3", rehome(3));
        Map<String, List<String>> effective = Map.of(
                "at home, 1", List.of("begin 1", "rehome 1"),
                "in move 2", List.of("commit 2", "abort 2"),
                "moved, 2", List.of("rehome 2"), // he is where begin 2 would have him go
                "given up, 3", List.of("begin 3", "rehome 3"));
        int[] number = {0};
        states.forEach((state, changes) -> records.forEach((name, record) -> {
            var user = UserId.of("user" + number[0]++);
            var before = after(user, changes);
            var outcome = (Outcome.Entry) apply(user, record);
            assertThat(outcome.changed())
                    .as("%s changes the entry of who is %s", name, state)
                    .isEqualTo(effective.getOrDefault(state, List.of()).contains(name));
            assertThat(outcome.entry().equals(before)).isEqualTo(!outcome.changed());
            assertThat(entries.store.reader().users().entry(user)).contains(outcome.entry());
        }));
    }

    @Test
    void aMoveCanBeGivenUpUntilItIsCommittedAndNotAfterwards() {
        var alice = UserId.of("alice");
        var moved = after(alice, List.of(CREATE, BEGIN, COMMIT));
        assertThat(moved.getState()).isEqualTo(DirectoryState.DIRECTORY_STATE_ACTIVE);
        assertThat(moved.getGeneration()).isEqualTo(2);
        assertThat(moved.getHome()).isEqualTo(OTHER);
        assertThat(moved.getPool()).isEqualTo(OTHER_POOL);
        assertThat(moved.getLastEnd()).isEqualTo(MoveEnd.MOVE_END_COMMITTED);
        assertThat(apply(alice, ABORT)).isEqualTo(new Outcome.Entry(moved, false));

        var bob = UserId.of("bob");
        var stayed = after(bob, List.of(CREATE, BEGIN, ABORT));
        assertThat(stayed.getState()).isEqualTo(DirectoryState.DIRECTORY_STATE_ACTIVE);
        assertThat(stayed.getGeneration()).as("one of its own").isEqualTo(3);
        assertThat(stayed.getHome()).isEqualTo(HOME);
        assertThat(stayed.getPool()).isEqualTo(POOL);
        assertThat(stayed.getLastEnd()).isEqualTo(MoveEnd.MOVE_END_CANCELLED);
        assertThat(apply(bob, COMMIT)).isEqualTo(new Outcome.Entry(stayed, false));
        assertThat(entries.store.reader().users().moving()).isEmpty();
    }

    @Test
    void ofTwoMoversOneBeginsAndBothLearnWhere() {
        var alice = UserId.of("alice");
        var moving = after(alice, List.of(CREATE, BEGIN));
        var elsewhere = new Change(
                RecordType.DIR_BEGIN,
                DirectoryBegin.newBuilder()
                        .setGeneration(1)
                        .setTo(7)
                        .setPool(POOL)
                        .build());
        assertThat(apply(alice, elsewhere)).isEqualTo(new Outcome.Entry(moving, false));
        assertThat(moving.getTo()).isEqualTo(OTHER);
        assertThat(moving.getMove()).isEqualTo(2);
        assertThat(entries.store.reader().users().moving()).containsExactly(alice);
    }
}
