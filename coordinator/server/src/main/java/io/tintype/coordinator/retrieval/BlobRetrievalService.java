// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.retrieval;

import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.tintype.coordinator.route.Answers;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.proto.v1.BlobRetrievalGrpc;
import io.tintype.proto.v1.GetRequest;
import io.tintype.proto.v1.GetResponse;
import io.tintype.proto.v1.HeadRequest;
import io.tintype.proto.v1.HeadResponse;
import io.tintype.proto.v1.ListRequest;
import io.tintype.proto.v1.ListResponse;
import io.tintype.proto.v1.WatchHeadsRequest;
import io.tintype.proto.v1.WatchHeadsResponse;
import io.tintype.wire.Errors;
import org.jspecify.annotations.Nullable;

/** The gRPC face of {@link RetrievalGateway}: paces streams, and nothing else. */
public final class BlobRetrievalService extends BlobRetrievalGrpc.BlobRetrievalImplBase {
    private final RetrievalGateway gateway;

    /** Over a gateway. */
    public BlobRetrievalService(RetrievalGateway gateway) {
        this.gateway = gateway;
    }

    @Override
    public void get(GetRequest request, StreamObserver<GetResponse> out) {
        var call = (ServerCallStreamObserver<GetResponse>) out;
        try {
            var outgoing = new Outgoing(call);
            var stream = gateway.get(request, outgoing);
            call.setOnCancelHandler(() -> stream.cancel("the client gave up"));
            call.setOnReadyHandler(() -> outgoing.onReady(stream));
        } catch (TintypeException e) {
            call.onError(Errors.toWire(e));
        }
    }

    @Override
    public void head(HeadRequest request, StreamObserver<HeadResponse> out) {
        Answers.send(out, () -> gateway.head(request));
    }

    @Override
    public void list(ListRequest request, StreamObserver<ListResponse> out) {
        Answers.send(out, () -> gateway.list(request));
    }

    @Override
    public void watchHeads(WatchHeadsRequest request, StreamObserver<WatchHeadsResponse> out) {
        out.onError(Errors.toWire(new TintypeException(
                Reason.INVALID_ARGUMENT,
                "coordinators do not pass WatchHeads on; ask the storage node that leads shard "
                        + Integer.toUnsignedString(request.getShard()) + ", which the shard map names")));
    }

    /** One blob's messages to its client: the next one is asked for when the client's transport takes it. */
    static final class Outgoing implements GetStream.Listener<GetResponse> {
        private final ServerCallStreamObserver<GetResponse> call;
        private boolean asked; // guarded by this
        private @Nullable GetStream stream; // guarded by this

        Outgoing(ServerCallStreamObserver<GetResponse> call) {
            this.call = call;
        }

        void onReady(GetStream stream) {
            synchronized (this) {
                this.stream = stream;
                if (asked || !call.isReady()) {
                    return;
                }
                asked = true;
            }
            stream.demand();
        }

        @Override
        public void onMessage(GetResponse message) {
            if (call.isCancelled()) {
                return;
            }
            call.onNext(message); // which copies the bytes
            GetStream source;
            synchronized (this) {
                source = stream;
            }
            if (source == null) {
                return; // nobody asked for it
            }
            source.release(); // before onReady may demand the next one, whose bytes this would give back
            boolean more;
            synchronized (this) {
                asked = call.isReady();
                more = asked;
            }
            if (more) {
                source.demand();
            }
        }

        @Override
        public void onEnd() {
            if (!call.isCancelled()) {
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
