// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.users;

import io.grpc.CallOptions;
import io.grpc.Status;
import io.tintype.cluster.channel.ChannelSource;
import io.tintype.cluster.channel.UnaryCalls;
import io.tintype.cluster.map.ClusterView;
import io.tintype.coordinator.route.InBatches;
import io.tintype.model.NodeInfo;
import io.tintype.model.ShardInfo;
import io.tintype.model.UserId;
import io.tintype.proto.internal.v1.FindUserRequest;
import io.tintype.proto.internal.v1.FindUserResponse;
import io.tintype.proto.internal.v1.UserDataGrpc;
import io.tintype.proto.internal.v1.UserTrace;
import io.tintype.wire.Errors;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** Asks every node what it has of a user. Thread-safe; never blocks. */
public final class Traces {
    private static final Duration ANSWERS_WITHIN = Duration.ofSeconds(3);

    private final Supplier<ClusterView> view;
    private final ChannelSource channels;
    private final String clusterId;

    /** Over parts that outlive this object. */
    public Traces(Supplier<ClusterView> view, ChannelSource channels, String clusterId) {
        this.view = view;
        this.channels = channels;
        this.clusterId = clusterId;
    }

    /**
     * What one node said.
     *
     * @param error why it did not; empty: it answered
     */
    record OfNode(NodeInfo node, FindUserResponse answer, String error) {}

    /**
     * What a replica has.
     *
     * @param node where it stands
     */
    record Found(NodeInfo node, UserTrace trace) {}

    /**
     * What all nodes said.
     *
     * @param nodes one by one
     * @param complete whether the primary of every shard of a pool was among those that answered
     */
    record All(List<OfNode> nodes, boolean complete) {
        All {
            nodes = List.copyOf(nodes);
        }

        /** Replicas of shards of pools that have something of him. */
        Stream<Found> blobs() {
            return nodes.stream()
                    .flatMap(node -> node.answer().getTracesList().stream()
                            .filter(trace -> !trace.hasEntry())
                            .map(trace -> new Found(node.node(), trace)));
        }

        /** Replicas of the directory that have his entry. */
        Stream<Found> entries() {
            return nodes.stream()
                    .flatMap(node -> node.answer().getTracesList().stream()
                            .filter(UserTrace::hasEntry)
                            .map(trace -> new Found(node.node(), trace)));
        }
    }

    /** Asks them all; never fails: a node that does not answer is part of the answer. */
    CompletableFuture<All> of(UserId user) {
        var map = view.get().map();
        return InBatches.run(map.nodes().toList(), node -> ask(user, node)).thenApply(nodes -> {
            var led = new HashSet<Integer>();
            nodes.forEach(node -> led.addAll(node.answer().getLeadsList()));
            boolean complete = map.shards()
                    .filter(shard -> !shard.directory())
                    .map(ShardInfo::id)
                    .allMatch(shard -> led.contains(shard.value()));
            return new All(nodes, complete);
        });
    }

    private CompletableFuture<OfNode> ask(UserId user, NodeInfo node) {
        var none = FindUserResponse.getDefaultInstance();
        if (node.peerAddress().isEmpty()) {
            return CompletableFuture.completedFuture(
                    new OfNode(node, none, "the node's address is not known: it was never live"));
        }
        var request = FindUserRequest.newBuilder()
                .setClusterId(clusterId)
                .setUser(user.value())
                .build();
        var options = CallOptions.DEFAULT.withDeadlineAfter(ANSWERS_WITHIN.toMillis(), TimeUnit.MILLISECONDS);
        return UnaryCalls.start(channels.to(node.peerAddress()), UserDataGrpc.getFindUserMethod(), options, request)
                .handle((answer, failure) -> failure == null
                        ? new OfNode(node, answer, "")
                        : new OfNode(node, none, text(failure, ANSWERS_WITHIN)));
    }

    /** Why somebody did not say, who had so long for it. */
    static String text(Throwable failure, Duration time) {
        return Status.fromThrowable(failure).getCode() == Status.Code.DEADLINE_EXCEEDED
                ? "no answer within " + time.toSeconds() + " s"
                : String.valueOf(Errors.fromWire(failure).getMessage());
    }
}
