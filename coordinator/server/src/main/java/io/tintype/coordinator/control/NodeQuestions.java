// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.control;

import io.grpc.CallOptions;
import io.tintype.cluster.channel.ChannelSource;
import io.tintype.cluster.channel.UnaryCalls;
import io.tintype.model.NodeInfo;
import io.tintype.proto.internal.v1.MemoryReport;
import io.tintype.proto.internal.v1.NodeReportsGrpc;
import io.tintype.proto.internal.v1.ReportNodeRequest;
import io.tintype.proto.v1.GetNodeResponse;
import io.tintype.proto.v1.NodeMemory;
import io.tintype.proto.v1.NodeStatus;
import io.tintype.wire.Errors;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Asks nodes what they say of themselves. Thread-safe; never blocks. */
final class NodeQuestions {
    private static final Duration ANSWERS_WITHIN = Duration.ofSeconds(2);

    private final ChannelSource channels;
    private final String clusterId;

    NodeQuestions(ChannelSource channels, String clusterId) {
        this.channels = channels;
        this.clusterId = clusterId;
    }

    /** Never fails: that a node does not answer is part of the answer. */
    CompletableFuture<GetNodeResponse> describe(NodeInfo node, NodeStatus status) {
        var answer = GetNodeResponse.newBuilder().setStatus(status);
        if (node.peerAddress().isEmpty()) {
            return CompletableFuture.completedFuture(answer.setError("its address is not known: it was never live")
                    .build());
        }
        var options = CallOptions.DEFAULT.withDeadlineAfter(ANSWERS_WITHIN.toMillis(), TimeUnit.MILLISECONDS);
        var request = ReportNodeRequest.newBuilder().setClusterId(clusterId).build();
        return UnaryCalls.start(
                        channels.to(node.peerAddress()), NodeReportsGrpc.getReportNodeMethod(), options, request)
                .handle((report, failure) -> {
                    if (failure != null) {
                        return answer.setError(
                                        String.valueOf(Errors.fromWire(failure).getMessage()))
                                .build();
                    }
                    report.getMemoryList().stream().map(NodeQuestions::memory).forEach(answer::addMemory);
                    return answer.build();
                });
    }

    private static NodeMemory memory(MemoryReport report) {
        return NodeMemory.newBuilder()
                .setPart(report.getPart())
                .setUsedBytes(report.getUsedBytes())
                .setLimitBytes(report.getLimitBytes())
                .build();
    }
}
