// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.node;

import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;
import io.tintype.cluster.channel.GrpcServers;
import io.tintype.cluster.channel.OpenCalls;
import io.tintype.cluster.log.SlowCalls;
import io.tintype.cluster.metrics.ProcessMetrics;
import io.tintype.cluster.trace.ServerTraces;
import io.tintype.storage.peer.Unreadable;
import java.io.IOException;
import java.util.List;

/**
 * The two servers of a node: one for everybody, one for processes of the cluster. They listen from the start, and serve
 * between {@link #open} and {@link #drain}. Calls run on the transport's threads, since no service here blocks them.
 * Thread-safe.
 */
final class NodeServers implements AutoCloseable {
    private final ServiceGate everybody = new ServiceGate();
    private final ServiceGate cluster = new ServiceGate();
    private final OpenCalls publicCalls = new OpenCalls();
    private final Server publicServer;
    private final Server peerServer;

    private NodeServers(
            ListenSettings listen,
            long inboundBytes,
            NodeHealth health,
            ProcessMetrics process,
            ServerTraces traces,
            SlowCalls slow)
            throws IOException {
        var calls = process.calls();
        publicServer = start(
                "listen.port",
                listen.host(),
                listen.port(),
                GrpcServers.builder(listen.host(), listen.port(), inboundBytes)
                        .addStreamTracerFactory(publicCalls)
                        .intercept(calls)
                        .intercept(slow)
                        .intercept(traces)
                        .addService(health.service())
                        .addService(ProtoReflectionServiceV1.newInstance())
                        .fallbackHandlerRegistry(everybody));
        try {
            peerServer = start(
                    "listen.peerPort",
                    listen.host(),
                    listen.peerPort(),
                    GrpcServers.builder(listen.host(), listen.peerPort())
                            .intercept(calls)
                            .intercept(traces)
                            .addStreamTracerFactory(Unreadable.tooLarge(process.registry()))
                            .fallbackHandlerRegistry(cluster));
        } catch (IOException e) {
            publicServer.shutdownNow();
            throw e;
        }
    }

    /**
     * Binds both ports.
     *
     * @param inboundBytes most bytes of everybody's messages that have not come whole yet
     * @param process is told of every call, and of what was no message
     * @param traces traces some of them
     * @param slow is told of everybody's calls
     * @throws IOException if one is taken; the message says which
     */
    static NodeServers start(
            ListenSettings listen,
            long inboundBytes,
            NodeHealth health,
            ProcessMetrics process,
            ServerTraces traces,
            SlowCalls slow)
            throws IOException {
        return new NodeServers(listen, inboundBytes, health, process, traces, slow);
    }

    private static Server start(String setting, String host, int port, NettyServerBuilder builder) throws IOException {
        try {
            return builder.directExecutor().build().start();
        } catch (IOException e) {
            throw new IOException(
                    "cannot listen on " + host + ":" + port + " (" + e.getMessage()
                            + "); stop what listens there, or set " + setting,
                    e);
        }
    }

    /** Lets calls in. */
    void open(List<ServerServiceDefinition> forEverybody, List<ServerServiceDefinition> forCluster) {
        cluster.open(forCluster);
        everybody.open(forEverybody);
    }

    /** Turns new calls away, waits a while for those under way, and only then stops hearing peers. */
    void drain() {
        everybody.close();
        GrpcServers.drain(publicServer, publicCalls);
        cluster.close();
        peerServer.shutdownNow();
    }

    int port() {
        return publicServer.getPort();
    }

    int peerPort() {
        return peerServer.getPort();
    }

    /** Cuts off what still goes on. */
    @Override
    public void close() {
        everybody.close();
        cluster.close();
        publicServer.shutdownNow();
        peerServer.shutdownNow();
    }
}
