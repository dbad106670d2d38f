// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.tintype.model.ShardId;
import io.tintype.model.UserId;
import io.tintype.storage.blob.ShardStore;
import io.tintype.storage.disk.Disk;
import io.tintype.storage.disk.DiskConfig;
import io.tintype.storage.disk.Family;
import io.tintype.storage.disk.Write;
import io.tintype.storage.log.LogCodec;
import io.tintype.storage.log.LogRecord;
import io.tintype.storage.log.RecordType;
import io.tintype.storage.replica.Append;
import io.tintype.storage.replica.EpochStart;
import io.tintype.storage.replica.LogPosition;
import io.tintype.storage.replica.Now;
import io.tintype.storage.replica.ReplicaAction.AppendEpochStart;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a replica puts into its log, on a real disk. */
final class DiskActionsTest {
    private static final ShardId SHARD = new ShardId(7);
    private static final long START = 1_700_000_000_000L;

    @TempDir
    private Path folder;

    private final ShardThreads threads = new ShardThreads(1, 1, 1);
    private Now now = new Now(0, START);
    private Disk disk;
    private ShardStore store;
    private DiskActions actions;

    @BeforeEach
    void open() throws Exception {
        open(0);
    }

    private void open(long reserve) throws Exception {
        disk = Disk.open(DiskConfig.of(folder.resolve("reserve-" + reserve), "0123456789abcdef0123456789abcdef")
                .withMemory(8 << 20, 16 << 20)
                .withReserve(reserve));
        store = ShardStore.open(disk, SHARD, 1 << 20);
        var queue = new DiskQueue(disk.committer(), threads, Runnable::run, event -> {});
        Clock clock = () -> now;
        actions = new DiskActions(
                store,
                new Tail(ShardContext.Budgets.of(1 << 30).tails()),
                queue,
                clock.checkedBy(START, new Now(0, START)));
    }

    @AfterEach
    void close() {
        actions.close();
        threads.close();
        disk.close();
    }

    private static LogRecord record(long epoch, long seq, long logTimeMs, RecordType type) {
        return new LogRecord(
                epoch,
                seq,
                Math.min(seq - 1, epoch),
                logTimeMs,
                type,
                type == RecordType.EPOCH_START ? null : UserId.of("alice"),
                null,
                ByteString.EMPTY);
    }

    private static ReceivedBatch batch(LogRecord record) {
        var append = new Append(
                record.epoch(),
                1,
                new LogPosition(record.prevEpoch(), record.seq() - 1),
                List.of(new EpochStart(record.epoch(), record.seq())),
                record.seq(),
                0);
        return new ReceivedBatch(append, List.of(LogCodec.encode(record)), Map.of(), () -> {});
    }

    @Test
    void aClockThatIsSetForwardWhileAReplicaFollowsAgesNothingAtOnceWhenItLeadsAgain() {
        actions.append(new AppendEpochStart(new LogPosition(1, 1), new LogPosition(0, 0), 0));
        long day = Duration.ofDays(1).toMillis();
        now = new Now(Duration.ofDays(1).toNanos(), START + day);
        actions.append(batch(record(2, 2, START + day, RecordType.EPOCH_START)));
        // Ten seconds later its clock is an hour ahead, and it leads.
        now = new Now(now.nanos() + Duration.ofSeconds(10).toNanos(), now.wallMillis() + 10_000 + 3_600_000);

        actions.append(new AppendEpochStart(new LogPosition(3, 3), new LogPosition(2, 2), 0));

        assertThat(store.log().lastLogTimeMs() - START - day)
                .as("milliseconds by which its first record is younger than the last one that it followed")
                .isBetween(0L, 10_000L * LogClock.FASTEST);
    }

    /** Whoever is told that a blob's time is over must not then hear, from a condition, that it is there. */
    @Test
    void readersGoByTheTimeThatARecordWouldHave() {
        actions.append(new AppendEpochStart(new LogPosition(1, 1), new LogPosition(0, 0), 0));
        for (long offMs : List.of(0L, 3_600_000L, -3_600_000L)) {
            now = new Now(now.nanos() + Duration.ofSeconds(10).toNanos(), now.wallMillis() + 10_000 + offMs);
            long reader = Math.max(
                    store.reader().timeMs(now.wallMillis()), store.log().lastLogTimeMs());
            long seq = store.log().last().seq() + 1;

            actions.append(new AppendEpochStart(new LogPosition(seq, seq), new LogPosition(seq - 1, seq - 1), 0));

            assertThat(reader)
                    .as("a wall clock that is %d ms off", offMs)
                    .isEqualTo(store.log().lastLogTimeMs());
        }
    }

    /** Its newest record is hours old, and came a moment ago. */
    @Test
    void whoCaughtUpWithALogThatWasAtRestShowsNothingForHoursThatIsOver() {
        var hours = Duration.ofHours(5);
        now = new Now(hours.toNanos(), START + hours.toMillis());

        actions.append(batch(record(1, 1, START, RecordType.EPOCH_START)));

        assertThat(store.reader().timeMs(now.wallMillis())).isEqualTo(now.wallMillis());
    }

    @Test
    void imagesOfMovedUsersWaitForRoomAsUploadsDo() throws Exception {
        for (var type : List.of(RecordType.PUT_COMMIT, RecordType.USER_COPY, RecordType.EPOCH_START)) {
            disk.close();
            long more = type == RecordType.PUT_COMMIT ? 1 : type == RecordType.USER_COPY ? 2 : 3;
            open((1L << 60) + more);

            actions.append(batch(record(1, 1, START, type)));

            // Behind whatever was handed to the disk before.
            disk.committer()
                    .commitEssential(new Write().put(Family.CHUNK, new byte[] {0, 0, 0, 1}, new byte[1]))
                    .join();
            assertThat(ShardStore.open(disk, SHARD, 0).log().last().seq())
                    .as("%s on a disk without room", type)
                    .isEqualTo(type == RecordType.EPOCH_START ? 1 : 0);
        }
    }
}
