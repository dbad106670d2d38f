// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.testing;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ClientInterceptors;
import io.grpc.ForwardingClientCall.SimpleForwardingClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.tintype.cluster.channel.ChannelSource;
import java.util.ArrayDeque;
import java.util.Queue;

/** The channels of one coordinator that can be made to look paused: what comes waits until it is resumed. Thread-safe. */
public final class Pausable implements ChannelSource, ClientInterceptor {
    private final ChannelSource channels;
    private final Queue<Runnable> waiting = new ArrayDeque<>(); // guarded by this
    private boolean paused; // guarded by this
    private boolean draining; // guarded by this

    /** Over the channels of others. */
    public Pausable(ChannelSource channels) {
        this.channels = channels;
    }

    /** Nothing comes any more. */
    public synchronized void pause() {
        paused = true;
    }

    /** All that has waited comes, in its order. */
    public void resume() {
        synchronized (this) {
            paused = false;
        }
        drain();
    }

    private void come(Runnable what) {
        synchronized (this) {
            waiting.add(what);
        }
        drain();
    }

    private void drain() {
        while (true) {
            Runnable next;
            synchronized (this) {
                next = paused || draining ? null : waiting.poll();
                if (next == null) {
                    return;
                }
                draining = true;
            }
            try {
                next.run();
            } finally {
                synchronized (this) {
                    draining = false;
                }
            }
        }
    }

    @Override
    public Channel to(String address) {
        return ClientInterceptors.intercept(channels.to(address), this);
    }

    @Override
    public <Q, A> ClientCall<Q, A> interceptCall(MethodDescriptor<Q, A> method, CallOptions options, Channel next) {
        return new SimpleForwardingClientCall<>(next.newCall(method, options)) {
            @Override
            public void start(Listener<A> listener, Metadata headers) {
                super.start(
                        new Listener<>() {
                            @Override
                            public void onHeaders(Metadata came) {
                                come(() -> listener.onHeaders(came));
                            }

                            @Override
                            public void onMessage(A message) {
                                come(() -> listener.onMessage(message));
                            }

                            @Override
                            public void onClose(Status status, Metadata trailers) {
                                come(() -> listener.onClose(status, trailers));
                            }

                            @Override
                            public void onReady() {
                                come(listener::onReady);
                            }
                        },
                        headers);
            }
        };
    }
}
