// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.bench;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.tintype.checksum.Crc32c;
import io.tintype.model.Limits;
import io.tintype.model.RequestId;
import io.tintype.model.ShardId;
import io.tintype.model.UploadId;
import io.tintype.model.UserId;
import io.tintype.proto.internal.v1.ClaimUser;
import io.tintype.proto.internal.v1.Manifest;
import io.tintype.proto.internal.v1.PutCommit;
import io.tintype.storage.blob.Chunk;
import io.tintype.storage.blob.ChunkKey;
import io.tintype.storage.blob.ShardStore;
import io.tintype.storage.disk.Disk;
import io.tintype.storage.disk.Write;
import io.tintype.storage.log.LogCodec;
import io.tintype.storage.log.LogRecord;
import io.tintype.storage.log.RecordType;
import java.util.ArrayList;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * A shard with one replica: what its event loop and its applier would do. A put returns when its record is synced and
 * applied, as an acknowledgement would be sent.
 */
final class LoneShard {
    private record Ready(LogRecord record, CompletableFuture<Void> done) {}

    private final Disk disk;
    private final ShardStore store;
    private final UserId user = UserId.of("bench");
    private final Object log = new Object();
    private final Executor applier;
    private final ConcurrentLinkedQueue<Ready> ready = new ConcurrentLinkedQueue<>();
    private final AtomicBoolean scheduled = new AtomicBoolean();

    /** The applier runs one task at a time. */
    LoneShard(Disk disk, int id, Executor applier) {
        this.disk = disk;
        this.applier = applier;
        this.store = ShardStore.open(disk, new ShardId(id), 4 << 20);
        if (store.log().last().seq() == 0) {
            var claim =
                    ClaimUser.newBuilder().setGeneration(1).setUsersLimit(10).build();
            append(RecordType.USER_CLAIM, null, claim.toByteString(), new Write());
        }
    }

    ShardStore store() {
        return store;
    }

    UserId user() {
        return user;
    }

    void put(String name, byte[] bytes) {
        var random = ThreadLocalRandom.current();
        var upload = new UploadId(System.currentTimeMillis(), random.nextLong());
        var chunk = new Chunk(UnsafeByteOperations.unsafeWrap(bytes), Crc32c.of(bytes));
        boolean inline = bytes.length <= Limits.INLINE_BYTES;
        var put = PutCommit.newBuilder()
                .setName(name)
                .setManifest(Manifest.newBuilder()
                        .setUploadId(UnsafeByteOperations.unsafeWrap(upload.toBytes()))
                        .setChunkSize(Limits.CHUNK_BYTES)
                        .setChunks(1)
                        .setSize(bytes.length)
                        .setCrc32C(chunk.crc()))
                .setContentType("image/jpeg")
                .setVersionNonce(random.nextInt())
                .setRequestDigest(1)
                .setInline(inline)
                .build();
        var write = new Write();
        if (inline) {
            store.chunks().inline(write, new ChunkKey(user, upload, 0), chunk);
        } else {
            var stage = new Write();
            store.chunks().stage(stage, new ChunkKey(user, upload, 0), chunk);
            disk.committer().commit(stage).join();
        }
        append(RecordType.PUT_COMMIT, RequestId.random(random), put.toByteString(), write);
    }

    private void append(RecordType type, @Nullable RequestId request, ByteString payload, Write write) {
        var done = new CompletableFuture<Void>();
        synchronized (log) {
            var last = store.log().last();
            long time = Math.max(System.currentTimeMillis(), store.log().lastLogTimeMs());
            var record = new LogRecord(1, last.seq() + 1, last.epoch(), time, type, user, request, payload);
            store.log().append(write, LogCodec.encode(record));
            // Inside the lock, so that records become ready in order whichever thread runs this.
            var unused = disk.committer().commit(write).thenRun(() -> ready(new Ready(record, done)));
        }
        done.join();
    }

    private void ready(Ready one) {
        ready.add(one);
        if (scheduled.compareAndSet(false, true)) {
            applier.execute(this::apply);
        }
    }

    private void apply() {
        scheduled.set(false);
        var records = new ArrayList<LogRecord>();
        var done = new ArrayList<CompletableFuture<Void>>();
        for (var one = ready.poll(); one != null; one = ready.poll()) {
            records.add(one.record());
            done.add(one.done());
        }
        store.machine().apply(records);
        done.forEach(each -> each.complete(null));
    }
}
