// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.tintype.model.Reason;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Clients that send too slowly, or what cannot be meant. */
final class HostileClientsTest extends HttpStage {
    @Override
    HttpSettings settings() {
        // Nothing here is ever idle for long: what ends these connections is another limit.
        return super.settings().withTimeouts(Duration.ofMinutes(2), Duration.ofSeconds(1));
    }

    @Test
    void headersThatComeByteByByteEndTheConnection() throws Exception {
        try (var socket = new Socket(InetAddress.getLoopbackAddress(), http.port())) {
            socket.setSoTimeout(100);
            socket.getOutputStream().write("GET /v1/users/u/blobs/n HTTP/1.1\r\nHost: x\r\nX: ".getBytes(UTF_8));
            await("the server hangs up").atMost(Duration.ofSeconds(60)).until(() -> drip(socket));
        }
    }

    @Test
    void theSecondRequestOfAConnectionHasItsTimeToo() throws Exception {
        try (var socket = new Socket(InetAddress.getLoopbackAddress(), http.port())) {
            socket.setSoTimeout(20_000);
            for (int i = 0; i < 3; i++) {
                socket.getOutputStream().write("GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(UTF_8));
                var answer = new byte[12];
                assertThat(socket.getInputStream().readNBytes(answer, 0, 12)).isEqualTo(12);
                assertThat(new String(answer, ISO_8859_1)).isEqualTo("HTTP/1.1 200");
                readUntil(socket, "}");
            }
            socket.getOutputStream().write("GET /health".getBytes(UTF_8));
            socket.setSoTimeout(100);
            await("the server hangs up").atMost(Duration.ofSeconds(60)).until(() -> drip(socket));
        }
    }

    /** Nothing more comes of it: the server has all its bytes before the first answer is sent. */
    @Test
    void aPartOfHeadersThatCameAlongWithTheRequestBeforeEndsTheConnection() throws Exception {
        try (var socket = new Socket(InetAddress.getLoopbackAddress(), http.port())) {
            socket.setSoTimeout(20_000);
            socket.getOutputStream()
                    .write("GET /health/live HTTP/1.1\r\nHost: x\r\n\r\nGET /health/live HTTP/1.1\r\nHo"
                            .getBytes(UTF_8));
            readUntil(socket, "}");
            assertThat(socket.getInputStream().read()).as("the server hangs up").isEqualTo(-1);
        }
    }

    @Test
    void aConnectionThatIsKeptForLaterIsNotTakenForASlowOne() throws Exception {
        try (var socket = new Socket(InetAddress.getLoopbackAddress(), http.port())) {
            socket.setSoTimeout(20_000);
            socket.getOutputStream().write("GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(UTF_8));
            readUntil(socket, "}");
            // Another, slow one shows that the time of both is over.
            headersThatComeByteByByteEndTheConnection();
            socket.getOutputStream().write("GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(UTF_8));
            readUntil(socket, "}");
        }
    }

    private static void readUntil(Socket socket, String end) throws IOException {
        int next;
        do {
            next = socket.getInputStream().read();
            assertThat(next).as("the connection stays open").isNotNegative();
        } while (next != end.charAt(0));
    }

    /** Sends one byte more; true: the connection is closed. */
    private static boolean drip(Socket socket) {
        try {
            socket.getOutputStream().write('x');
            return socket.getInputStream().read() < 0;
        } catch (SocketTimeoutException open) {
            return false;
        } catch (IOException reset) {
            return true;
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "POST | /v1/users/u/blobs/n | GET, HEAD, PUT, DELETE",
                "PATCH | /v1/users/u/blobs/n | GET, HEAD, PUT, DELETE",
                "TRACE | /v1/users/u/blobs/n | GET, HEAD, PUT, DELETE",
                "BREW | /v1/users/u/blobs/n | GET, HEAD, PUT, DELETE",
                "DELETE | /v1/users/u/blobs | GET",
                "POST | /health/live | GET, HEAD",
                "PUT | /metrics | GET, HEAD",
                "DELETE | / | GET, HEAD",
            })
    void methodsThatMeanNothingAreToldWhichDo(String method, String path, String allowed) throws Exception {
        var answer = send(HttpRequest.newBuilder(URI.create(base() + path)).method(method, BodyPublishers.noBody()));
        assertReason(answer, 405, Reason.INVALID_ARGUMENT);
        assertThat(header(answer, "Allow")).isEqualTo(allowed);
    }

    @Test
    void aPathThatIsEncodedTwiceIsAnotherNameAndNoWayOut() throws Exception {
        send(request("u", "a/b").PUT(BodyPublishers.ofString("slash")));
        var twice = send(HttpRequest.newBuilder(URI.create(base() + "/v1/users/u/blobs/a%252Fb"))
                .GET());
        assertReason(twice, 404, Reason.BLOB_NOT_FOUND);
        for (String path : new String[] {"/v1/users/u/blobs/%252e%252e/x", "/v1/users/%252e%252e/blobs/x"}) {
            var answer = send(HttpRequest.newBuilder(URI.create(base() + path)).GET());
            assertThat(answer.statusCode()).as(path).isEqualTo(404);
        }
    }
}
