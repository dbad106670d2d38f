// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.balance;

import io.grpc.CallOptions;
import io.grpc.Context;
import io.grpc.Context.CancellableContext;
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
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * Finds out whether replicas hold the same: digests of all at the very same record, and every chunk read of those that are to
 * be proved. What is asked of nodes ends with the answer: when somebody cancels it, when a node fails, and when this process
 * ends, nodes stop to digest. Thread-safe; never blocks.
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

    /**
     * Compares. Fails where no verdict can be given now; asking again later is right then. Cancel it where nobody waits for it.
     *
     * @param known a replica that certainly holds everything
     * @param newcomer the one to verify
     */
    CompletableFuture<Verdict> compare(ShardId shard, NodeId known, NodeId newcomer) {
        var asked = Context.current().withCancellation();
        return bound(
                seen(asked, shard, List.of(known, newcomer), List.of(), Set.of(newcomer))
                        .thenApply(seen -> verdict(known, newcomer, of(known, seen), of(newcomer, seen))),
                asked);
    }

    /**
     * What replicas hold at the very same record. Fails where they cannot be brought to one now. Cancel it where nobody waits for
     * it.
     *
     * @param nodes whose replicas; the first leads, or holds everything for certain
     * @param copies further nodes, whose replicas may lag: those that are not at that record within a second are left out
     * @param readChunks whether they read all their chunks and verify their checksums
     */
    CompletableFuture<Map<NodeId, DigestReplicaResponse>> look(
            ShardId shard, List<NodeId> nodes, List<NodeId> copies, boolean readChunks) {
        var asked = Context.current().withCancellation();
        var reading = new HashSet<NodeId>();
        if (readChunks) {
            reading.addAll(nodes);
            reading.addAll(copies);
        }
        return bound(seen(asked, shard, nodes, copies, reading), asked);
    }

    private static <T> T of(NodeId node, Map<NodeId, T> all) {
        return Objects.requireNonNull(all.get(node));
    }

    /** Calls that were asked for an answer end with it. */
    private static <T> CompletableFuture<T> bound(CompletableFuture<T> answer, CancellableContext asked) {
        var unused = answer.whenComplete((given, failure) -> asked.cancel(failure));
        return answer;
    }

    private CompletableFuture<Map<NodeId, DigestReplicaResponse>> seen(
            CancellableContext asked, ShardId shard, List<NodeId> nodes, List<NodeId> copies, Set<NodeId> reading) {
        return pin(asked, shard, nodes, copies, 0, 1).thenCompose(pins -> {
            var seen = new ConcurrentHashMap<NodeId, DigestReplicaResponse>();
            var digests = pins.entrySet().stream().map(pin -> {
                var node = pin.getKey();
                var digest = digest(asked, node, pin.getValue(), reading.contains(node))
                        .thenAccept(found -> seen.put(node, found));
                if (!nodes.contains(node)) {
                    return digest.exceptionally(failure -> null); // it was not seen then
                }
                // Where it fails, the others need not go on.
                return digest.whenComplete((done, failure) -> {
                    if (failure != null) {
                        asked.cancel(failure);
                    }
                });
            });
            return CompletableFuture.allOf(digests.toArray(CompletableFuture[]::new))
                    .thenApply(done -> Map.copyOf(seen));
        });
    }

    private static Verdict verdict(NodeId known, NodeId newcomer, DigestReplicaResponse a, DigestReplicaResponse b) {
        if (b.getBadChunks() > 0) {
            return new Verdict(
                    false, b.getBadChunks() + " of " + b.getChunks() + " chunks are not whole on " + newcomer);
        }
        boolean same = isSame(a, b);
        return new Verdict(
                same,
                same
                        ? b.getEntries() + " entries and " + b.getChunks() + " chunks are the same as on " + known
                                + " at record " + b.getSequence()
                        : "what " + newcomer + " holds differs from " + known + " at record " + b.getSequence());
    }

    /** Whether two replicas hold the same. */
    static boolean isSame(DigestReplicaResponse a, DigestReplicaResponse b) {
        return a.getSequence() == b.getSequence()
                && a.getDigest().equals(b.getDigest())
                && a.getEntries() == b.getEntries();
    }

    /** Pins all at one record that is a little ahead of what is applied: ever further ahead, the busier the shard is. */
    private CompletableFuture<Map<NodeId, PinReplicaResponse>> pin(
            CancellableContext asked, ShardId shard, List<NodeId> nodes, List<NodeId> copies, long ahead, int attempt) {
        var describe = DescribeReplicaRequest.newBuilder()
                .setClusterId(clusterId)
                .setShard(shard.value())
                .build();
        return call(asked, nodes.get(0), ReplicationGrpc.getDescribeReplicaMethod(), describe, CALL_MS)
                .thenCompose(found -> {
                    var request = PinReplicaRequest.newBuilder()
                            .setClusterId(clusterId)
                            .setShard(shard.value())
                            .setAtSequence(found.getAppliedSequence() + ahead)
                            .build();
                    return pinned(asked, nodes, copies, request);
                })
                .thenCompose(pins -> {
                    long at = of(nodes.get(0), pins).getSequence();
                    var elsewhere = new HashMap<>(pins);
                    elsewhere.values().removeIf(pin -> pin.getSequence() == at);
                    if (nodes.stream().noneMatch(elsewhere::containsKey)) {
                        elsewhere.forEach(this::drop);
                        var here = new HashMap<>(pins);
                        here.keySet().removeAll(elsewhere.keySet());
                        return CompletableFuture.completedFuture(here);
                    }
                    pins.forEach(this::drop);
                    if (attempt >= TRIES) {
                        throw new TintypeException(
                                Reason.UNAVAILABLE,
                                "shard " + shard + ": " + nodes
                                        + " could not be looked at at the same record; try again");
                    }
                    var answering = copies.stream().filter(pins::containsKey).toList();
                    return pin(asked, shard, nodes, answering, ahead == 0 ? 1 : ahead * STEP, attempt + 1);
                });
    }

    /** The pins of all nodes, or of none; and of those copies that answer. */
    private CompletableFuture<Map<NodeId, PinReplicaResponse>> pinned(
            CancellableContext asked, List<NodeId> nodes, List<NodeId> copies, PinReplicaRequest request) {
        var made = new ConcurrentHashMap<NodeId, PinReplicaResponse>();
        Function<NodeId, CompletableFuture<Void>> pin =
                node -> call(asked, node, NodeReportsGrpc.getPinReplicaMethod(), request, CALL_MS)
                        .thenAccept(answer -> made.put(node, answer));
        var answers = Stream.concat(
                nodes.stream().map(pin), copies.stream().map(pin).map(answer -> answer.exceptionally(failure -> null)));
        return CompletableFuture.allOf(answers.toArray(CompletableFuture[]::new))
                .whenComplete((done, failure) -> {
                    if (failure != null) {
                        made.forEach(this::drop);
                    }
                })
                .thenApply(done -> Map.copyOf(made));
    }

    private CompletableFuture<DigestReplicaResponse> digest(
            CancellableContext asked, NodeId node, PinReplicaResponse pin, boolean readChunks) {
        var request = DigestReplicaRequest.newBuilder()
                .setClusterId(clusterId)
                .setPin(pin.getPin())
                .setReadChunks(readChunks)
                .build();
        long deadlineMs = TimeUnit.HOURS.toMillis(DIGEST_HOURS);
        return call(asked, node, NodeReportsGrpc.getDigestReplicaMethod(), request, deadlineMs);
    }

    private void drop(NodeId node, PinReplicaResponse pin) {
        var request = DigestReplicaRequest.newBuilder()
                .setClusterId(clusterId)
                .setPin(pin.getPin())
                .setDrop(true)
                .build();
        var unused = call(Context.ROOT, node, NodeReportsGrpc.getDigestReplicaMethod(), request, CALL_MS);
    }

    private <Q, R> CompletableFuture<R> call(
            Context asked, NodeId node, MethodDescriptor<Q, R> method, Q request, long deadlineMs) {
        var address = view.get().map().node(node).map(NodeInfo::peerAddress).orElse("");
        if (address.isEmpty()) {
            return CompletableFuture.failedFuture(
                    new TintypeException(Reason.UNAVAILABLE, "the address of node " + node + " is not known"));
        }
        var options = CallOptions.DEFAULT.withDeadlineAfter(deadlineMs, TimeUnit.MILLISECONDS);
        var before = asked.attach();
        try {
            return UnaryCalls.start(channels.to(address), method, options, request);
        } finally {
            asked.detach(before);
        }
    }
}
