// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.http;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpRequest.BodyPublishers;
import java.time.Duration;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

/** What a frontend that is told to stop does with requests under way. */
final class HttpStopTest extends HttpStage {
    private static final int UPLOAD = 1 << 20;

    /** More than a connection holds, so that a read of it is under way until its reader has taken it. */
    private static final int DOWNLOAD = (int) MAX_BLOB;

    /** Who stands still while the frontend stops is cut off. */
    private static final Duration PACE = Duration.ofMillis(50);

    /** Of a read, each time. */
    private static final int PART = 32 << 10;

    @Test
    void uploadsAndReadsUnderWayAreFinishedAfterNobodyElseIsLetIn() throws Exception {
        var stored = new byte[DOWNLOAD];
        new Random(1).nextBytes(stored);
        assertThat(send(request("alice", "there.jpg").PUT(BodyPublishers.ofByteArray(stored)))
                        .statusCode())
                .isEqualTo(200);
        var coming = new byte[UPLOAD];
        new Random(2).nextBytes(coming);
        int port = http.port();
        try (var reads = new Socket(InetAddress.getLoopbackAddress(), port);
                var writes = new Socket(InetAddress.getLoopbackAddress(), port)) {
            reads.setReceiveBufferSize(64 << 10);
            reads.setSoTimeout(20_000);
            writes.setSoTimeout(20_000);
            say(reads, "GET /v1/users/alice/blobs/there.jpg HTTP/1.1\r\nHost: x\r\n\r\n");
            var hurry = new AtomicBoolean();
            var read = CompletableFuture.supplyAsync(() -> body(reads, hurry));
            say(
                    writes,
                    "PUT /v1/users/alice/blobs/new.jpg HTTP/1.1\r\nHost: x\r\nContent-Length: " + UPLOAD + "\r\n\r\n");
            writes.getOutputStream().write(coming, 0, UPLOAD / 2);
            await().until(() -> cluster.admission.heldBytes() > 0);
            var sent = new AtomicInteger(UPLOAD / 2);
            var closed = CompletableFuture.runAsync(http::close);
            await("it listens no more").pollInterval(PACE).until(() -> {
                writes.getOutputStream().write(coming, sent.getAndIncrement(), 1);
                return !listens(port);
            });
            assertThat(closed).as("the stop waits for them").isNotDone();
            assertThat(read).as("it is still read").isNotDone();
            hurry.set(true);
            writes.getOutputStream().write(coming, sent.get(), UPLOAD - sent.get());
            assertThat(line(writes)).isEqualTo("HTTP/1.1 200 OK");
            assertThat(read.get(20, TimeUnit.SECONDS)).isEqualTo(stored);
            closed.get(20, TimeUnit.SECONDS);
        }
        http = start(Optional.empty());
        assertThat(send(request("alice", "new.jpg")).body()).isEqualTo(coming);
    }

    /** Reads an answer at a pace of its own, in a hurry once it is told so; always goes on, since who stands still is cut off. */
    private static byte[] body(Socket from, AtomicBoolean hurry) {
        try {
            assertThat(line(from)).isEqualTo("HTTP/1.1 200 OK");
            for (var header = line(from); !header.strip().isEmpty(); header = line(from)) {
                // headers say nothing that matters here
            }
            from.getInputStream().skipNBytes(1); // the end of the last line
            var body = new ByteArrayOutputStream();
            var part = new byte[PART];
            for (int read = 0; read >= 0; read = from.getInputStream().read(part)) {
                body.write(part, 0, read);
                if (!hurry.get()) {
                    LockSupport.parkNanos(PACE.toNanos());
                }
            }
            return body.toByteArray();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static boolean listens(int port) throws IOException {
        try (var socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            return socket.isConnected();
        } catch (ConnectException e) {
            return false;
        }
    }

    private static void say(Socket to, String text) throws IOException {
        to.getOutputStream().write(text.getBytes(US_ASCII));
    }

    private static String line(Socket from) throws IOException {
        var line = new StringBuilder();
        for (int c = from.getInputStream().read();
                c >= 0 && c != '\r';
                c = from.getInputStream().read()) {
            line.append((char) c);
        }
        return line.toString();
    }
}
