// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.cache;

import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.tintype.coordinator.route.Answers;
import io.tintype.model.BlobName;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.model.UserId;
import io.tintype.model.Version;
import io.tintype.proto.internal.v1.CachePeerGrpc;
import io.tintype.proto.internal.v1.CountUserRequest;
import io.tintype.proto.internal.v1.CountUserResponse;
import io.tintype.proto.internal.v1.ForgetUserRequest;
import io.tintype.proto.internal.v1.ForgetUserResponse;
import io.tintype.proto.internal.v1.GetPieceRequest;
import io.tintype.proto.internal.v1.GetPieceResponse;
import io.tintype.proto.internal.v1.UserHolding;
import io.tintype.wire.Errors;
import java.util.OptionalInt;
import java.util.function.Consumer;

/**
 * Yields pieces to other coordinators, from every layer but those others; tells them what is kept of a user, and forgets him.
 * Thread-safe; never blocks.
 */
public final class CachePeerService extends CachePeerGrpc.CachePeerImplBase {
    private final PieceChain chain;
    private final String clusterId;
    private final Consumer<String> forgetHeads;

    /**
     * Over a chain that outlives this object.
     *
     * @param forgetHeads forgets which versions of a user's blobs are current
     */
    public CachePeerService(PieceChain chain, String clusterId, Consumer<String> forgetHeads) {
        this.chain = chain;
        this.clusterId = clusterId;
        this.forgetHeads = forgetHeads;
    }

    @Override
    public void getPiece(GetPieceRequest request, StreamObserver<GetPieceResponse> out) {
        var call = (ServerCallStreamObserver<GetPieceResponse>) out;
        try {
            if (request.getProbe()) {
                probe(spec(request), out);
                return;
            }
            var unused = chain.find(spec(request), layer -> !(layer instanceof PeerLayer))
                    .whenComplete((piece, failure) -> {
                        if (failure != null) {
                            call.onError(Errors.toWire(failure));
                            return;
                        }
                        try {
                            if (!call.isCancelled()) {
                                call.onNext(GetPieceResponse.newBuilder()
                                        .setData(piece.bytes())
                                        .setCrc32C(piece.crc())
                                        .build()); // which copies the bytes
                                call.onCompleted();
                            }
                        } finally {
                            piece.release();
                        }
                    });
        } catch (TintypeException refused) {
            call.onError(Errors.toWire(refused));
        }
    }

    private void probe(PieceSpec spec, StreamObserver<GetPieceResponse> out) {
        Answers.send(
                out,
                () -> chain.look(spec, layer -> !(layer instanceof PeerLayer))
                        .thenApply(looks -> looks.stream()
                                .filter(Look::isHeld)
                                .findFirst()
                                .map(held -> GetPieceResponse.newBuilder()
                                        .setHeldIn(held.layer())
                                        .setAgeMs(held.ageMs())
                                        .build())
                                .orElse(GetPieceResponse.getDefaultInstance())));
    }

    @Override
    public void countUser(CountUserRequest request, StreamObserver<CountUserResponse> out) {
        Answers.send(out, () -> {
            requireCluster(request.getClusterId());
            return chain.holdings(UserId.of(request.getUser()).value()).thenApply(all -> {
                var answer = CountUserResponse.newBuilder();
                all.forEach(holding -> answer.addHoldings(UserHolding.newBuilder()
                        .setLayer(holding.layer())
                        .setPieces(holding.pieces())
                        .setBytes(holding.bytes())));
                return answer.build();
            });
        });
    }

    @Override
    public void forgetUser(ForgetUserRequest request, StreamObserver<ForgetUserResponse> out) {
        Answers.send(out, () -> {
            requireCluster(request.getClusterId());
            var user = UserId.of(request.getUser()).value();
            forgetHeads.accept(user);
            return chain.forget(user).thenApply(done -> ForgetUserResponse.getDefaultInstance());
        });
    }

    private void requireCluster(String other) {
        require(other.equals(clusterId), "The peer belongs to another cluster.");
    }

    private PieceSpec spec(GetPieceRequest request) {
        require(
                request.getProtocol() == Peers.PROTOCOL,
                "The peer speaks version " + request.getProtocol() + " of the cache protocol, this one "
                        + Peers.PROTOCOL + ".");
        requireCluster(request.getClusterId());
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
