// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.peer;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.tintype.checksum.Crc32c;
import io.tintype.model.BlobName;
import io.tintype.model.Limits;
import io.tintype.model.RequestId;
import io.tintype.model.UploadId;
import io.tintype.model.UserId;
import io.tintype.proto.internal.v1.ClaimUser;
import io.tintype.proto.internal.v1.Manifest;
import io.tintype.proto.internal.v1.PutCommit;
import io.tintype.storage.blob.Chunk;
import io.tintype.storage.blob.ChunkKey;
import io.tintype.storage.blob.Proposal;
import io.tintype.storage.blob.Proposal.InlineChunk;
import io.tintype.storage.log.RecordType;
import io.tintype.storage.shard.Committed;
import io.tintype.storage.shard.ShardReplica;
import io.tintype.storage.shard.StagedBytes;
import java.util.ArrayList;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;

/** Puts and gets blobs on a shard, as the services would. For tests. */
final class Images {
    static final UserId ALICE = UserId.of("alice");

    private Images() {}

    static byte[] bytes(int size, long seed) {
        var bytes = new byte[size];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    static void claim(ShardReplica primary) {
        var claim = ClaimUser.newBuilder().setGeneration(1).setUsersLimit(100).build();
        primary.propose(Proposal.of(RecordType.USER_CLAIM, ALICE, claim.toByteString()))
                .join()
                .outcome()
                .orThrow();
    }

    /** Puts a blob that travels with its record. */
    static CompletableFuture<Committed> put(ShardReplica primary, String name, byte[] bytes) {
        return put(primary, name, bytes, RequestId.random(new Random()));
    }

    /** The same under a request id that a retry repeats. */
    static CompletableFuture<Committed> put(ShardReplica primary, String name, byte[] bytes, RequestId request) {
        var upload = upload();
        var chunk = new Chunk(UnsafeByteOperations.unsafeWrap(bytes), Crc32c.of(bytes));
        var put = commit(name, manifest(upload, bytes, bytes.length), true);
        return primary.propose(new Proposal(
                RecordType.PUT_COMMIT,
                ALICE,
                request,
                put.toByteString(),
                new InlineChunk(new ChunkKey(ALICE, upload, 0), chunk)));
    }

    /** Stages a blob's chunks and gives the proposal that makes them a blob. */
    static Proposal stage(ShardReplica primary, String name, byte[] bytes) {
        var upload = upload();
        var all = UnsafeByteOperations.unsafeWrap(bytes);
        var staged = new ArrayList<CompletableFuture<Void>>();
        for (int from = 0, index = 0; from < bytes.length; from += Limits.CHUNK_BYTES, index++) {
            var data = all.substring(from, Math.min(bytes.length, from + Limits.CHUNK_BYTES));
            staged.add(primary.stage(
                    new StagedBytes(new ChunkKey(ALICE, upload, index), new Chunk(data, Crc32c.of(data)))));
        }
        staged.forEach(CompletableFuture::join);
        var put = commit(name, manifest(upload, bytes, Limits.CHUNK_BYTES), false);
        return new Proposal(RecordType.PUT_COMMIT, ALICE, RequestId.random(new Random()), put.toByteString(), null);
    }

    static Optional<byte[]> get(ShardReplica replica, String name) {
        var head = replica.reader().head(ALICE, BlobName.of(name), System.currentTimeMillis());
        return head.map(found -> {
            var bytes = ByteString.EMPTY;
            for (int i = 0; i < found.getManifest().getChunks(); i++) {
                bytes = bytes.concat(
                        replica.reader().chunk(ALICE, found.getManifest(), i).data());
            }
            return bytes.toByteArray();
        });
    }

    private static UploadId upload() {
        return new UploadId(System.currentTimeMillis(), new Random().nextLong());
    }

    private static Manifest manifest(UploadId upload, byte[] bytes, int chunkSize) {
        return Manifest.newBuilder()
                .setUploadId(ByteString.copyFrom(upload.toBytes()))
                .setChunkSize(chunkSize)
                .setChunks((bytes.length + chunkSize - 1) / chunkSize)
                .setSize(bytes.length)
                .setCrc32C(Crc32c.of(bytes))
                .build();
    }

    private static PutCommit commit(String name, Manifest manifest, boolean inline) {
        return PutCommit.newBuilder()
                .setName(name)
                .setManifest(manifest)
                .setContentType(Limits.DEFAULT_CONTENT_TYPE)
                .setVersionNonce(1)
                .setRequestDigest(manifest.getCrc32C())
                .setInline(inline)
                .build();
    }
}
