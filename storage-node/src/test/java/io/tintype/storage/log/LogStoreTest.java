// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.tintype.model.ShardId;
import io.tintype.storage.disk.Disk;
import io.tintype.storage.disk.DiskConfig;
import io.tintype.storage.disk.Write;
import java.nio.file.Path;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LogStoreTest {
    private static final ShardId SHARD = new ShardId(5);
    private static final ShardId NEIGHBOUR = new ShardId(6);

    @TempDir
    Path directory;

    private Disk disk;
    private LogStore log;

    @BeforeEach
    void open() throws Exception {
        disk = Disk.open(DiskConfig.of(directory, "0123456789abcdef0123456789abcdef")
                .withMemory(8 << 20, 16 << 20)
                .withReserve(0));
        log = LogStore.open(disk, SHARD, 1 << 20);
    }

    @AfterEach
    void close() {
        disk.close();
    }

    @Test
    void anUnknownShardHasAnEmptyLog() {
        assertThat(log.last()).isEqualTo(LogPosition.START);
        assertThat(log.first()).isEqualTo(1);
        assertThat(log.epochs()).isEmpty();
        assertThat(log.incarnation()).isZero();
    }

    @Test
    void everythingIsThereAfterReopening() throws Exception {
        commit(write -> {
            log.incarnate(write, 77);
            log.promise(write, 4);
            append(write, 1, 10);
            append(write, 1, 10);
            append(write, 3, 11);
        });

        disk.close();
        open();

        assertThat(log.last()).isEqualTo(new LogPosition(3, 3));
        assertThat(log.lastLogTimeMs()).isEqualTo(11);
        assertThat(log.epochs()).containsExactly(new LogPosition(1, 1), new LogPosition(3, 3));
        assertThat(log.promisedEpoch()).isEqualTo(4);
        assertThat(log.incarnation()).isEqualTo(77);
        assertThat(log.epochAt(0)).isZero();
        assertThat(log.epochAt(2)).isEqualTo(1);
        assertThat(log.epochAt(3)).isEqualTo(3);
        assertThat(log.read(1, 3, 1 << 20))
                .extracting(entry -> entry.record().seq())
                .containsExactly(1L, 2L, 3L);
    }

    @Test
    void whatDoesNotFollowIsRefused() {
        commit(write -> append(write, 2, 10));

        assertThatThrownBy(() -> log.append(new Write(), entry(2, 3, 2, 10))).hasMessageContaining("does not follow");
        assertThatThrownBy(() -> log.append(new Write(), entry(2, 2, 1, 10))).hasMessageContaining("does not follow");
        assertThatThrownBy(() -> log.append(new Write(), entry(2, 2, 2, 9))).hasMessageContaining("does not follow");
        assertThatThrownBy(() -> log.promise(new Write(), -1)).hasMessageContaining("lower");
    }

    @Test
    void truncatingGoesBackToTheOlderEpochAndItsClock() throws Exception {
        commit(write -> {
            append(write, 1, 10);
            append(write, 2, 20);
            append(write, 2, 30);
        });
        commit(write -> log.truncateTo(write, 1));

        assertThat(log.last()).isEqualTo(new LogPosition(1, 1));
        assertThat(log.lastLogTimeMs()).isEqualTo(10);
        assertThat(log.cached(2, 1000)).isEmpty();
        disk.close();
        open();
        assertThat(log.last()).isEqualTo(new LogPosition(1, 1));
        assertThat(log.epochs()).containsExactly(new LogPosition(1, 1));
        assertThat(log.read(1, 9, 1000)).hasSize(1);

        commit(write -> append(write, 3, 15));
        assertThat(log.last()).isEqualTo(new LogPosition(3, 2));
    }

    @Test
    void truncatingEverythingLeavesAnEmptyLog() throws Exception {
        commit(write -> append(write, 1, 10));
        commit(write -> log.truncateTo(write, 0));
        disk.close();
        open();
        assertThat(log.last()).isEqualTo(LogPosition.START);
        assertThat(log.lastLogTimeMs()).isZero();
    }

    @Test
    void itIsCutAtTheEndOfASnapshotOrOfWhatWasTrimmed() throws Exception {
        commit(log::beginInstall);
        commit(write -> log.endInstall(write, new LogPosition(2, 9), 7, 50));
        commit(write -> append(write, 2, 60));

        commit(write -> log.truncateTo(write, 9));
        log.notBefore(50);

        assertThat(log.last()).isEqualTo(new LogPosition(2, 9));
        assertThat(log.lastLogTimeMs()).isEqualTo(50);
        commit(write -> append(write, 3, 55));
        commit(write -> append(write, 3, 56));
        commit(write -> log.trimTo(write, 10));
        commit(write -> log.truncateTo(write, 10));
        assertThat(log.last()).isEqualTo(new LogPosition(3, 10));
    }

    @Test
    void trimmingKeepsWhereTheLogStands() throws Exception {
        commit(write -> {
            for (int i = 0; i < 5; i++) {
                append(write, 1, 10 + i);
            }
        });
        commit(write -> log.trimTo(write, 3));
        assertThatThrownBy(() -> log.trimTo(new Write(), 5)).hasMessageContaining("stays");

        disk.close();
        open();
        assertThat(log.first()).isEqualTo(4);
        assertThat(log.last()).isEqualTo(new LogPosition(1, 5));
        assertThat(log.read(1, 9, 1000)).isEmpty();
        assertThat(log.read(4, 9, 1000)).hasSize(2);
        assertThat(log.epochAt(3)).isEqualTo(1);
    }

    @Test
    void readsAreBoundedButNeverEmptyWhereThereIsARecord() {
        commit(write -> {
            for (int i = 0; i < 5; i++) {
                append(write, 1, 10);
            }
        });
        int one = log.cached(1, 1).get(0).encoded().size();

        assertThat(log.read(1, 5, 1)).hasSize(1);
        assertThat(log.read(1, 5, 2 * one)).hasSize(2);
        assertThat(log.read(1, 2, 1 << 20)).hasSize(2);
        assertThat(log.cached(1, 2 * one)).hasSize(2);
        assertThat(log.cached(6, 1000)).isEmpty();
    }

    @Test
    void theCacheHoldsNoMoreThanItMay() {
        var small = LogStore.open(disk, NEIGHBOUR, 200);
        for (int i = 0; i < 5; i++) {
            int seq = i + 1;
            commit(write -> small.append(write, entry(1, seq, seq == 1 ? 0 : 1, 10)));
        }

        assertThat(small.cached(1, 1000)).isEmpty();
        assertThat(small.cached(5, 1000)).hasSize(1);
        assertThat(small.read(1, 5, 1 << 20)).hasSize(5);
    }

    @Test
    void aNeighbourInTheSameStoreIsNotSeen() {
        commit(write -> append(write, 1, 10));

        var neighbour = LogStore.open(disk, NEIGHBOUR, 1 << 20);

        assertThat(neighbour.last()).isEqualTo(LogPosition.START);
        assertThat(neighbour.read(0, Long.MAX_VALUE - 1, 1000)).isEmpty();
    }

    private void append(Write write, long epoch, long timeMs) {
        log.append(write, entry(epoch, log.last().seq() + 1, log.last().epoch(), timeMs));
    }

    private static LogEntry entry(long epoch, long seq, long prevEpoch, long timeMs) {
        return LogCodec.encode(
                new LogRecord(epoch, seq, prevEpoch, timeMs, RecordType.EPOCH_START, null, null, ByteString.EMPTY));
    }

    private void commit(Consumer<Write> changes) {
        var write = new Write();
        changes.accept(write);
        disk.committer().commit(write).join();
    }
}
