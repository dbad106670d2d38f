// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.http;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpRequest.BodyPublishers;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** What a frontend that is told to stop does with requests under way. */
final class HttpStopTest extends HttpStage {
    private static final int UPLOAD = 1 << 20;

    /** More than a connection holds, so that a read of it is under way until its reader has taken it. */
    private static final int DOWNLOAD = (int) MAX_BLOB;

    /** Who stands still while the frontend stops is cut off. */
    private static final Duration PACE = Duration.ofMillis(50);

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
            assertThat(line(reads)).isEqualTo("HTTP/1.1 200 OK");
            say(
                    writes,
                    "PUT /v1/users/alice/blobs/new.jpg HTTP/1.1\r\nHost: x\r\nContent-Length: " + UPLOAD + "\r\n\r\n");
            writes.getOutputStream().write(coming, 0, UPLOAD / 2);
            await().until(() -> cluster.admission.heldBytes() > 0);
            var sent = new AtomicInteger(UPLOAD / 2);
            var closed = CompletableFuture.runAsync(http::close);
            await("it listens no more").pollInterval(PACE).until(() -> {
                writes.getOutputStream().write(coming, sent.getAndIncrement(), 1);
                assertThat(reads.getInputStream().read()).isNotNegative();
                return !listens(port);
            });
            assertThat(closed).as("the stop waits for them").isNotDone();
            writes.getOutputStream().write(coming, sent.get(), UPLOAD - sent.get());
            assertThat(line(writes)).isEqualTo("HTTP/1.1 200 OK");
            var rest = reads.getInputStream().readAllBytes();
            assertThat(Arrays.copyOfRange(rest, rest.length - DOWNLOAD / 2, rest.length))
                    .as("the second half, and the end with it")
                    .isEqualTo(Arrays.copyOfRange(stored, DOWNLOAD / 2, DOWNLOAD));
            closed.get(20, TimeUnit.SECONDS);
        }
        http = start(Optional.empty());
        assertThat(send(request("alice", "new.jpg")).body()).isEqualTo(coming);
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
