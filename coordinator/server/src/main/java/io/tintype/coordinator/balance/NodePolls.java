// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.balance;

import io.grpc.CallOptions;
import io.tintype.cluster.channel.ChannelSource;
import io.tintype.cluster.channel.UnaryCalls;
import io.tintype.cluster.map.ClusterView;
import io.tintype.model.NodeId;
import io.tintype.model.NodeInfo;
import io.tintype.proto.internal.v1.NodeReportsGrpc;
import io.tintype.proto.internal.v1.ReplicaReport;
import io.tintype.proto.internal.v1.ReportNodeRequest;
import io.tintype.proto.internal.v1.ReportNodeResponse;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What live nodes say of themselves, as last heard: one call a node and round. Thread-safe; never blocks. */
final class NodePolls {
    private static final Logger log = LoggerFactory.getLogger(NodePolls.class);
    private static final long ANSWER_MS = 2_000;
    private static final long OLD_NANOS = TimeUnit.SECONDS.toNanos(20);

    private record Heard(ReportNodeResponse report, long atNanos) {}

    private final ChannelSource channels;
    private final String clusterId;
    private final Map<NodeId, Heard> heard = new ConcurrentHashMap<>();
    private volatile long slowReadMicros;

    NodePolls(ChannelSource channels, String clusterId) {
        this.channels = channels;
        this.clusterId = clusterId;
    }

    /** From now on, reads that take longer, in microseconds, are to be told of as slow; 0: none. */
    void slowReads(long micros) {
        slowReadMicros = micros;
    }

    /** Asks all live nodes. Completes when each has answered, or not. */
    CompletableFuture<Void> round(ClusterView view) {
        return round(view, 0, 0);
    }

    /**
     * The same on behalf of a controller.
     *
     * @param bytesPerSecond how fast they may move replicas for the next half minute; 0: as they do
     * @param epoch its term's: nodes do not take the word of one who was in office before
     */
    CompletableFuture<Void> round(ClusterView view, long bytesPerSecond, long epoch) {
        var request = ReportNodeRequest.newBuilder()
                .setClusterId(clusterId)
                .setSnapshotBytesPerSecond(bytesPerSecond)
                .setSlowReadMicros(slowReadMicros)
                .setControllerEpoch(epoch)
                .build();
        heard.keySet().removeIf(node -> view.map().node(node).isEmpty());
        return CompletableFuture.allOf(view.map()
                .nodes()
                .filter(NodeInfo::live)
                .filter(node -> !node.peerAddress().isEmpty())
                .map(node -> ask(node, request))
                .toArray(CompletableFuture[]::new));
    }

    private CompletableFuture<Void> ask(NodeInfo node, ReportNodeRequest request) {
        var options = CallOptions.DEFAULT.withDeadlineAfter(ANSWER_MS, TimeUnit.MILLISECONDS);
        return UnaryCalls.start(
                        channels.to(node.peerAddress()), NodeReportsGrpc.getReportNodeMethod(), options, request)
                .handle((answer, failure) -> {
                    if (failure == null) {
                        heard.put(node.id(), new Heard(answer, System.nanoTime()));
                    } else {
                        log.debug("node {} did not report", node.id(), failure);
                    }
                    return null;
                });
    }

    /** Asks one node anew, unless it is not to be reached. */
    void again(ClusterView view, NodeId id) {
        var request = ReportNodeRequest.newBuilder()
                .setClusterId(clusterId)
                .setSlowReadMicros(slowReadMicros)
                .build();
        view.map()
                .node(id)
                .filter(node -> node.live() && !node.peerAddress().isEmpty())
                .ifPresent(node -> {
                    var unused = ask(node, request);
                });
    }

    /** The node's last report, unless it is too old to go by. */
    Optional<ReportNodeResponse> report(NodeId node) {
        return Optional.ofNullable(heard.get(node))
                .filter(said -> System.nanoTime() - said.atNanos() < OLD_NANOS)
                .map(Heard::report);
    }

    /** What a node says of its replica of a shard. */
    Optional<ReplicaReport> replica(NodeId node, int shard) {
        return report(node)
                .flatMap(report -> report.getReplicasList().stream()
                        .filter(replica -> replica.getShard() == shard)
                        .findFirst());
    }

    /** Takes a report as if the node had sent it. */
    void put(NodeId node, ReportNodeResponse report) {
        heard.put(node, new Heard(report, System.nanoTime()));
    }
}
