// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.channel;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.netty.buffer.PooledByteBufAllocator;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** That incomplete messages hold no more memory than is counted, over a real connection that carries many of them at once. */
class InboundMemoryTest {
    private static final int CALLS = 200;
    private static final int MESSAGE_BYTES = 200 << 10;

    /** So much of all messages comes, and no more. */
    private static final int COMES = CALLS * MESSAGE_BYTES / 4;

    private static final long LIMIT = 1L << 30;
    private static final Duration SOON = Duration.ofSeconds(60);

    private static final MethodDescriptor<byte[], byte[]> METHOD = MethodDescriptor.<byte[], byte[]>newBuilder()
            .setType(MethodType.CLIENT_STREAMING)
            .setFullMethodName("test/take")
            .setRequestMarshaller(new Bytes())
            .setResponseMarshaller(new Bytes())
            .build();

    @Test
    void manyIncompleteMessagesOfOneConnectionHoldNoMoreThanIsCounted() throws Exception {
        var guard = new InboundGuard(MESSAGE_BYTES * 2, LIMIT);
        var memory = (PooledByteBufAllocator) GrpcMemory.ALLOCATOR;
        long before = memory.pinnedDirectMemory();
        var threads = Executors.newCachedThreadPool();
        Server server = GrpcServers.builder("127.0.0.1", 0, guard)
                .addService(service())
                .build()
                .start();
        ManagedChannel channel = null;
        try (var listening = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            threads.execute(() -> passOn(listening, server.getPort(), threads));
            channel = NettyChannelBuilder.forAddress("127.0.0.1", listening.getLocalPort())
                    .usePlaintext()
                    .build();
            for (int i = 0; i < CALLS; i++) {
                var call = channel.newCall(METHOD, CallOptions.DEFAULT);
                call.start(new ClientCall.Listener<>() {}, new Metadata());
                call.request(1);
                call.sendMessage(new byte[MESSAGE_BYTES]);
            }
            Awaitility.await("what comes has come").atMost(SOON).until(() -> guard.used() > COMES);

            assertThat(memory.pinnedDirectMemory() - before)
                    .as("held, of which %d is counted", guard.used())
                    .isGreaterThan(COMES / 3) // bytes count twice
                    .isLessThan(guard.used() + GrpcLimits.FLOW_CONTROL_WINDOW);
        } finally {
            if (channel != null) {
                channel.shutdownNow();
            }
            server.shutdownNow();
            threads.shutdownNow();
        }
    }

    /** Asks each call for its message. */
    private static ServerServiceDefinition service() {
        return ServerServiceDefinition.builder("test")
                .addMethod(ServerMethodDefinition.create(METHOD, (call, headers) -> {
                    call.request(1);
                    return new ServerCall.Listener<>() {};
                }))
                .build();
    }

    /** One connection, of which the server gets the first {@link #COMES} bytes. */
    private static void passOn(ServerSocket listening, int port, ExecutorService threads) {
        try {
            var client = listening.accept();
            var server = new Socket(InetAddress.getLoopbackAddress(), port);
            threads.execute(() -> copy(server, client, Long.MAX_VALUE));
            copy(client, server, COMES + (COMES >> 4));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void copy(Socket from, Socket to, long most) {
        try {
            var buffer = new byte[64 << 10];
            for (long copied = 0; copied < most; ) {
                int read = from.getInputStream().read(buffer);
                if (read < 0) {
                    return;
                }
                to.getOutputStream().write(buffer, 0, read);
                copied += read;
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static final class Bytes implements MethodDescriptor.Marshaller<byte[]> {
        @Override
        public InputStream stream(byte[] bytes) {
            return new ByteArrayInputStream(bytes);
        }

        @Override
        public byte[] parse(InputStream stream) {
            try {
                return stream.readAllBytes();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
