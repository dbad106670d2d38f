// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.log;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.tintype.model.ShardId;
import io.tintype.model.UserId;
import io.tintype.storage.disk.Disk;
import io.tintype.storage.disk.DiskConfig;
import io.tintype.storage.disk.Write;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LogAgeTest {
    private static final ShardId SHARD = new ShardId(7);
    private static final long ALL = Long.MAX_VALUE;

    @TempDir
    Path directory;

    private Disk disk;
    private LogStore log;

    @BeforeEach
    void open() throws Exception {
        disk = Disk.open(
                DiskConfig.of(directory, "0123456789abcdef0123456789abcdef").withReserve(0));
        log = LogStore.open(disk, SHARD, 0);
    }

    @AfterEach
    void close() {
        disk.close();
    }

    /** Records 1 to {@code last}, each at ten times its number. */
    private void fill(int last, int payloadBytes) {
        var random = new Random(1);
        var write = new Write();
        for (int seq = 1; seq <= last; seq++) {
            var payload = new byte[payloadBytes];
            random.nextBytes(payload);
            log.append(
                    write,
                    LogCodec.encode(new LogRecord(
                            1,
                            seq,
                            log.last().epoch(),
                            10L * seq,
                            RecordType.PUT_COMMIT,
                            UserId.of("alice"),
                            null,
                            ByteString.copyFrom(payload))));
        }
        disk.committer().commit(write).join();
    }

    @Test
    void findsTheLastRecordBeforeATime() {
        assertThat(LogAge.upTo(disk, SHARD, 1_000, ALL)).as("an empty log").isZero();
        fill(100, 10);

        assertThat(LogAge.upTo(disk, SHARD, 10, ALL)).isZero();
        assertThat(LogAge.upTo(disk, SHARD, 11, ALL)).isEqualTo(1);
        assertThat(LogAge.upTo(disk, SHARD, 500, ALL)).isEqualTo(49);
        assertThat(LogAge.upTo(disk, SHARD, 501, ALL)).isEqualTo(50);
        assertThat(LogAge.upTo(disk, SHARD, 100_000, ALL)).isEqualTo(100);
        assertThat(LogAge.upTo(disk, new ShardId(8), 100_000, ALL)).isZero();
    }

    @Test
    void looksOnlyAtWhatWasNotTrimmedYet() {
        fill(100, 10);
        var write = new Write();
        log.trimTo(write, 60);
        disk.committer().commit(write).join();

        assertThat(LogAge.upTo(disk, SHARD, 500, ALL)).isZero();
        assertThat(LogAge.upTo(disk, SHARD, 705, ALL)).isEqualTo(70);
    }

    @Test
    void findsAboutWhatLiesInFrontOfTheNewestBytes() {
        fill(2_000, 1_000);

        assertThat(LogAge.upTo(disk, SHARD, 0, 16 << 20)).isZero();
        assertThat(LogAge.upTo(disk, SHARD, 0, 1 << 20)).isBetween(500L, 1_500L);
    }
}
