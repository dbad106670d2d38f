// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.rpc;

import io.tintype.checksum.Crc32c;
import io.tintype.model.Limits;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.model.UploadId;
import io.tintype.model.UserId;
import io.tintype.proto.internal.v1.AbortUpload;
import io.tintype.proto.v1.AbortUploadRequest;
import io.tintype.proto.v1.AbortUploadResponse;
import io.tintype.proto.v1.CompleteUploadRequest;
import io.tintype.proto.v1.CompleteUploadResponse;
import io.tintype.proto.v1.GetUploadRequest;
import io.tintype.proto.v1.GetUploadResponse;
import io.tintype.proto.v1.PutChunkRequest;
import io.tintype.proto.v1.PutChunkResponse;
import io.tintype.proto.v1.PutFinish;
import io.tintype.proto.v1.StartUploadRequest;
import io.tintype.proto.v1.StartUploadResponse;
import io.tintype.storage.blob.Chunk;
import io.tintype.storage.blob.ChunkKey;
import io.tintype.storage.future.Futures;
import io.tintype.storage.log.RecordType;
import io.tintype.storage.shard.Committed;
import io.tintype.storage.shard.ShardReplica;
import io.tintype.storage.shard.StagedBytes;
import io.tintype.wire.Wire;
import java.util.concurrent.CompletableFuture;

/**
 * Uploads in chunks that come in any order. Keeps nothing but the chunks themselves: who may continue is whoever knows the
 * upload's id. Thread-safe; never blocks.
 */
final class ChunkedUploads {
    /** Clocks of nodes may differ by this much. */
    private static final long SKEW_MS = 600_000;

    private final Toolbox box;
    private final OpenUploads open = new OpenUploads();

    ChunkedUploads(Toolbox box) {
        this.box = box;
    }

    CompletableFuture<StartUploadResponse> start(StartUploadRequest request) {
        var spec = box.spec(request.getHeader());
        return box.forChanges(spec.user(), request.getHeader().getShard()).thenApply(shard -> {
            var upload = Writes.newUpload(shard, box.clock().millis());
            return StartUploadResponse.newBuilder()
                    .setUploadId(Wire.bytes(upload))
                    .setChunkSize(Limits.CHUNK_BYTES)
                    .setExpiresAtMs(upload.timeMs() + Limits.UPLOAD_LIFETIME.toMillis())
                    .build();
        });
    }

    CompletableFuture<PutChunkResponse> put(PutChunkRequest request) {
        var user = UserId.of(request.getUser());
        var upload = Wire.uploadId(request.getUploadId());
        var chunk = checked(request);
        var key = new ChunkKey(user, upload, request.getIndex());
        int bytes = chunk.data().size();
        box.uploads().take(bytes);
        return Futures.begin(() -> {
                    open.stage(upload, key.index());
                    return Futures.begin(() -> box.forBytes(user, request.getShard())
                                    .thenCompose(taker -> stage(taker, key, chunk)))
                            .whenComplete((done, failure) -> open.staged(upload, key.index()));
                })
                .whenComplete((done, failure) -> box.uploads().give(bytes))
                .thenApply(done -> PutChunkResponse.getDefaultInstance());
    }

    CompletableFuture<GetUploadResponse> get(GetUploadRequest request) {
        var user = UserId.of(request.getUser());
        var upload = Wire.uploadId(request.getUploadId());
        return box.forChanges(user, request.getShard())
                .thenApplyAsync(
                        shard -> {
                            checkOpen(shard, user, upload);
                            var response = GetUploadResponse.newBuilder().setChunkSize(Limits.CHUNK_BYTES);
                            for (var staged : shard.reader().staged(user, upload)) {
                                response.addChunksBuilder()
                                        .setIndex(staged.index())
                                        .setSize(staged.size())
                                        .setCrc32C(staged.crc());
                            }
                            return response.build();
                        },
                        box.readers());
    }

    CompletableFuture<CompleteUploadResponse> complete(CompleteUploadRequest request) {
        var spec = box.spec(request.getHeader());
        if (!request.hasFinish()) {
            throw Requests.invalid("finish is missing; say how many bytes there are and their crc32c");
        }
        var finish = request.getFinish();
        spec.checkFinish(finish, box.limits().maxBlobBytes());
        var upload = Wire.uploadId(request.getUploadId());
        open.complete(upload);
        return Futures.begin(() -> box.forBytes(spec.user(), request.getHeader().getShard())
                        .thenCompose(taker -> complete(taker, spec, upload, finish)
                                .thenApply(committed -> {
                                    var stored = Writes.stored(taker.shard().id(), spec.user(), spec.name(), committed);
                                    return CompleteUploadResponse.newBuilder()
                                            .setHead(stored.head())
                                            .addAllReplicas(stored.replicas())
                                            .setSession(stored.session())
                                            .build();
                                })))
                .whenComplete((done, failure) -> open.completed(upload));
    }

    CompletableFuture<AbortUploadResponse> abort(AbortUploadRequest request) {
        var user = UserId.of(request.getUser());
        var upload = Wire.uploadId(request.getUploadId());
        return box.forChanges(user, request.getShard())
                .thenCompose(shard ->
                        isCurrent(shard, upload) ? abort(shard, user, upload) : CompletableFuture.completedFuture(null))
                .thenApply(done -> AbortUploadResponse.getDefaultInstance());
    }

    /** The mark this leaves is kept until the upload would be too old: for one that nobody began, it may be for ever. */
    private static CompletableFuture<Void> abort(ShardReplica shard, UserId user, UploadId upload) {
        var payload = AbortUpload.newBuilder().setUploadId(Wire.bytes(upload)).build();
        return shard.propose(Writes.proposal(RecordType.ABORT_UPLOAD, user, null, payload))
                .thenAccept(committed -> committed.outcome().orThrow());
    }

    private CompletableFuture<Void> stage(Toolbox.Taker taker, ChunkKey key, Chunk chunk) {
        var shard = taker.shard();
        return CompletableFuture.supplyAsync(
                        () -> {
                            checkOpen(shard, key.user(), key.upload());
                            return isThere(shard, key, chunk);
                        },
                        box.readers())
                .thenCompose(there -> there
                        ? CompletableFuture.completedFuture(null)
                        : shard.stage(new StagedBytes(key, taker.sealing().seal(key.user(), key.index(), chunk))));
    }

    private static boolean isThere(ShardReplica shard, ChunkKey key, Chunk chunk) {
        var there = shard.reader().staged(key);
        if (there.isPresent()
                && (there.get().size() != chunk.data().size() || there.get().crc() != chunk.crc())) {
            throw new TintypeException(
                    Reason.CHECKSUM_MISMATCH,
                    "chunk " + key.index() + " of upload " + key.upload() + " was sent before with other bytes (crc32c "
                            + ChunkAssembler.hex(there.get().crc()) + ", now " + ChunkAssembler.hex(chunk.crc())
                            + "); abort the upload and start a new one");
        }
        return there.isPresent();
    }

    private CompletableFuture<Committed> complete(
            Toolbox.Taker taker, PutSpec spec, UploadId upload, PutFinish finish) {
        var shard = taker.shard();
        long digest = RequestDigest.complete(spec, upload, finish.getSize(), finish.getCrc32C());
        int emptied = shard.emptied(); // before anybody looks what is staged
        return CompletableFuture.supplyAsync(
                        () -> {
                            // The outcome last: an earlier attempt may take effect at any moment, and ends the upload.
                            boolean underWay = isOpen(shard, spec.user(), upload);
                            var staged = shard.reader().staged(spec.user(), upload);
                            var earlier = shard.reader().outcome(spec.user(), spec.requestId());
                            if (earlier.isEmpty()) {
                                requireOpen(underWay, upload);
                                StagedChecks.check(upload, staged, finish);
                            }
                            return earlier;
                        },
                        box.readers())
                .thenCompose(earlier -> earlier.isPresent()
                        ? CompletableFuture.completedFuture(Writes.replayed(
                                spec.requestId(),
                                digest,
                                earlier.get(),
                                shard.status().inSync()))
                        : shard.propose(
                                Writes.proposal(
                                        RecordType.PUT_COMMIT,
                                        spec.user(),
                                        spec.requestId(),
                                        Writes.commit(
                                                        shard.status().rules(),
                                                        spec,
                                                        Writes.manifest(
                                                                upload,
                                                                finish.getSize(),
                                                                finish.getCrc32C(),
                                                                taker.sealing()),
                                                        digest,
                                                        shard.reader()
                                                                .timeMs(box.clock()
                                                                        .millis()))
                                                .build()),
                                emptied));
    }

    private Chunk checked(PutChunkRequest request) {
        long most = Writes.chunks(box.limits().maxBlobBytes());
        if (request.getIndex() < 0 || request.getIndex() >= most) {
            throw Requests.invalid("index is " + Integer.toUnsignedString(request.getIndex()) + "; a blob of at most "
                    + box.limits().maxBlobBytes() + " bytes has chunks 0 to " + (most - 1));
        }
        var data = request.getData();
        if (data.isEmpty() || data.size() > Limits.CHUNK_BYTES) {
            throw new TintypeException(
                    Reason.SIZE_MISMATCH,
                    "data has " + data.size() + " bytes; a chunk has " + Limits.CHUNK_BYTES
                            + ", the last one 1 to as many");
        }
        int crc = Crc32c.of(data);
        if (crc != request.getCrc32C()) {
            throw new TintypeException(
                    Reason.CHECKSUM_MISMATCH,
                    "chunk " + request.getIndex() + " has crc32c " + ChunkAssembler.hex(crc) + ", not the "
                            + ChunkAssembler.hex(request.getCrc32C()) + " it was sent with; it was not stored");
        }
        return new Chunk(data, crc);
    }

    /** Whether an upload is not too old, and may have been begun by this cluster's clocks. */
    private boolean isCurrent(ShardReplica shard, UploadId upload) {
        long age = shard.reader().timeMs(box.clock().millis()) - upload.timeMs();
        return age <= Limits.UPLOAD_LIFETIME.toMillis() && age >= -SKEW_MS;
    }

    private boolean isOpen(ShardReplica shard, UserId user, UploadId upload) {
        return isCurrent(shard, upload) && !shard.reader().isOver(user, upload);
    }

    private void checkOpen(ShardReplica shard, UserId user, UploadId upload) {
        requireOpen(isOpen(shard, user, upload), upload);
    }

    private static void requireOpen(boolean open, UploadId upload) {
        if (!open) {
            throw new TintypeException(
                    Reason.UPLOAD_NOT_FOUND,
                    "upload " + upload + " was completed, aborted, begun more than " + Limits.UPLOAD_LIFETIME.toHours()
                            + " h ago, or never; start a new one");
        }
    }
}
