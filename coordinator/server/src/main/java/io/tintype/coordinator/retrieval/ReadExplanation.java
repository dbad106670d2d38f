// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.retrieval;

import io.tintype.coordinator.cache.Look;
import io.tintype.coordinator.cache.PieceChain;
import io.tintype.coordinator.cache.PieceSpec;
import io.tintype.coordinator.route.UnaryProxy;
import io.tintype.coordinator.route.UserRouter;
import io.tintype.model.NodeId;
import io.tintype.model.Reason;
import io.tintype.model.UserId;
import io.tintype.proto.v1.BlobRetrievalGrpc;
import io.tintype.proto.v1.Consistency;
import io.tintype.proto.v1.ExplainReadRequest;
import io.tintype.proto.v1.ExplainReadResponse;
import io.tintype.proto.v1.HeadLease;
import io.tintype.proto.v1.HeadRequest;
import io.tintype.proto.v1.HeadResponse;
import io.tintype.proto.v1.ReadLayer;
import io.tintype.proto.v1.ReadLayerState;
import io.tintype.proto.v1.ReadOptions;
import io.tintype.wire.Errors;
import io.tintype.wire.Wire;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * Tells which layer would answer a read: asks the node which version is current, as a linearizable read does, and then looks into
 * each layer for its first piece. Nothing is cached, counted or renewed by that. Thread-safe; never blocks.
 */
final class ReadExplanation {
    private static final String ORIGIN = "origin";
    private static final ReadOptions LINEARIZABLE = ReadOptions.newBuilder()
            .setConsistency(Consistency.CONSISTENCY_LINEARIZABLE)
            .build();

    private final UnaryProxy unary;
    private final OriginReads origin;
    private final UserRouter router;
    private final PieceChain chain;
    private final HeadLeases leases;
    private final String coordinator;

    ReadExplanation(
            UnaryProxy unary,
            OriginReads origin,
            UserRouter router,
            PieceChain chain,
            HeadLeases leases,
            String coordinator) {
        this.unary = unary;
        this.origin = origin;
        this.router = router;
        this.chain = chain;
        this.leases = leases;
        this.coordinator = coordinator;
    }

    CompletableFuture<ExplainReadResponse> of(ExplainReadRequest request) {
        var user = UserId.of(request.getUser());
        var answer = ExplainReadResponse.newBuilder().setCoordinator(coordinator);
        leases.peek(request.getUser(), request.getName()).ifPresent(found -> {
            var lease = HeadLease.newBuilder().setAgeMs(leases.ageMs(found));
            found.version().ifPresent(version -> lease.setVersion(Wire.version(version)));
            answer.setLease(lease);
        });
        long begun = System.nanoTime();
        return unary.read(
                        origin.route(user, LINEARIZABLE),
                        BlobRetrievalGrpc.getHeadMethod(),
                        shard -> HeadRequest.newBuilder()
                                .setUser(request.getUser())
                                .setName(request.getName())
                                .setShard(shard.value())
                                .setOptions(LINEARIZABLE)
                                .build())
                .exceptionallyCompose(failure -> Errors.fromWire(failure).reason() == Reason.BLOB_NOT_FOUND
                        ? CompletableFuture.completedFuture(HeadResponse.getDefaultInstance())
                        : CompletableFuture.failedFuture(failure))
                .thenCompose(head -> layers(user, head, Duration.ofNanos(System.nanoTime() - begun), answer));
    }

    private CompletableFuture<ExplainReadResponse> layers(
            UserId user, HeadResponse head, Duration took, ExplainReadResponse.Builder answer) {
        router.shard(user).ifPresent(shard -> {
            answer.setShard(shard.id().value()).setEpoch(shard.epoch());
            shard.primary().map(NodeId::value).ifPresent(answer::setPrimary);
            shard.replicas().forEach(node -> answer.addReplicas(node.value()));
        });
        var at = router.remembered(user).flatMap(router::primary).orElse("");
        boolean exists = head.hasHead();
        var state = exists ? Look.State.HELD : Look.State.NOT_HELD;
        var last = wire(new Look(ORIGIN, state, at, 0, took));
        if (!exists) {
            return CompletableFuture.completedFuture(answer.addLayers(last).build());
        }
        answer.setVersion(head.getHead().getVersion()).setSize(head.getHead().getSize());
        var looked = head.getHead().getSize() == 0
                ? CompletableFuture.completedFuture(List.<Look>of())
                : chain.look(PieceSpec.of(head.getHead(), 0), layer -> true);
        return looked.thenApply(looks -> {
            looks.forEach(look -> answer.addLayers(wire(look)));
            answer.addLayers(last);
            return answer.setAnsweredBy(looks.stream()
                            .filter(Look::isHeld)
                            .map(Look::layer)
                            .findFirst()
                            .orElse(ORIGIN))
                    .build();
        });
    }

    private static ReadLayer wire(Look look) {
        return ReadLayer.newBuilder()
                .setName(look.layer())
                .setState(
                        switch (look.state()) {
                            case HELD -> ReadLayerState.READ_LAYER_STATE_HELD;
                            case NOT_HELD -> ReadLayerState.READ_LAYER_STATE_NOT_HELD;
                            case DAMAGED -> ReadLayerState.READ_LAYER_STATE_DAMAGED;
                            case NOT_ASKED -> ReadLayerState.READ_LAYER_STATE_NOT_ASKED;
                            case UNREACHABLE -> ReadLayerState.READ_LAYER_STATE_UNREACHABLE;
                        })
                .setAt(look.at())
                .setAgeMs(look.ageMs())
                .setTookUs(look.took().toNanos() / 1_000)
                .build();
    }
}
