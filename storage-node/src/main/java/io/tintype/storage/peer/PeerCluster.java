// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.peer;

import io.grpc.ConnectivityState;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.tintype.cluster.channel.Channels;
import io.tintype.cluster.trace.Tracing;
import io.tintype.model.NodeId;
import io.tintype.proto.internal.v1.ReplicationGrpc;
import io.tintype.proto.internal.v1.ReplicationGrpc.ReplicationStub;
import io.tintype.wire.Aliasing;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;

/**
 * Who this node is and how it reaches the others: three connections a node. Thread-safe; never blocks.
 */
final class PeerCluster implements AutoCloseable {
    /** What a connection is for. */
    enum Lane {
        /** Heartbeats and questions: small, and never behind anything else. */
        CONTROL,
        /** Logs, with the chunks that travel in them. */
        LOG,
        /** Chunks of larger blobs. */
        BULK
    }

    private final NodeId self;
    private final String clusterId;
    private final Function<NodeId, Optional<String>> addresses;
    private final PeerMetrics metrics;
    private final Tracing tracing;
    private final Map<String, Long> renewed = new ConcurrentHashMap<>();
    private final Channels control = new Channels();
    private final Channels logs = new Channels();
    private final Channels bulk = new Channels();

    PeerCluster(
            NodeId self,
            String clusterId,
            Function<NodeId, Optional<String>> addresses,
            PeerMetrics metrics,
            Tracing tracing) {
        this.tracing = tracing;
        this.self = self;
        this.clusterId = clusterId;
        this.addresses = addresses;
        this.metrics = metrics;
    }

    NodeId self() {
        return self;
    }

    String clusterId() {
        return clusterId;
    }

    Tracing tracing() {
        return tracing;
    }

    PeerMetrics metrics() {
        return metrics;
    }

    /**
     * Calls to a node. Their callbacks run on the transport's own threads, because none of ours block. A connection that
     * broke is tried again at once: callers pace themselves, and a node that is back
     * must not wait for gRPC's own, ever longer pauses.
     *
     * @throws io.grpc.StatusRuntimeException UNAVAILABLE where nobody knows the node's address
     */
    ReplicationStub to(NodeId node, Lane lane) {
        var address = addresses
                .apply(node)
                .filter(known -> !known.isEmpty())
                .orElseThrow(() -> Status.UNAVAILABLE
                        .withDescription("the address of node " + node + " is not known")
                        .asRuntimeException());
        var channel = channels(lane).to(address);
        if (channel instanceof ManagedChannel managed
                && managed.getState(false) == ConnectivityState.TRANSIENT_FAILURE) {
            managed.resetConnectBackoff();
        }
        return ReplicationGrpc.newStub(channel).withExecutor(Runnable::run).withInterceptors(Aliasing.CLIENT);
    }

    /**
     * Calls from now on go over a new connection; those under way stay where they are. For one that says nothing any more
     * and has not broken. At most once in {@link PeerLimits#SILENCE} a node and lane, whoever asks.
     */
    void renew(NodeId node, Lane lane) {
        long now = System.nanoTime();
        var key = node + " " + lane;
        var before = renewed.get(key);
        if (before == null || now - before >= PeerLimits.SILENCE.toNanos()) {
            renewed.put(key, now);
            addresses.apply(node).filter(known -> !known.isEmpty()).ifPresent(address -> {
                if (channels(lane).to(address) instanceof ManagedChannel managed) {
                    managed.enterIdle();
                }
            });
        }
    }

    private Channels channels(Lane lane) {
        return switch (lane) {
            case CONTROL -> control;
            case LOG -> logs;
            case BULK -> bulk;
        };
    }

    @Override
    public void close() {
        control.close();
        logs.close();
        bulk.close();
    }
}
