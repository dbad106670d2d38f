// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.tintype.checksum.Crc32c;
import io.tintype.model.ShardId;
import io.tintype.model.UploadId;
import io.tintype.model.UserId;
import io.tintype.storage.blob.Chunk;
import io.tintype.storage.blob.ChunkKey;
import io.tintype.storage.blob.ShardStore;
import io.tintype.storage.blob.SnapshotPart;
import io.tintype.storage.disk.Disk;
import io.tintype.storage.disk.DiskConfig;
import io.tintype.storage.disk.Write;
import io.tintype.storage.log.LogCodec;
import io.tintype.storage.log.LogRecord;
import io.tintype.storage.log.RecordType;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A snapshot that is read no faster than the node may send. */
@Timeout(60)
final class PacedSnapshotTest {
    private static final String CLUSTER = "0123456789abcdef0123456789abcdef";
    private static final int CHUNKS = 3;

    /** One a part. */
    private static final int CHUNK_BYTES = ShardLimits.SNAPSHOT_PART_BYTES;

    /** So slow that every part but the first must wait. */
    private static final long BYTES_PER_SECOND = 4L * CHUNK_BYTES;

    @TempDir
    private Path directory;

    private Disk disk;
    private ShardThreads threads;
    private PacedSnapshot snapshot;

    @BeforeEach
    void open() throws Exception {
        disk = Disk.open(
                DiskConfig.of(directory, CLUSTER).withMemory(8 << 20, 16 << 20).withReserve(0));
        var store = ShardStore.open(disk, new ShardId(7), 1 << 20);
        var record = new LogRecord(1, 1, 0, 1_000, RecordType.EPOCH_START, null, null, ByteString.EMPTY);
        var write = new Write();
        store.log().append(write, LogCodec.encode(record));
        for (int i = 0; i < CHUNKS; i++) {
            var data = ByteString.copyFrom(new byte[CHUNK_BYTES]);
            var key = new ChunkKey(UserId.of("alice"), UploadId.of(new byte[16]), i);
            store.chunks().stage(write, key, new Chunk(data, Crc32c.of(data)));
        }
        disk.committer().commit(write).join();
        var unused = store.machine().apply(List.of(record));
        threads = new ShardThreads(1, 1, 1);
        snapshot = new PacedSnapshot(
                threads,
                new SnapshotTraffic(BYTES_PER_SECOND, System::nanoTime),
                new ShardMetrics(new SimpleMeterRegistry()),
                store.snapshot());
    }

    @AfterEach
    void close() {
        snapshot.close();
        threads.close();
        disk.close();
    }

    private record Came(Optional<SnapshotPart> part, String thread) {}

    private List<Came> all() throws Exception {
        var all = new ArrayList<Came>();
        var done = new CompletableFuture<Void>();
        next(all, done);
        done.get(30, TimeUnit.SECONDS);
        return all;
    }

    private void next(List<Came> all, CompletableFuture<Void> done) {
        snapshot.next(new OutgoingSnapshot.PartTaker() {
            @Override
            public void part(Optional<SnapshotPart> part) {
                all.add(new Came(part, Thread.currentThread().getName()));
                if (part.isPresent()) {
                    next(all, done);
                } else {
                    done.complete(null);
                }
            }

            @Override
            public void failed(Throwable why) {
                done.completeExceptionally(why);
            }
        });
    }

    @Test
    void whoDigestsPartsHoldsUpNoTimerHoweverSlowlyTheyMayGo() throws Exception {
        var all = all();
        assertThat(all).hasSizeGreaterThan(CHUNKS);
        assertThat(all).extracting(Came::thread).allMatch(thread -> thread.startsWith("tintype-shard-io"));
    }

    @Test
    void partsGoNoFasterThanTheNodeMaySend() throws Exception {
        long began = System.nanoTime();
        var all = all();
        long nanos = System.nanoTime() - began;
        long bytes = all.stream()
                .flatMap(came -> came.part().stream())
                .mapToLong(SnapshotPart::bytes)
                .sum();
        assertThat(bytes).isGreaterThanOrEqualTo((long) CHUNKS * CHUNK_BYTES);
        assertThat(nanos)
                .as("what is made up for is a moment at most")
                .isGreaterThan(bytes * TimeUnit.SECONDS.toNanos(1) / BYTES_PER_SECOND - 2 * Pacer.CATCH_UP_NANOS);
    }
}
