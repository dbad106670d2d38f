// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.blob;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.tintype.checksum.Crc32c;
import io.tintype.model.BlobName;
import io.tintype.model.Limits;
import io.tintype.model.RequestId;
import io.tintype.model.ShardId;
import io.tintype.model.UploadId;
import io.tintype.model.UserId;
import io.tintype.proto.internal.v1.ClaimUser;
import io.tintype.proto.internal.v1.DeleteBlob;
import io.tintype.proto.internal.v1.Manifest;
import io.tintype.proto.internal.v1.Precondition;
import io.tintype.proto.internal.v1.PutCommit;
import io.tintype.storage.disk.Disk;
import io.tintype.storage.disk.DiskConfig;
import io.tintype.storage.disk.DiskException;
import io.tintype.storage.disk.Write;
import io.tintype.storage.log.LogCodec;
import io.tintype.storage.log.LogRecord;
import io.tintype.storage.log.RecordType;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/** One shard on one disk, driven as a lone primary would: append, sync, apply. For tests. */
final class Shelf implements AutoCloseable {
    static final String CLUSTER = "0123456789abcdef0123456789abcdef";
    static final ShardId SHARD = new ShardId(7);

    private final Path directory;
    private Disk disk;
    private ShardStore store;
    long nowMs = 1_700_000_000_000L;

    Shelf(Path directory) throws DiskException {
        this.directory = directory;
        this.disk = Disk.open(config());
        this.store = ShardStore.open(disk, SHARD, 1 << 20);
    }

    DiskConfig config() {
        return DiskConfig.of(directory, CLUSTER).withMemory(8 << 20, 16 << 20).withReserve(0);
    }

    void reopen() throws DiskException {
        disk.close();
        disk = Disk.open(config());
        store = ShardStore.open(disk, SHARD, 1 << 20);
    }

    Disk disk() {
        return disk;
    }

    ShardStore store() {
        return store;
    }

    ShardReader reader() {
        return store.reader();
    }

    ChunkStore chunks() {
        return store.chunks();
    }

    Outcome append(RecordType type, @Nullable UserId user, @Nullable RequestId request, ByteString payload) {
        return append(new Write(), type, user, request, payload);
    }

    Outcome append(
            Write write, RecordType type, @Nullable UserId user, @Nullable RequestId request, ByteString payload) {
        var record = record(type, user, request, payload);
        store.log().append(write, LogCodec.encode(record));
        disk.committer().commit(write).join();
        return store.machine().apply(List.of(record)).get(0).outcome();
    }

    LogRecord record(RecordType type, @Nullable UserId user, @Nullable RequestId request, ByteString payload) {
        var last = store.log().last();
        return new LogRecord(1, last.seq() + 1, last.epoch(), nowMs, type, user, request, payload);
    }

    Outcome claim(UserId user) {
        var claim = ClaimUser.newBuilder().setGeneration(1).setUsersLimit(1000).build();
        return append(RecordType.USER_CLAIM, user, null, claim.toByteString());
    }

    UploadId upload() {
        return new UploadId(nowMs, ThreadLocalRandom.current().nextLong());
    }

    Outcome put(UserId user, String name, byte[] bytes) {
        return put(user, name, bytes, null, Precondition.getDefaultInstance(), 0);
    }

    Outcome put(
            UserId user,
            String name,
            byte[] bytes,
            @Nullable RequestId request,
            Precondition precondition,
            long expiresAtMs) {
        var upload = upload();
        var write = new Write();
        store.chunks().inline(write, new ChunkKey(user, upload, 0), chunk(bytes));
        var put = PutCommit.newBuilder()
                .setName(name)
                .setManifest(manifest(upload, bytes))
                .setContentType(Limits.DEFAULT_CONTENT_TYPE)
                .setPrecondition(precondition)
                .setExpiresAtMs(expiresAtMs)
                .setVersionNonce(bytes.length)
                .setRequestDigest(Crc32c.of(bytes))
                .setInline(true)
                .build();
        return append(write, RecordType.PUT_COMMIT, user, request, put.toByteString());
    }

    Outcome delete(UserId user, String name, @Nullable RequestId request, Precondition precondition) {
        var delete = DeleteBlob.newBuilder()
                .setName(name)
                .setPrecondition(precondition)
                .setVersionNonce(99)
                .build();
        return append(RecordType.DELETE, user, request, delete.toByteString());
    }

    byte @Nullable [] get(UserId user, String name) {
        return reader().head(user, BlobName.of(name), nowMs)
                .map(head -> reader().chunk(user, head.getManifest(), 0).data().toByteArray())
                .orElse(null);
    }

    static Chunk chunk(byte[] bytes) {
        return new Chunk(UnsafeByteOperations.unsafeWrap(bytes), Crc32c.of(bytes));
    }

    static Manifest manifest(UploadId upload, byte[] bytes) {
        return Manifest.newBuilder()
                .setUploadId(ByteString.copyFrom(upload.toBytes()))
                .setChunkSize(Limits.CHUNK_BYTES)
                .setChunks(1)
                .setSize(bytes.length)
                .setCrc32C(Crc32c.of(bytes))
                .build();
    }

    @Override
    public void close() {
        disk.close();
    }
}
