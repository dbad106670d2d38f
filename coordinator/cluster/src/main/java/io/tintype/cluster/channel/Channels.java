// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.channel;

import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.LoadingCache;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.netty.channel.ChannelOption;
import io.tintype.model.Limits;
import io.tintype.trace.TracedCalls;
import io.tintype.wire.Aliasing;
import java.util.concurrent.TimeUnit;

/**
 * One channel an address, kept open between calls. Thread-safe.
 *
 * <p>Plaintext: nodes of one cluster share a network they trust. What comes back is read by {@link Aliasing}, for most of its bytes
 * are images.
 */
public final class Channels implements ChannelSource, AutoCloseable {
    private static final long FORGET_AFTER_HOURS = 1;

    private final LoadingCache<String, ManagedChannel> channels = Caffeine.newBuilder()
            .maximumSize(GrpcLimits.CHANNELS)
            .expireAfterAccess(FORGET_AFTER_HOURS, TimeUnit.HOURS)
            .<String, ManagedChannel>evictionListener((address, channel, cause) -> {
                if (channel != null) {
                    channel.shutdown(); // calls under way go on
                }
            })
            .build(Channels::open);

    @Override
    public Channel to(String address) {
        return ClientInterceptors.intercept(channels.get(address), Aliasing.CLIENT);
    }

    private static ManagedChannel open(String address) {
        return NettyChannelBuilder.forTarget("dns:///" + address)
                .usePlaintext()
                .withOption(ChannelOption.ALLOCATOR, GrpcMemory.ALLOCATOR)
                .maxInboundMessageSize(Limits.MAX_MESSAGE_BYTES)
                .maxInboundMetadataSize(Limits.MAX_GRPC_METADATA_BYTES)
                .flowControlWindow(GrpcLimits.FLOW_CONTROL_WINDOW)
                .keepAliveTime(GrpcLimits.KEEPALIVE.toMillis(), TimeUnit.MILLISECONDS)
                .keepAliveTimeout(GrpcLimits.KEEPALIVE_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS)
                .idleTimeout(GrpcLimits.IDLE.toMillis(), TimeUnit.MILLISECONDS)
                .disableRetry()
                .intercept(TracedCalls.INSTANCE)
                .build();
    }

    /** Cuts all connections; calls under way fail. */
    @Override
    public void close() {
        channels.asMap().values().forEach(ManagedChannel::shutdownNow);
        channels.invalidateAll();
    }
}
