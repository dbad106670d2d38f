// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.rpc;

import io.tintype.model.BlobName;
import io.tintype.model.Limits;
import io.tintype.model.RequestId;
import io.tintype.model.UploadId;
import io.tintype.model.UserId;
import io.tintype.model.Version;
import io.tintype.proto.internal.v1.Manifest;
import io.tintype.proto.internal.v1.Precondition;
import io.tintype.proto.internal.v1.PutCommit;
import io.tintype.proto.internal.v1.StoredHead;
import io.tintype.proto.internal.v1.StoredOutcome;
import io.tintype.proto.v1.CopyRequest;
import io.tintype.storage.blob.Chunk;
import io.tintype.storage.blob.ChunkKey;
import io.tintype.storage.blob.ShardReader;
import io.tintype.storage.future.Futures;
import io.tintype.storage.keys.Sealing;
import io.tintype.storage.log.RecordType;
import io.tintype.storage.shard.Committed;
import io.tintype.storage.shard.ReadDemand;
import io.tintype.storage.shard.ShardReplica;
import io.tintype.storage.shard.StagedBytes;
import io.tintype.wire.Wire;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One copy of a blob within its user: the bytes are read, verified and staged again under an upload of their own, one chunk
 * at a time. Never blocks but on reader threads.
 *
 * <p>Bytes of their own, instead of a second reference to the same ones, keep every chunk owned by exactly one version.
 */
final class CopyCall {
    private final Toolbox box;
    private final ShardReplica shard;
    private final Sealing sealing;
    private final Task task;
    private final UploadId upload;

    /** As it was before the first chunk was staged. */
    private final int emptied;

    /** What to copy; all checked. */
    record Task(
            UserId user,
            BlobName source,
            @Nullable Version sourceVersion,
            BlobName name,
            RequestId requestId,
            Precondition condition,
            RetryAge age) {

        static Task of(CopyRequest request, RetryAge age) {
            return new Task(
                    UserId.of(request.getUser()),
                    BlobName.of(request.getSourceName()),
                    request.hasSourceVersion() ? Requests.version("source_version", request.getSourceVersion()) : null,
                    BlobName.of(request.getName()),
                    Wire.requestId(request.getRequestId()),
                    request.hasCondition() ? Requests.precondition(request.getCondition()) : Requests.NO_CONDITION,
                    age);
        }

        long digest() {
            return RequestDigest.copy(source, sourceVersion, name, condition);
        }
    }

    CopyCall(Toolbox box, Toolbox.Taker taker, Task task) {
        this.box = box;
        this.shard = taker.shard();
        this.emptied = shard.emptied();
        this.sealing = taker.sealing();
        this.task = task;
        this.upload = Writes.newUpload(shard, box.clock().millis());
    }

    /** The source, and what came of an earlier attempt. */
    private record Found(Optional<StoredHead> source, Optional<StoredOutcome> earlier) {}

    /** Carries it out, unless an earlier attempt did. */
    CompletableFuture<Committed> run() {
        return Reads.read(shard, new ReadDemand.Linearizable(), box.readers(), this::find)
                .thenCompose(answer -> answer.value()
                        .earlier()
                        .map(earlier -> CompletableFuture.completedFuture(Writes.replayed(
                                task.requestId(),
                                task.digest(),
                                earlier,
                                shard.status().inSync())))
                        .orElseGet(() -> copy(source(answer.value().source()))));
    }

    /** The outcome last: an earlier attempt may take effect at any moment, and the source may go behind it. */
    private Found find(ShardReader reader) {
        var found = reader.head(task.user(), task.source(), box.clock().millis());
        return new Found(found, reader.outcome(task.user(), task.requestId()));
    }

    private StoredHead source(Optional<StoredHead> found) {
        var head = found.orElseThrow(() -> Reads.noBlob(task.user(), task.source()));
        var version = Requests.version(head.getVersion());
        if (task.sourceVersion() != null && !version.equals(task.sourceVersion())) {
            throw Reads.otherVersion("source_version", task.sourceVersion(), version);
        }
        return head;
    }

    private CompletableFuture<Committed> copy(StoredHead head) {
        var manifest = head.getManifest();
        if (manifest.getSize() == 0) {
            return shard.propose(Writes.proposal(
                    RecordType.PUT_COMMIT,
                    task.user(),
                    task.requestId(),
                    commit(head).build()));
        }
        if (manifest.getChunks() == 1 && manifest.getSize() <= Limits.INLINE_BYTES) {
            return holding(
                    manifest,
                    () -> read(manifest, 0)
                            .thenCompose(chunk ->
                                    shard.propose(Writes.inline(task.user(), task.requestId(), commit(head), chunk))));
        }
        return holding(manifest, () -> stageFrom(manifest, 0))
                .thenCompose(staged -> shard.propose(
                        Writes.proposal(
                                RecordType.PUT_COMMIT,
                                task.user(),
                                task.requestId(),
                                commit(head).build()),
                        emptied))
                .whenComplete((committed, failure) -> {
                    if (committed == null || !Writes.tookOver(committed, upload)) {
                        abort();
                    }
                });
    }

    /** Takes one chunk's bytes from the budget while a step runs. */
    private <T> CompletableFuture<T> holding(Manifest manifest, Supplier<CompletableFuture<T>> step) {
        long bytes = Math.min(manifest.getSize(), manifest.getChunkSize());
        box.uploads().take(bytes);
        return Futures.begin(step).whenComplete((done, failure) -> box.uploads().give(bytes));
    }

    private CompletableFuture<Void> stageFrom(Manifest manifest, int index) {
        if (index == manifest.getChunks()) {
            return CompletableFuture.completedFuture(null);
        }
        return read(manifest, index)
                .thenCompose(chunk -> shard.stage(new StagedBytes(new ChunkKey(task.user(), upload, index), chunk)))
                .thenComposeAsync(done -> stageFrom(manifest, index + 1), box.readers());
    }

    private CompletableFuture<Chunk> read(Manifest manifest, int index) {
        return CompletableFuture.supplyAsync(
                () -> sealing.seal(task.user(), index, shard.reader().chunk(task.user(), manifest, index)),
                box.readers());
    }

    private PutCommit.Builder commit(StoredHead head) {
        task.age().check(box.stalls().now());
        var manifest = head.getManifest().toBuilder();
        if (manifest.getSize() > 0) {
            manifest.setUploadId(Wire.bytes(upload)).setSealed(manifest.getSealed() || sealing.seals());
        }
        var rules = shard.status().rules();
        return PutCommit.newBuilder()
                .setUserBytes(rules.userBytes())
                .setUserBlobs(rules.userBlobs())
                .setName(task.name().value())
                .setManifest(manifest)
                .setContentType(head.getContentType())
                .putAllMetadata(head.getMetadataMap())
                .setCacheControl(head.getCacheControl())
                .setHttpExpiresMs(head.getHttpExpiresMs())
                .setExpiresAtMs(head.getExpiresAtMs())
                .setPrecondition(task.condition())
                .setVersionNonce(Writes.nonce())
                .setRequestDigest(task.digest());
    }

    private void abort() {
        Writes.abort(shard, task.user(), upload);
    }
}
