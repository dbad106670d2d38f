// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.cache;

import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.tintype.model.BlobName;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.model.UserId;
import io.tintype.model.Version;
import io.tintype.proto.internal.v1.CachePeerGrpc;
import io.tintype.proto.internal.v1.GetPieceRequest;
import io.tintype.proto.internal.v1.GetPieceResponse;
import io.tintype.wire.Errors;
import java.util.OptionalInt;

/** Yields pieces to other coordinators, from every layer but those others. Thread-safe; never blocks. */
public final class CachePeerService extends CachePeerGrpc.CachePeerImplBase {
    private final PieceChain chain;
    private final String clusterId;

    /** Over a chain that outlives this object. */
    public CachePeerService(PieceChain chain, String clusterId) {
        this.chain = chain;
        this.clusterId = clusterId;
    }

    @Override
    public void getPiece(GetPieceRequest request, StreamObserver<GetPieceResponse> out) {
        var call = (ServerCallStreamObserver<GetPieceResponse>) out;
        try {
            var unused = chain.find(spec(request), layer -> !(layer instanceof PeerLayer))
                    .whenComplete((piece, failure) -> {
                        if (failure != null) {
                            call.onError(Errors.toWire(failure));
                            return;
                        }
                        if (!call.isCancelled()) {
                            call.onNext(GetPieceResponse.newBuilder()
                                    .setData(piece.bytes(0, piece.length()))
                                    .setCrc32C(piece.crc())
                                    .build()); // which copies the bytes
                            call.onCompleted();
                        }
                        piece.release();
                    });
        } catch (TintypeException refused) {
            call.onError(Errors.toWire(refused));
        }
    }

    private PieceSpec spec(GetPieceRequest request) {
        require(
                request.getProtocol() == Peers.PROTOCOL,
                "The peer speaks version " + request.getProtocol() + " of the cache protocol, this one "
                        + Peers.PROTOCOL + ".");
        require(request.getClusterId().equals(clusterId), "The peer belongs to another cluster.");
        require(
                request.getLength() >= 1 && request.getLength() <= PieceKey.BYTES && request.getIndex() >= 0,
                "A piece has 1 to " + PieceKey.BYTES + " bytes.");
        var key = new PieceKey(
                UserId.of(request.getUser()).value(),
                BlobName.of(request.getName()).value(),
                new Version(request.getVersionNumber(), request.getVersionNonce()),
                request.getIndex());
        return new PieceSpec(key, request.getLength(), OptionalInt.empty());
    }

    private static void require(boolean holds, String otherwise) {
        if (!holds) {
            throw new TintypeException(Reason.INVALID_ARGUMENT, otherwise);
        }
    }
}
