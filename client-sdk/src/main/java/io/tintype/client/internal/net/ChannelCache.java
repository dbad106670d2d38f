// SPDX-License-Identifier: Apache-2.0
package io.tintype.client.internal.net;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.grpc.Channel;
import io.grpc.ConnectivityState;
import io.grpc.ManagedChannel;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.tintype.model.Limits;
import io.tintype.trace.TracedCalls;
import java.time.Duration;
import java.util.ArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;

/**
 * One connection per address, made at first use, let go when idle. Thread-safe.
 *
 * <p>gRPC's own retries are off: whoever repeats a change must know that it does, and our retry layer does.
 */
public final class ChannelCache implements AutoCloseable {
    private static final Duration IDLE = Duration.ofMinutes(10);
    private static final Duration KEEPALIVE = Duration.ofSeconds(20);
    private static final Duration KEEPALIVE_TIMEOUT = Duration.ofSeconds(5);
    private static final Duration SHUTDOWN_GRACE = Duration.ofSeconds(1);

    private final ClientSettings.Channels settings;
    private final Executor executor;
    private final Cache<String, ManagedChannel> channels;
    private volatile boolean closed;

    public ChannelCache(ClientSettings.Channels settings, Executor executor) {
        this.settings = settings;
        this.executor = executor;
        // Calls in flight on a channel that is let go still finish.
        channels = Caffeine.newBuilder()
                .maximumSize(settings.maxChannels())
                .expireAfterAccess(IDLE)
                .executor(executor)
                .<String, ManagedChannel>removalListener((address, channel, cause) -> {
                    if (channel != null) {
                        channel.shutdown();
                    }
                })
                .build();
    }

    /**
     * The channel to host:port. Does not connect yet; one that could not connect tries again at once, for gRPC itself would
     * wait up to two minutes, and whoever asks here has waited already.
     */
    public Channel to(String address) {
        var channel = channels.get(address, this::open);
        if (closed) {
            channel.shutdown(); // it may have been opened after all others were shut down
        } else if (channel.getState(false) == ConnectivityState.TRANSIENT_FAILURE) {
            channel.resetConnectBackoff();
        }
        return channel;
    }

    private ManagedChannel open(String address) {
        return NettyChannelBuilder.forTarget(address, settings.credentials())
                .executor(executor)
                .disableRetry()
                .intercept(TracedCalls.INSTANCE)
                .keepAliveTime(KEEPALIVE.toNanos(), TimeUnit.NANOSECONDS)
                .keepAliveTimeout(KEEPALIVE_TIMEOUT.toNanos(), TimeUnit.NANOSECONDS)
                .maxInboundMessageSize(Limits.MAX_MESSAGE_BYTES)
                .maxInboundMetadataSize(Limits.MAX_GRPC_METADATA_BYTES)
                .build();
    }

    /** Lets calls in flight end for a moment, then cuts them off. */
    @Override
    public void close() {
        closed = true;
        var all = new ArrayList<>(channels.asMap().values());
        all.forEach(ManagedChannel::shutdown);
        long end = System.nanoTime() + SHUTDOWN_GRACE.toNanos();
        for (var channel : all) {
            try {
                channel.awaitTermination(end - System.nanoTime(), TimeUnit.NANOSECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            channel.shutdownNow();
        }
    }
}
