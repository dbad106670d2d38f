// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.tintype.model.Reason;
import java.net.InetAddress;
import java.net.Socket;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Uploads over HTTP that stand still, and uploads that never end, are ended: with the reason, and nothing stored. */
final class UploadDeadlinesTest extends HttpStage {
    private static final String HEAD = "PUT /v1/users/u/blobs/n HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n";

    private Duration idle = Duration.ofSeconds(1);
    private Duration most = Duration.ofSeconds(4);
    private volatile Instant now = Instant.EPOCH;

    @Override
    HttpSettings settings() {
        return super.settings().withTimeouts(idle, Duration.ofSeconds(30));
    }

    @Override
    HttpFrontend start(Optional<String> notReady) {
        return HttpFrontend.start(
                "127.0.0.1",
                settings(),
                cluster.uploads(most, MAX_BLOB),
                cluster.retrieval,
                null,
                new StatusPages(() -> notReady, () -> ""),
                () -> now);
    }

    @Test
    void aBodyThatStopsComingIsGivenUp() throws Exception {
        try (var socket = new Socket(InetAddress.getLoopbackAddress(), http.port())) {
            socket.setSoTimeout(60_000);
            socket.getOutputStream().write((HEAD + "half").getBytes(ISO_8859_1));
            refused(new String(socket.getInputStream().readAllBytes(), ISO_8859_1), "The body stopped coming");
        }
    }

    /** Never idle for as long as it may be, but on its way for longer than it may. */
    @Test
    void aBodyThatComesByteByByteIsGivenUpWhenItsTimeIsOver() throws Exception {
        http.close();
        idle = Duration.ofMinutes(1);
        http = start(Optional.empty());
        try (var socket = new Socket(InetAddress.getLoopbackAddress(), http.port())) {
            socket.setSoTimeout(60_000);
            socket.getOutputStream().write(HEAD.getBytes(ISO_8859_1));
            await("the server answers").atMost(Duration.ofSeconds(60)).until(() -> {
                if (socket.getInputStream().available() == 0) {
                    socket.getOutputStream().write('x');
                }
                return socket.getInputStream().available() > 0;
            });
            var answer = new byte[4_096];
            int length = socket.getInputStream().read(answer);
            assertThat(length).isPositive();
            refused(new String(answer, 0, length, ISO_8859_1), "(uploadTimeout)");
        }
    }

    /** Nodes end uploads of which they hear nothing; what a slow client sends may take minutes to fill a frame. */
    @Test
    void aNodeHearsOfABodyThatComesSlowly() throws Exception {
        http.close();
        idle = Duration.ofMinutes(1);
        most = Duration.ofHours(1);
        http = start(Optional.empty());
        try (var socket = new Socket(InetAddress.getLoopbackAddress(), http.port())) {
            socket.setSoTimeout(60_000);
            var to = socket.getOutputStream();
            to.write(HEAD.replace("1000000", "4").getBytes(ISO_8859_1));
            await().until(() -> node().putMessages.get() == 1);
            for (int heard = 2; heard <= 3; heard++) {
                now = now.plusSeconds(10);
                to.write('x');
                int messages = heard;
                await().until(() -> node().putMessages.get() == messages);
            }
            to.write(new byte[] {'y', 'z'});
            var answer = new byte[4_096];
            int length = socket.getInputStream().read(answer);
            assertThat(new String(answer, 0, length, ISO_8859_1)).startsWith("HTTP/1.1 200 ");
        }
        assertThat(node().putMessages).as("no more than are needed").hasValue(4);
        assertThat(node().blob("u", "n").orElseThrow().bytes().toStringUtf8()).isEqualTo("xxyz");
    }

    private void refused(String answer, String why) throws Exception {
        assertThat(answer).startsWith("HTTP/1.1 400 ").contains(why).doesNotContain("Retry-After");
        var body = JSON.readTree(answer.substring(answer.indexOf("\r\n\r\n") + 4));
        assertThat(body.get("reason").asText()).isEqualTo(Reason.INCOMPLETE_UPLOAD.name());
        await().until(() -> cluster.admission.heldBytes() == 0);
        await().until(() -> node().openPuts.get() == 0);
        assertThat(node().size()).isZero();
    }
}
