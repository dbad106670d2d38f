// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.cli;

import io.grpc.BindableService;
import io.grpc.Server;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import io.tintype.model.Limits;
import io.tintype.model.TintypeException;
import io.tintype.wire.Errors;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.function.Supplier;
import java.util.logging.Level;
import java.util.logging.Logger;

/** A coordinator that serves only what a test gives it, over loopback. Thread-safe. */
final class OneServer implements AutoCloseable {
    /** Says at WARNING what these tests do on purpose: cutting streams off. Held, or its level would be forgotten. */
    private static final Logger NETTY_SERVER =
            Logger.getLogger("io.grpc.netty.shaded.io.grpc.netty.NettyServerHandler");

    static {
        NETTY_SERVER.setLevel(Level.SEVERE);
    }

    private final Server server;

    private OneServer(Server server) {
        this.server = server;
    }

    /** Starts one. */
    static OneServer serving(BindableService... services) throws IOException {
        return serving(0, services);
    }

    /** Starts one where this one was, which ends. */
    OneServer restarted(BindableService... services) throws IOException, InterruptedException {
        int port = server.getPort();
        close();
        server.awaitTermination();
        return serving(port, services);
    }

    private static OneServer serving(int port, BindableService... services) throws IOException {
        var builder = NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), port))
                .maxInboundMessageSize(Limits.MAX_MESSAGE_BYTES);
        List.of(services).forEach(builder::addService);
        return new OneServer(builder.build().start());
    }

    /** For {@code --server}. */
    String address() {
        return "127.0.0.1:" + server.getPort();
    }

    /** Answers a call. */
    static <R> void answer(StreamObserver<R> observer, Supplier<R> work) {
        try {
            observer.onNext(work.get());
            observer.onCompleted();
        } catch (TintypeException e) {
            observer.onError(Errors.toWire(e));
        }
    }

    @Override
    public void close() {
        server.shutdownNow();
    }
}
