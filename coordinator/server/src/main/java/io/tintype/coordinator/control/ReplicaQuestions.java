// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.control;

import io.grpc.CallOptions;
import io.grpc.Status;
import io.tintype.cluster.channel.ChannelSource;
import io.tintype.cluster.channel.UnaryCalls;
import io.tintype.cluster.map.ClusterView;
import io.tintype.model.NodeId;
import io.tintype.model.NodeInfo;
import io.tintype.model.ShardId;
import io.tintype.proto.internal.v1.DescribeReplicaRequest;
import io.tintype.proto.internal.v1.DescribeReplicaResponse;
import io.tintype.proto.internal.v1.ReplicationGrpc;
import io.tintype.proto.v1.ReplicaStatus;
import io.tintype.wire.Errors;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** Asks replicas what they say of themselves. Thread-safe; never blocks. */
final class ReplicaQuestions {
    private static final Duration REPLICA_ANSWERS_WITHIN = Duration.ofSeconds(2);

    private final Supplier<ClusterView> view;
    private final ChannelSource channels;
    private final String clusterId;

    ReplicaQuestions(Supplier<ClusterView> view, ChannelSource channels, String clusterId) {
        this.view = view;
        this.channels = channels;
        this.clusterId = clusterId;
    }

    /** Never fails: a replica that does not answer is part of the answer. */
    CompletableFuture<ReplicaStatus> describe(ShardId shard, NodeId node) {
        var address = view.get().map().node(node).map(NodeInfo::peerAddress).orElse("");
        if (address.isEmpty()) {
            return CompletableFuture.completedFuture(status(node)
                    .setError("the node's address is not known: it was never live")
                    .build());
        }
        var options = CallOptions.DEFAULT.withDeadlineAfter(REPLICA_ANSWERS_WITHIN.toMillis(), TimeUnit.MILLISECONDS);
        var request = DescribeReplicaRequest.newBuilder()
                .setClusterId(clusterId)
                .setShard(shard.value())
                .build();
        return UnaryCalls.start(channels.to(address), ReplicationGrpc.getDescribeReplicaMethod(), options, request)
                .handle((answer, failure) -> failure == null
                        ? described(node, answer)
                        : status(node).setError(text(failure)).build());
    }

    /** Why something was not answered, for people. */
    static String text(Throwable failure) {
        if (Status.fromThrowable(failure).getCode() == Status.Code.DEADLINE_EXCEEDED) {
            return "no answer within " + REPLICA_ANSWERS_WITHIN.toSeconds() + " s";
        }
        return String.valueOf(Errors.fromWire(failure).getMessage());
    }

    private static ReplicaStatus.Builder status(NodeId node) {
        return ReplicaStatus.newBuilder().setNode(node.value());
    }

    private static ReplicaStatus described(NodeId node, DescribeReplicaResponse answer) {
        return status(node)
                .setState(answer.getState())
                .setEpoch(answer.getEpoch())
                .setLastSequence(answer.getLastSequence())
                .setCommittedSequence(answer.getCommittedSequence())
                .setAppliedSequence(answer.getAppliedSequence())
                .setUsers(answer.getUsers())
                .setBlobs(answer.getBlobs())
                .setBytes(answer.getBytes())
                .setAsOfMs(answer.getAsOfMs())
                .build();
    }
}
