// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.balance;

import io.grpc.CallOptions;
import io.grpc.MethodDescriptor;
import io.tintype.cluster.channel.ChannelSource;
import io.tintype.cluster.channel.UnaryCalls;
import io.tintype.cluster.map.ClusterView;
import io.tintype.model.NodeId;
import io.tintype.model.NodeInfo;
import io.tintype.model.Reason;
import io.tintype.model.ShardId;
import io.tintype.model.TintypeException;
import io.tintype.proto.internal.v1.DescribeReplicaRequest;
import io.tintype.proto.internal.v1.DigestReplicaRequest;
import io.tintype.proto.internal.v1.DigestReplicaResponse;
import io.tintype.proto.internal.v1.NodeReportsGrpc;
import io.tintype.proto.internal.v1.PinReplicaRequest;
import io.tintype.proto.internal.v1.PinReplicaResponse;
import io.tintype.proto.internal.v1.ReplicationGrpc;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Finds out whether two replicas hold the same: digests of both at the very same record, and every chunk of the newer one
 * read. Thread-safe; never blocks.
 */
final class Verifier {
    private static final long CALL_MS = 5_000;
    private static final long DIGEST_HOURS = 6;
    private static final int TRIES = 8;
    private static final int STEP = 4;

    private final Supplier<ClusterView> view;
    private final ChannelSource channels;
    private final String clusterId;

    Verifier(Supplier<ClusterView> view, ChannelSource channels, String clusterId) {
        this.view = view;
        this.channels = channels;
        this.clusterId = clusterId;
    }

    /**
     * What came of it. Immutable.
     *
     * @param same whether both hold the same, and all chunks of the newcomer are whole
     * @param text for people
     */
    record Verdict(boolean same, String text) {}

    private record Pins(PinReplicaResponse ours, PinReplicaResponse theirs) {}

    /**
     * Compares. Fails where no verdict can be given now; asking again later is right then.
     *
     * @param known a replica that certainly holds everything
     * @param newcomer the one to verify
     */
    CompletableFuture<Verdict> compare(ShardId shard, NodeId known, NodeId newcomer) {
        return pin(shard, known, newcomer, 0, 1).thenCompose(pins -> {
            var ours = digest(known, pins.ours(), false);
            var theirs = digest(newcomer, pins.theirs(), true);
            return ours.thenCombine(theirs, (a, b) -> verdict(known, newcomer, a, b));
        });
    }

    private static Verdict verdict(NodeId known, NodeId newcomer, DigestReplicaResponse a, DigestReplicaResponse b) {
        if (b.getBadChunks() > 0) {
            return new Verdict(
                    false, b.getBadChunks() + " of " + b.getChunks() + " chunks are not whole on " + newcomer);
        }
        boolean same = a.getSequence() == b.getSequence()
                && a.getDigest().equals(b.getDigest())
                && a.getEntries() == b.getEntries();
        return new Verdict(
                same,
                same
                        ? b.getEntries() + " entries and " + b.getChunks() + " chunks are the same as on " + known
                                + " at record " + b.getSequence()
                        : "what " + newcomer + " holds differs from " + known + " at record " + b.getSequence());
    }

    /** Pins both at one record that is a little ahead of what is applied: ever further ahead, the busier the shard is. */
    private CompletableFuture<Pins> pin(ShardId shard, NodeId known, NodeId newcomer, long ahead, int attempt) {
        var describe = DescribeReplicaRequest.newBuilder()
                .setClusterId(clusterId)
                .setShard(shard.value())
                .build();
        return call(known, ReplicationGrpc.getDescribeReplicaMethod(), describe, CALL_MS)
                .thenCompose(found -> {
                    var request = PinReplicaRequest.newBuilder()
                            .setClusterId(clusterId)
                            .setShard(shard.value())
                            .setAtSequence(found.getAppliedSequence() + ahead)
                            .build();
                    return call(known, NodeReportsGrpc.getPinReplicaMethod(), request, CALL_MS)
                            .thenCombine(
                                    call(newcomer, NodeReportsGrpc.getPinReplicaMethod(), request, CALL_MS), Pins::new);
                })
                .thenCompose(pins -> {
                    if (pins.ours().getSequence() == pins.theirs().getSequence()) {
                        return CompletableFuture.completedFuture(pins);
                    }
                    drop(known, pins.ours());
                    drop(newcomer, pins.theirs());
                    if (attempt >= TRIES) {
                        throw new TintypeException(
                                Reason.UNAVAILABLE,
                                "shard " + shard + ": " + known + " and " + newcomer
                                        + " could not be looked at at the same record; trying again");
                    }
                    return pin(shard, known, newcomer, ahead == 0 ? 1 : ahead * STEP, attempt + 1);
                });
    }

    private CompletableFuture<DigestReplicaResponse> digest(NodeId node, PinReplicaResponse pin, boolean readChunks) {
        var request = DigestReplicaRequest.newBuilder()
                .setClusterId(clusterId)
                .setPin(pin.getPin())
                .setReadChunks(readChunks)
                .build();
        return call(node, NodeReportsGrpc.getDigestReplicaMethod(), request, TimeUnit.HOURS.toMillis(DIGEST_HOURS));
    }

    private void drop(NodeId node, PinReplicaResponse pin) {
        var request = DigestReplicaRequest.newBuilder()
                .setClusterId(clusterId)
                .setPin(pin.getPin())
                .setDrop(true)
                .build();
        var unused = call(node, NodeReportsGrpc.getDigestReplicaMethod(), request, CALL_MS);
    }

    private <Q, R> CompletableFuture<R> call(NodeId node, MethodDescriptor<Q, R> method, Q request, long deadlineMs) {
        var address = view.get().map().node(node).map(NodeInfo::peerAddress).orElse("");
        if (address.isEmpty()) {
            return CompletableFuture.failedFuture(
                    new TintypeException(Reason.UNAVAILABLE, "the address of node " + node + " is not known"));
        }
        var options = CallOptions.DEFAULT.withDeadlineAfter(deadlineMs, TimeUnit.MILLISECONDS);
        return UnaryCalls.start(channels.to(address), method, options, request);
    }
}
