// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.control;

import io.grpc.CallOptions;
import io.grpc.MethodDescriptor;
import io.tintype.cluster.channel.ChannelSource;
import io.tintype.cluster.channel.UnaryCalls;
import io.tintype.cluster.map.ClusterView;
import io.tintype.model.NodeId;
import io.tintype.model.NodeInfo;
import io.tintype.model.Reason;
import io.tintype.model.ShardId;
import io.tintype.model.ShardInfo;
import io.tintype.model.TintypeException;
import io.tintype.proto.internal.v1.ForceShardRequest;
import io.tintype.proto.internal.v1.ForceShardResponse;
import io.tintype.proto.internal.v1.ShardOrdersGrpc;
import io.tintype.proto.internal.v1.TransferShardRequest;
import io.tintype.proto.internal.v1.TransferShardResponse;
import io.tintype.wire.Errors;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What this coordinator has storage nodes do with their shards: hand one over, or take one by force. Each order is written
 * to the log here and at the node. Thread-safe; never blocks.
 */
public final class ShardOrders {
    /** Longer than a storage node tries. */
    private static final Duration ANSWERED_WITHIN = Duration.ofSeconds(8);

    private static final Logger log = LoggerFactory.getLogger(ShardOrders.class);

    private final Supplier<ClusterView> view;
    private final ChannelSource channels;
    private final String clusterId;

    /** Over parts that outlive this object. */
    public ShardOrders(Supplier<ClusterView> view, ChannelSource channels, String clusterId) {
        this.view = view;
        this.channels = channels;
        this.clusterId = clusterId;
    }

    /**
     * A shard was handed over. Immutable.
     *
     * @param former who led before; the same as {@code primary} where nothing had to be done
     * @param primary who leads now
     * @param epoch in which it leads
     */
    public record Handed(NodeId former, NodeId primary, long epoch) {}

    /**
     * Has a shard led by another in-sync replica. Completes once that stands in ZooKeeper. Repeating it is harmless.
     *
     * <p>Fails with SHARD_NOT_FOUND, NODE_NOT_FOUND, NO_PRIMARY, NOT_PRIMARY (it changed meanwhile), WRONG_STATE (such as:
     * that node is not in sync), UNAVAILABLE.
     *
     * @param to who is to lead; empty: the in-sync replica that has caught up most
     */
    public CompletableFuture<Handed> transfer(ShardId id, Optional<NodeId> to) {
        var shard = shard(id);
        to.ifPresent(this::node);
        var primary = shard.primary()
                .orElseThrow(() -> new TintypeException(
                        Reason.NO_PRIMARY, "Shard " + id + " has no primary at the moment; one is being elected."));
        log.info(
                "audit: shard {}, led by {}, is to be led by {}",
                id,
                primary,
                to.map(NodeId::value).orElse("another node"));
        var request = TransferShardRequest.newBuilder()
                .setClusterId(clusterId)
                .setShard(id.value())
                .setTo(to.map(NodeId::value).orElse(""))
                .build();
        return transfer(primary, request).exceptionallyCompose(failure -> {
            // The map here may be older than what the node knows.
            var hint = hint(failure).filter(node -> !node.equals(primary));
            return hint.isPresent() ? transfer(hint.get(), request) : CompletableFuture.failedFuture(failure);
        });
    }

    private CompletableFuture<Handed> transfer(NodeId primary, TransferShardRequest request) {
        return call(primary, ShardOrdersGrpc.getTransferShardMethod(), request)
                .thenApply((TransferShardResponse answer) ->
                        new Handed(primary, new NodeId(answer.getPrimary()), answer.getEpoch()));
    }

    private static Optional<NodeId> hint(Throwable failure) {
        var cause = failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        return cause instanceof TintypeException refusal && refusal.reason() == Reason.NOT_PRIMARY
                ? Optional.ofNullable(refusal.details().get(TintypeException.PRIMARY))
                        .map(NodeId::new)
                : Optional.empty();
    }

    /**
     * Makes one replica primary by force: acknowledged writes that it lacks are lost. The epoch in which it leads.
     *
     * <p>Fails with INVALID_ARGUMENT, SHARD_NOT_FOUND, NODE_NOT_FOUND, WRONG_STATE (such as: the shard is led), UNAVAILABLE.
     *
     * @param confirmed the shard's id once more
     */
    public CompletableFuture<Long> force(ShardId id, int confirmed, NodeId on) {
        var shard = shard(id);
        node(on);
        if (confirmed != id.value()) {
            throw new TintypeException(
                    Reason.INVALID_ARGUMENT,
                    "Shard " + id + " is not taken by force: its id was to be said twice, and the second was "
                            + Integer.toUnsignedString(confirmed) + ".");
        }
        if (!shard.replicas().contains(on)) {
            throw new TintypeException(
                    Reason.WRONG_STATE,
                    "Node " + on + " holds no replica of shard " + id + ": " + shard.replicas() + " do.");
        }
        log.warn("audit: shard {} is to be led by {} by force; writes that it lacks are lost", id, on);
        var request = ForceShardRequest.newBuilder()
                .setClusterId(clusterId)
                .setShard(id.value())
                .setConfirmShard(confirmed)
                .build();
        return call(on, ShardOrdersGrpc.getForceShardMethod(), request).thenApply(ForceShardResponse::getEpoch);
    }

    private ShardInfo shard(ShardId id) {
        return view.get()
                .map()
                .shard(id)
                .orElseThrow(() -> new TintypeException(Reason.SHARD_NOT_FOUND, "There is no shard " + id + "."));
    }

    private NodeInfo node(NodeId id) {
        return view.get()
                .map()
                .node(id)
                .orElseThrow(() -> new TintypeException(Reason.NODE_NOT_FOUND, "There is no node " + id + "."));
    }

    private <Q, A> CompletableFuture<A> call(NodeId at, MethodDescriptor<Q, A> method, Q request) {
        var address = node(at).peerAddress();
        if (address.isEmpty()) {
            throw new TintypeException(
                    Reason.UNAVAILABLE, "The address of node " + at + " is not known: it was never live.");
        }
        var options = CallOptions.DEFAULT.withDeadlineAfter(ANSWERED_WITHIN.toMillis(), TimeUnit.MILLISECONDS);
        return UnaryCalls.start(channels.to(address), method, options, request)
                .exceptionallyCompose(failure -> CompletableFuture.failedFuture(Errors.fromWire(failure)));
    }
}
