// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.tintype.checksum.Crc32c;
import io.tintype.client.internal.ClientCore;
import io.tintype.client.internal.UserCall;
import io.tintype.client.internal.UserCall.Kind;
import io.tintype.model.RequestId;
import io.tintype.model.UploadId;
import io.tintype.proto.v1.AbortUploadRequest;
import io.tintype.proto.v1.AbortUploadResponse;
import io.tintype.proto.v1.BlobUploadGrpc;
import io.tintype.proto.v1.CompleteUploadRequest;
import io.tintype.proto.v1.CompleteUploadResponse;
import io.tintype.proto.v1.GetUploadRequest;
import io.tintype.proto.v1.GetUploadResponse;
import io.tintype.proto.v1.PutChunkRequest;
import io.tintype.proto.v1.PutFinish;
import io.tintype.proto.v1.PutHeader;
import io.tintype.proto.v1.StartUploadRequest;
import io.tintype.proto.v1.StartUploadResponse;
import io.tintype.wire.Wire;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The calls of uploads in chunks. Thread-safe. */
final class UploadCalls {
    private final ClientCore core;
    private final Consumer<CompleteUploadResponse> completed;

    /** @param completed is told of each upload that became a blob, before its caller is */
    UploadCalls(ClientCore core, Consumer<CompleteUploadResponse> completed) {
        this.core = core;
        this.completed = completed;
    }

    CompletableFuture<StartUploadResponse> start(PutHeader header) {
        return core.call(new UserCall<>(
                BlobUploadGrpc.getStartUploadMethod(),
                header.getUser(),
                (target, ageMs) -> StartUploadRequest.newBuilder()
                        .setHeader(header.toBuilder().setShard(target.shard()))
                        .build(),
                Kind.CHANGE,
                null));
    }

    /** Stages a chunk, which is not copied; answers its checksum. */
    CompletableFuture<Integer> putChunk(String user, UploadId id, int index, byte[] bytes) {
        ByteString data = UnsafeByteOperations.unsafeWrap(bytes);
        int crc = Crc32c.of(bytes);
        return core.call(new UserCall<>(
                        BlobUploadGrpc.getPutChunkMethod(),
                        user,
                        (target, ageMs) -> PutChunkRequest.newBuilder()
                                .setUser(user)
                                .setUploadId(Wire.bytes(id))
                                .setIndex(index)
                                .setData(data)
                                .setCrc32C(crc)
                                .setShard(target.shard())
                                .build(),
                        Kind.CHANGE,
                        null))
                .thenApply(answer -> crc);
    }

    CompletableFuture<GetUploadResponse> get(String user, UploadId id) {
        return core.call(new UserCall<>(
                BlobUploadGrpc.getGetUploadMethod(),
                user,
                (target, ageMs) -> GetUploadRequest.newBuilder()
                        .setUser(user)
                        .setUploadId(Wire.bytes(id))
                        .setShard(target.shard())
                        .build(),
                Kind.READ,
                null));
    }

    CompletableFuture<CompleteUploadResponse> complete(
            PutHeader header, UploadId id, PutFinish finish, RequestId requestId, @Nullable Duration timeout) {
        return core.call(new UserCall<>(
                        BlobUploadGrpc.getCompleteUploadMethod(),
                        header.getUser(),
                        (target, ageMs) -> CompleteUploadRequest.newBuilder()
                                .setHeader(header.toBuilder()
                                        .setShard(target.shard())
                                        .setRetryAgeMs(ageMs)
                                        .setSize(finish.getSize()))
                                .setUploadId(Wire.bytes(id))
                                .setFinish(finish)
                                .build(),
                        Kind.LONG_CHANGE,
                        requestId,
                        Duration.ofMillis(header.getRetryAgeMs()),
                        timeout))
                .whenComplete((answer, thrown) -> {
                    if (answer != null) {
                        completed.accept(answer);
                    }
                });
    }

    CompletableFuture<AbortUploadResponse> abort(String user, UploadId id) {
        return core.call(new UserCall<>(
                BlobUploadGrpc.getAbortUploadMethod(),
                user,
                (target, ageMs) -> AbortUploadRequest.newBuilder()
                        .setUser(user)
                        .setUploadId(Wire.bytes(id))
                        .setShard(target.shard())
                        .build(),
                Kind.CHANGE,
                null));
    }
}
