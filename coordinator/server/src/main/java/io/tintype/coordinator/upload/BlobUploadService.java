// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.upload;

import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.tintype.coordinator.route.Answers;
import io.tintype.model.BlobName;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
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
import io.tintype.wire.Errors;
import io.tintype.wire.Wire;
import org.jspecify.annotations.Nullable;

/** The gRPC face of {@link UploadGateway}: paces streams, and nothing else. */
public final class BlobUploadService extends BlobUploadGrpc.BlobUploadImplBase {
    private final UploadGateway gateway;

    /** Over a gateway. */
    public BlobUploadService(UploadGateway gateway) {
        this.gateway = gateway;
    }

    @Override
    public StreamObserver<PutRequest> put(StreamObserver<PutResponse> out) {
        var call = (ServerCallStreamObserver<PutResponse>) out;
        call.disableAutoRequest();
        call.request(1);
        var incoming = new Incoming(call);
        call.setOnCancelHandler(() -> incoming.onCancelled());
        return incoming;
    }

    @Override
    public void startUpload(StartUploadRequest request, StreamObserver<StartUploadResponse> out) {
        Answers.send(out, request.getHeader().getRequestId(), () -> {
            gateway.check(request.getHeader());
            return gateway.change(
                    request.getHeader().getUser(),
                    BlobUploadGrpc.getStartUploadMethod(),
                    shard -> request.toBuilder()
                            .setHeader(request.getHeader().toBuilder().setShard(shard.value()))
                            .build());
        });
    }

    @Override
    public void putChunk(PutChunkRequest request, StreamObserver<PutChunkResponse> out) {
        Answers.send(out, () -> gateway.putChunk(request));
    }

    @Override
    public void getUpload(GetUploadRequest request, StreamObserver<GetUploadResponse> out) {
        Answers.send(out, () -> {
            Wire.uploadId(request.getUploadId());
            return gateway.change(
                    request.getUser(),
                    BlobUploadGrpc.getGetUploadMethod(),
                    shard -> request.toBuilder().setShard(shard.value()).build());
        });
    }

    @Override
    public void completeUpload(CompleteUploadRequest request, StreamObserver<CompleteUploadResponse> out) {
        Answers.send(out, request.getHeader().getRequestId(), () -> {
            gateway.check(request.getHeader());
            Wire.uploadId(request.getUploadId());
            return gateway.change(
                    request.getHeader().getUser(),
                    BlobUploadGrpc.getCompleteUploadMethod(),
                    shard -> request.toBuilder()
                            .setHeader(request.getHeader().toBuilder().setShard(shard.value()))
                            .build());
        });
    }

    @Override
    public void abortUpload(AbortUploadRequest request, StreamObserver<AbortUploadResponse> out) {
        Answers.send(out, () -> {
            Wire.uploadId(request.getUploadId());
            return gateway.change(
                    request.getUser(),
                    BlobUploadGrpc.getAbortUploadMethod(),
                    shard -> request.toBuilder().setShard(shard.value()).build());
        });
    }

    @Override
    public void delete(DeleteRequest request, StreamObserver<DeleteResponse> out) {
        Answers.send(out, request.getRequestId(), () -> gateway.delete(request));
    }

    @Override
    public void copy(CopyRequest request, StreamObserver<CopyResponse> out) {
        Answers.send(out, request.getRequestId(), () -> {
            BlobName.of(request.getSourceName());
            BlobName.of(request.getName());
            Wire.requestId(request.getRequestId());
            return gateway.change(
                    request.getUser(),
                    BlobUploadGrpc.getCopyMethod(),
                    shard -> request.toBuilder().setShard(shard.value()).build());
        });
    }

    /** One upload's messages from its client. gRPC calls it one at a time. */
    private final class Incoming implements StreamObserver<PutRequest>, PutStream.Listener {
        private final ServerCallStreamObserver<PutResponse> call;
        private volatile @Nullable PutStream stream;
        private boolean refused;

        Incoming(ServerCallStreamObserver<PutResponse> call) {
            this.call = call;
        }

        @Override
        public void onNext(PutRequest message) {
            var begun = stream;
            if (begun != null) {
                begun.send(message);
                return;
            }
            try {
                stream = gateway.put(message, this);
            } catch (TintypeException e) {
                refused = true;
                call.onError(Errors.toWire(e));
            }
        }

        @Override
        public void onCompleted() {
            var begun = stream;
            if (begun != null) {
                begun.end();
            } else if (!refused) {
                onFailed(new TintypeException(
                        Reason.INCOMPLETE_UPLOAD, "The stream ended before its first message. Nothing was stored."));
            }
        }

        @Override
        public void onError(Throwable failure) {
            onCancelled();
        }

        void onCancelled() {
            var begun = stream;
            if (begun != null) {
                begun.cancel("the client gave up");
            }
        }

        @Override
        public void onDemand() {
            call.request(1);
        }

        @Override
        public void onStored(PutResponse response) {
            if (!call.isCancelled()) {
                call.onNext(response);
                call.onCompleted();
            }
        }

        @Override
        public void onFailed(TintypeException failure) {
            if (!call.isCancelled()) {
                call.onError(Errors.toWire(failure));
            }
        }
    }
}
