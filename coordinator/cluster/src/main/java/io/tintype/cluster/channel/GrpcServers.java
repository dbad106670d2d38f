// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.channel;

import io.grpc.Codec;
import io.grpc.DecompressorRegistry;
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
                .keepAliveTime(GrpcLimits.KEEPALIVE.toMillis(), TimeUnit.MILLISECONDS)
                .keepAliveTimeout(GrpcLimits.KEEPALIVE_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS)
                .permitKeepAliveTime(GrpcLimits.SHORTEST_KEEPALIVE_TAKEN.toMillis(), TimeUnit.MILLISECONDS)
                .permitKeepAliveWithoutCalls(true)
                .fallbackHandlerRegistry(new NotServed());
    }

    /**
     * As {@link #builder}, for a server that anybody may call: connections end some time, what clients have begun to send is
     * bounded too, and a message over the limit is refused with its reason.
     *
     * @param inboundBytes most bytes of memory that all messages hold which have not come whole yet; the call that would exceed
     *     them is refused with OVERLOADED
     */
    public static NettyServerBuilder builder(String host, int port, long inboundBytes) {
        return builder(host, port, new InboundGuard(Limits.MAX_MESSAGE_BYTES, inboundBytes));
    }

    /** The same with a guard of its own. */
    @SuppressWarnings("deprecation") // Netty 4 has no other option for it
    static NettyServerBuilder builder(String host, int port, InboundGuard guard) {
        return builder(host, port)
                .protocolNegotiator(SmallFrames.plaintext())
                .withChildOption(ChannelOption.RCVBUF_ALLOCATOR, GrpcMemory.READS)
                .maxConnectionIdle(GrpcLimits.CLIENT_IDLE.toMillis(), TimeUnit.MILLISECONDS)
                .maxConnectionAge(GrpcLimits.CLIENT_AGE.toMillis(), TimeUnit.MILLISECONDS)
                .maxConnectionAgeGrace(GrpcLimits.CLIENT_AGE_GRACE.toMillis(), TimeUnit.MILLISECONDS)
                // The guard sees what comes while it comes, and ends a call sooner than this would.
                .maxInboundMessageSize(Integer.MAX_VALUE)
                .decompressorRegistry(DecompressorRegistry.emptyInstance()
                        .with(Codec.Identity.NONE, false)
                        .with(new BoundedGzip(Limits.MAX_MESSAGE_BYTES), true))
                .addStreamTracerFactory(guard)
                .intercept(guard);
    }

    /**
     * Lets calls under way end for {@link GrpcLimits#DRAIN}, then cuts them off. Blocks meanwhile.
     *
     * <p>Connections are asked to go only then: one that is asked while a call goes on is closed as soon as the call's last byte is
     * written, and whatever the client sends at that moment has its side reset, with bytes that had not come yet. Asked afterwards,
     * the client answers once it has read all that was sent.
     *
     * @param calls those of the server
     */
    public static void drain(Server server, OpenCalls calls) {
        long deadline = System.nanoTime() + GrpcLimits.DRAIN.toNanos();
        try {
            calls.await(GrpcLimits.DRAIN);
            server.shutdown();
            long left = Math.max(GrpcLimits.GOODBYE.toNanos(), deadline - System.nanoTime());
            if (!server.awaitTermination(left, TimeUnit.NANOSECONDS)) {
                server.shutdownNow();
            }
        } catch (InterruptedException e) {
            server.shutdownNow();
            Thread.currentThread().interrupt();
        }
    }
}
