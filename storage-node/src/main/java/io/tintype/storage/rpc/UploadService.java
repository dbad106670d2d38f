// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.rpc;

import io.grpc.stub.StreamObserver;
import io.tintype.model.BlobName;
import io.tintype.model.UserId;
import io.tintype.proto.internal.v1.DeleteBlob;
import io.tintype.proto.v1.AbortUploadRequest;
import io.tintype.proto.v1.AbortUploadResponse;
import io.tintype.proto.v1.BlobUploadGrpc;
import io.tintype.proto.v1.CompleteUploadRequest;
import io.tintype.proto.v1.CompleteUploadResponse;
import io.tintype.proto.v1.CopyRequest;
import io.tintype.proto.v1.CopyResponse;
import io.tintype.proto.v1.DeleteRequest;
import io.tintype.proto.v1.DeleteResponse;
import io.tintype.proto.v1.GetUploadRequest;
import io.tintype.proto.v1.GetUploadResponse;
import io.tintype.proto.v1.PutChunkRequest;
import io.tintype.proto.v1.PutChunkResponse;
import io.tintype.proto.v1.PutRequest;
import io.tintype.proto.v1.PutResponse;
import io.tintype.proto.v1.StartUploadRequest;
import io.tintype.proto.v1.StartUploadResponse;
import io.tintype.storage.blob.Outcome;
import io.tintype.storage.log.RecordType;
import io.tintype.storage.shard.Committed;
import io.tintype.storage.shard.ShardReplica;
import io.tintype.wire.Wire;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/** Changes to blobs of the shards this node leads. Thread-safe; never blocks. */
final class UploadService extends BlobUploadGrpc.BlobUploadImplBase {
    private final StrictWaits strict = new StrictWaits();
    private final Toolbox box;
    private final Replies replies;
    private final ChunkedUploads chunked;

    UploadService(Toolbox box) {
        this.box = box;
        this.replies = new Replies(box.failures());
        this.chunked = new ChunkedUploads(box);
    }

    @Override
    public StreamObserver<PutRequest> put(StreamObserver<PutResponse> out) {
        return PutCall.start(box, out);
    }

    @Override
    public void startUpload(StartUploadRequest request, StreamObserver<StartUploadResponse> out) {
        replies.send(out, "StartUpload", () -> chunked.start(request));
    }

    @Override
    public void putChunk(PutChunkRequest request, StreamObserver<PutChunkResponse> out) {
        replies.send(out, "PutChunk", () -> chunked.put(request));
    }

    @Override
    public void getUpload(GetUploadRequest request, StreamObserver<GetUploadResponse> out) {
        replies.send(out, "GetUpload", () -> chunked.get(request));
    }

    @Override
    public void completeUpload(CompleteUploadRequest request, StreamObserver<CompleteUploadResponse> out) {
        replies.send(out, "CompleteUpload", () -> chunked.complete(request));
    }

    @Override
    public void abortUpload(AbortUploadRequest request, StreamObserver<AbortUploadResponse> out) {
        replies.send(out, "AbortUpload", () -> chunked.abort(request));
    }

    @Override
    public void delete(DeleteRequest request, StreamObserver<DeleteResponse> out) {
        replies.send(out, "Delete", () -> delete(request));
    }

    @Override
    public void copy(CopyRequest request, StreamObserver<CopyResponse> out) {
        replies.send(out, "Copy", () -> copy(request));
    }

    private CompletableFuture<DeleteResponse> delete(DeleteRequest request) {
        var user = UserId.of(request.getUser());
        var name = BlobName.of(request.getName());
        var requestId = Wire.requestId(request.getRequestId());
        var age = box.age(request.getRetryAgeMs());
        var condition =
                request.hasCondition() ? Requests.removalCondition(request.getCondition()) : Requests.NO_CONDITION;
        var payload = DeleteBlob.newBuilder()
                .setName(name.value())
                .setPrecondition(condition)
                .setVersionNonce(Writes.nonce())
                .setRequestDigest(RequestDigest.delete(name, condition))
                .build();
        Supplier<CompletableFuture<DeleteResponse>> removal =
                () -> box.forChanges(user, request.getShard()).thenCompose(shard -> {
                    age.check(box.stalls().now());
                    return shard.propose(Writes.proposal(RecordType.DELETE, user, requestId, payload))
                            .thenApply(committed -> removed(shard, committed));
                });
        return request.getStrict() ? strict.remove(removal) : removal.get();
    }

    private static DeleteResponse removed(ShardReplica shard, Committed committed) {
        if (committed.outcome().orThrow() instanceof Outcome.Removed removed) {
            return DeleteResponse.newBuilder()
                    .setExisted(removed.existed())
                    .setVersion(Wire.version(removed.version()))
                    .setSession(Writes.session(shard.id(), removed.at()))
                    .build();
        }
        throw new IllegalStateException("a DELETE ended with " + committed.outcome());
    }

    private CompletableFuture<CopyResponse> copy(CopyRequest request) {
        var task = CopyCall.Task.of(request, box.age(request.getRetryAgeMs()));
        return box.forBytes(task.user(), request.getShard())
                .thenCompose(taker -> new CopyCall(box, taker, task).run().thenApply(committed -> {
                    var stored = Writes.stored(taker.shard().id(), task.user(), task.name(), committed);
                    return CopyResponse.newBuilder()
                            .setHead(stored.head())
                            .addAllReplicas(stored.replicas())
                            .setSession(stored.session())
                            .build();
                }));
    }
}
