// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.system;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.stub.StreamObserver;
import io.tintype.checksum.Crc32c;
import io.tintype.model.Limits;
import io.tintype.model.RequestId;
import io.tintype.proto.v1.BlobUploadGrpc;
import io.tintype.proto.v1.DataFrame;
import io.tintype.proto.v1.PutFinish;
import io.tintype.proto.v1.PutHeader;
import io.tintype.proto.v1.PutRequest;
import io.tintype.proto.v1.PutResponse;
import io.tintype.wire.Wire;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * A transfer through a coordinator by a client that repeats nothing. It goes on slowly until it is hurried, so that it is under way
 * for as long as a test likes. Used by one thread.
 */
final class UnderWay implements AutoCloseable {
    private static final int PATIENCE_SECONDS = 60;
    private static final int PACE_MS = 25;

    private static final int STEP_BYTES = 64 << 10;

    /** Of an upload that is to last: at this pace 6 MiB take 38 s, and it is never silent for long. */
    private static final int SLOW_STEP_BYTES = 4 << 10;

    /**
     * Of a download, 5 MiB a second. The server's system lets more be sent only once a MiB or so was taken, and while it
     * stops, the server cuts off whoever takes nothing for a second.
     */
    private static final int READ_STEP_BYTES = 128 << 10;

    private final CountDownLatch hurry = new CountDownLatch(1);
    private final CountDownLatch begun = new CountDownLatch(1);
    private final CompletableFuture<Void> end;

    private interface Transfer {
        void run(UnderWay self) throws Exception;
    }

    private UnderWay(Transfer transfer) throws InterruptedException {
        end = CompletableFuture.runAsync(() -> {
            try {
                transfer.run(this);
            } catch (Exception e) {
                throw new IllegalStateException(e);
            } finally {
                begun.countDown();
            }
        });
        assertThat(begun.await(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
    }

    /** Some of it has gone over; waits before the next part. */
    private void pace(boolean some) throws InterruptedException {
        if (some) {
            begun.countDown();
        }
        var unused = hurry.await(PACE_MS, TimeUnit.MILLISECONDS);
    }

    /** How much of an upload goes over next: little, but until it has begun and once it is hurried. */
    private int step() {
        boolean lasts = begun.getCount() == 0 && hurry.getCount() > 0;
        return lasts ? SLOW_STEP_BYTES : STEP_BYTES;
    }

    /** It goes on as fast as it can, and ends well. */
    void finish() throws Exception {
        hurry.countDown();
        end.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }

    /** Whether it goes on still. */
    boolean goesOn() {
        return !end.isDone();
    }

    @Override
    public void close() {
        hurry.countDown();
    }

    /** PUT over HTTP. */
    static UnderWay httpPut(String http, String user, String name, byte[] bytes) throws InterruptedException {
        return new UnderWay(self -> {
            try (var socket = connect(http)) {
                var head = "PUT /v1/users/%s/blobs/%s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n";
                socket.getOutputStream()
                        .write(head.formatted(user, name, bytes.length).getBytes(US_ASCII));
                for (int at = 0; at < bytes.length; ) {
                    int count = Math.min(self.step(), bytes.length - at);
                    socket.getOutputStream().write(bytes, at, count);
                    at += count;
                    self.pace(at > 2 * Limits.CHUNK_BYTES);
                }
                assertThat(line(socket)).isEqualTo("HTTP/1.1 200 OK");
            }
        });
    }

    /** GET over HTTP. */
    static UnderWay httpGet(String http, String user, String name, byte[] expected) throws InterruptedException {
        return new UnderWay(self -> {
            try (var socket = connect(http)) {
                var head = "GET /v1/users/%s/blobs/%s HTTP/1.1\r\nHost: x\r\n\r\n";
                socket.getOutputStream().write(head.formatted(user, name).getBytes(US_ASCII));
                assertThat(line(socket)).isEqualTo("HTTP/1.1 200 OK");
                while (!line(socket).isEmpty()) {} // headers
                var got = new byte[expected.length];
                for (int at = 0; at < got.length; ) {
                    int count = socket.getInputStream().read(got, at, Math.min(READ_STEP_BYTES, got.length - at));
                    assertThat(count).as("bytes after %d", at).isPositive();
                    at += count;
                    self.pace(true);
                }
                assertThat(Arrays.equals(got, expected))
                        .as("what was read is what was stored")
                        .isTrue();
            }
        });
    }

    /** A streamed Put over gRPC. */
    static UnderWay grpcPut(String server, String user, String name, byte[] bytes) throws InterruptedException {
        return new UnderWay(self -> {
            var channel = ManagedChannelBuilder.forTarget(server).usePlaintext().build();
            try {
                put(self, channel, user, name, bytes);
            } finally {
                channel.shutdownNow();
            }
        });
    }

    private static void put(UnderWay self, ManagedChannel channel, String user, String name, byte[] bytes)
            throws Exception {
        var answer = new CompletableFuture<PutResponse>();
        var out = BlobUploadGrpc.newStub(channel).put(new StreamObserver<>() {
            @Override
            public void onNext(PutResponse value) {
                answer.complete(value);
            }

            @Override
            public void onError(Throwable failure) {
                answer.completeExceptionally(failure);
            }

            @Override
            public void onCompleted() {}
        });
        out.onNext(PutRequest.newBuilder()
                .setHeader(PutHeader.newBuilder()
                        .setUser(user)
                        .setName(name)
                        .setRequestId(Wire.bytes(RequestId.random(new Random()))))
                .build());
        for (int at = 0; at < bytes.length; ) {
            var frame = Arrays.copyOfRange(bytes, at, Math.min(bytes.length, at + self.step()));
            out.onNext(PutRequest.newBuilder()
                    .setFrame(DataFrame.newBuilder()
                            .setOffset(at)
                            .setData(ByteString.copyFrom(frame))
                            .setCrc32C(Crc32c.of(frame)))
                    .build());
            at += frame.length;
            self.pace(at > 2 * Limits.CHUNK_BYTES);
        }
        out.onNext(PutRequest.newBuilder()
                .setFinish(PutFinish.newBuilder().setSize(bytes.length).setCrc32C(Crc32c.of(bytes)))
                .build());
        out.onCompleted();
        assertThat(answer.get(PATIENCE_SECONDS, TimeUnit.SECONDS).getHead().getSize())
                .isEqualTo(bytes.length);
    }

    private static Socket connect(String http) throws IOException {
        var address = URI.create(http);
        var socket = new Socket(address.getHost(), address.getPort());
        socket.setSoTimeout(PATIENCE_SECONDS * 1_000);
        return socket;
    }

    /** A line without its end. */
    private static String line(Socket from) throws IOException {
        var line = new StringBuilder();
        for (int c = from.getInputStream().read();
                c >= 0 && c != '\n';
                c = from.getInputStream().read()) {
            line.append((char) c);
        }
        return line.toString().stripTrailing();
    }
}
