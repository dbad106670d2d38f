// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.channel;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.netty.shaded.io.netty.buffer.PooledByteBufAllocator;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Messages that come a byte a frame, over a connection whose frames are made by hand. */
class SmallFramesTest {
    private static final int FRAMES = 400;
    private static final int MESSAGE_BYTES = 10_000;
    private static final int FULL_FRAME = 16 << 10;
    private static final Duration SOON = Duration.ofSeconds(60);

    private static final int DATA = 0;
    private static final int HEADERS = 1;
    private static final int SETTINGS = 4;
    private static final int PING = 6;
    /** Of a type that nobody knows, which is to be passed over. */
    private static final int UNKNOWN = 0xfa;

    private static final int ACK = 1;
    private static final int END_STREAM = 1;
    private static final int END_HEADERS = 4;

    private static final MethodDescriptor<byte[], byte[]> METHOD = MethodDescriptor.<byte[], byte[]>newBuilder()
            .setType(MethodType.CLIENT_STREAMING)
            .setFullMethodName("t/take")
            .setRequestMarshaller(new Bytes())
            .setResponseMarshaller(new Bytes())
            .build();

    private final InboundGuard guard = new InboundGuard(1 << 20, 1L << 30);
    private final PooledByteBufAllocator memory = (PooledByteBufAllocator) GrpcMemory.ALLOCATOR;
    private final CompletableFuture<byte[]> message = new CompletableFuture<>();
    private final CompletableFuture<Boolean> halfClosed = new CompletableFuture<>();
    private Server server;
    private Socket socket;
    private OutputStream out;

    @BeforeEach
    void connect() throws IOException {
        server = GrpcServers.builder("127.0.0.1", 0, guard)
                .addService(ServerServiceDefinition.builder("t")
                        .addMethod(ServerMethodDefinition.create(METHOD, (call, headers) -> {
                            call.request(2);
                            return new ServerCall.Listener<>() {
                                @Override
                                public void onMessage(byte[] whole) {
                                    message.complete(whole);
                                }

                                @Override
                                public void onHalfClose() {
                                    halfClosed.complete(true);
                                }
                            };
                        }))
                        .build())
                .build()
                .start();
        socket = new Socket(InetAddress.getLoopbackAddress(), server.getPort());
        socket.setSoTimeout((int) SOON.toMillis());
        out = socket.getOutputStream();
        out.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(US_ASCII));
        frame(SETTINGS, 0, 0, new byte[0]);
        frame(HEADERS, END_HEADERS, 1, headers());
        frame(DATA, 0, 1, new byte[] {0, 0, 0, (byte) (MESSAGE_BYTES >> 8), (byte) MESSAGE_BYTES});
    }

    @AfterEach
    void close() throws IOException {
        socket.close();
        server.shutdownNow();
    }

    /** Between any two of them there is so much else that no two are read into one buffer. */
    @Test
    void framesOfOneByteHoldNoMoreThanIsCounted() throws Exception {
        long before = memory.pinnedDirectMemory();
        for (int i = 0; i < FRAMES; i++) {
            frame(UNKNOWN, 0, 0, new byte[FULL_FRAME]);
            frame(DATA, 0, 1, new byte[1]);
        }
        awaitAnswerToPing();
        assertThat(memory.pinnedDirectMemory() - before)
                .as("held, of which %d is counted", guard.used())
                .isLessThan(guard.used() + GrpcLimits.FLOW_CONTROL_WINDOW);
    }

    @Test
    void emptyFramesHoldNothing() throws Exception {
        long before = memory.pinnedDirectMemory();
        frame(DATA, 0, 1, new byte[MESSAGE_BYTES / 2]);
        sendEmpty();
        awaitAnswerToPing();
        long counted = InboundGuard.held(MESSAGE_BYTES / 2);
        Awaitility.await("it has been asked for").atMost(SOON).until(() -> guard.used() == counted);
        assertThat(memory.pinnedDirectMemory() - before).isLessThan(guard.used() + GrpcLimits.FLOW_CONTROL_WINDOW);

        frame(DATA, 0, 1, new byte[MESSAGE_BYTES / 2]);
        assertThat(message.get(SOON.toSeconds(), TimeUnit.SECONDS)).hasSize(MESSAGE_BYTES);
        frame(DATA, END_STREAM, 1, new byte[0]);
        assertThat(halfClosed.get(SOON.toSeconds(), TimeUnit.SECONDS)).isTrue();
    }

    /** All that was sent before it has been read then. */
    private void awaitAnswerToPing() throws IOException {
        frame(PING, 0, 0, new byte[8]);
        var in = new DataInputStream(socket.getInputStream());
        boolean answered = false;
        while (!answered) {
            var header = in.readNBytes(9);
            in.skipNBytes((header[0] & 0xff) << 16 | (header[1] & 0xff) << 8 | (header[2] & 0xff));
            answered = header[3] == PING && header[4] == ACK;
        }
    }

    private void sendEmpty() throws IOException {
        for (int i = 0; i < FRAMES; i++) {
            frame(UNKNOWN, 0, 0, new byte[FULL_FRAME]);
            frame(DATA, 0, 1, new byte[0]);
        }
    }

    @Test
    void aMessageThatComesByteByByteIsTheSame() throws Exception {
        for (int i = 0; i < MESSAGE_BYTES; i++) {
            frame(DATA, 0, 1, new byte[] {(byte) i});
        }
        byte[] whole = message.get(SOON.toSeconds(), TimeUnit.SECONDS);
        assertThat(whole).hasSize(MESSAGE_BYTES);
        for (int i = 0; i < MESSAGE_BYTES; i++) {
            assertThat(whole[i]).isEqualTo((byte) i);
        }
        assertThat(guard.used()).isZero();
    }

    private void frame(int type, int flags, int stream, byte[] payload) throws IOException {
        out.write(new byte[] {
            (byte) (payload.length >> 16),
            (byte) (payload.length >> 8),
            (byte) payload.length,
            (byte) type,
            (byte) flags,
            0,
            0,
            0,
            (byte) stream
        });
        out.write(payload);
    }

    /** By HPACK, nothing of it to be remembered. */
    private static byte[] headers() {
        var block = new ByteArrayOutputStream();
        block.write(0x83); // :method POST
        block.write(0x86); // :scheme http
        literal(block, new byte[] {0x04}, "/t/take"); // :path
        literal(block, new byte[] {0x01}, "x"); // :authority
        literal(block, new byte[] {0x0f, 0x10}, "application/grpc"); // content-type
        block.write(0);
        text(block, "te");
        text(block, "trailers");
        return block.toByteArray();
    }

    private static void literal(ByteArrayOutputStream block, byte[] name, String value) {
        block.writeBytes(name);
        text(block, value);
    }

    private static void text(ByteArrayOutputStream block, String text) {
        block.write(text.length());
        block.writeBytes(text.getBytes(US_ASCII));
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
