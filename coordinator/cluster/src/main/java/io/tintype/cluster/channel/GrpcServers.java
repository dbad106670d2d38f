// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.channel;

import io.grpc.Server;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.netty.shaded.io.netty.channel.ChannelOption;
import io.tintype.model.Limits;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;

/** Makes gRPC servers that hold to the cluster's limits. */
public final class GrpcServers {
    private GrpcServers() {}

    /**
     * A builder with all limits set; services and executor are the caller's to add.
     *
     * @param host address to listen on
     * @param port TCP port; 0 takes a free one
     */
    public static NettyServerBuilder builder(String host, int port) {
        return NettyServerBuilder.forAddress(new InetSocketAddress(host, port))
                .withOption(ChannelOption.ALLOCATOR, GrpcMemory.ALLOCATOR)
                .withChildOption(ChannelOption.ALLOCATOR, GrpcMemory.ALLOCATOR)
                .maxInboundMessageSize(Limits.MAX_MESSAGE_BYTES)
                .maxInboundMetadataSize(Limits.MAX_GRPC_METADATA_BYTES)
                .maxConcurrentCallsPerConnection(GrpcLimits.CALLS_PER_CONNECTION)
                .flowControlWindow(GrpcLimits.FLOW_CONTROL_WINDOW)
                .permitKeepAliveTime(GrpcLimits.SHORTEST_KEEPALIVE_TAKEN.toMillis(), TimeUnit.MILLISECONDS)
                .permitKeepAliveWithoutCalls(true);
    }

    /** Lets calls under way end for {@link GrpcLimits#DRAIN}, then cuts them off. Blocks meanwhile. */
    public static void drain(Server server) {
        server.shutdown();
        try {
            if (!server.awaitTermination(GrpcLimits.DRAIN.toMillis(), TimeUnit.MILLISECONDS)) {
                server.shutdownNow();
            }
        } catch (InterruptedException e) {
            server.shutdownNow();
            Thread.currentThread().interrupt();
        }
    }
}
