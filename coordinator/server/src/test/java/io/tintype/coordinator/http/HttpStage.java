// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.tintype.coordinator.cache.CacheSettings;
import io.tintype.coordinator.testing.MemoryCluster;
import io.tintype.coordinator.testing.MemoryNode;
import io.tintype.model.Reason;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** An HTTP frontend over storage nodes in memory, and a client of it, for the tests that extend this. */
abstract class HttpStage {
    static final long MAX_BLOB = 8 << 20;
    static final ObjectMapper JSON = new ObjectMapper();

    final HttpClient client =
            HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(10)).build();
    final MemoryCluster cluster = new MemoryCluster(64 << 20, MAX_BLOB, CacheSettings.DEFAULTS);
    HttpFrontend http;

    @BeforeEach
    void begin() {
        http = start(Optional.empty());
    }

    HttpFrontend start(Optional<String> notReady) {
        return HttpFrontend.start(
                "127.0.0.1",
                settings(),
                cluster.upload,
                cluster.retrieval,
                new StatusPages(() -> notReady, () -> "# HELP x A figure.\nx 1\n"));
    }

    /** What the frontend is started with. */
    HttpSettings settings() {
        return new HttpSettings(
                true,
                0,
                Duration.ofSeconds(5),
                Duration.ofSeconds(5),
                16 << 10,
                true,
                CorsSettings.NONE,
                SignedUrlSettings.NONE);
    }

    @AfterEach
    void stop() {
        http.close();
        cluster.close();
    }

    MemoryNode node() {
        return cluster.a;
    }

    String base() {
        return "http://127.0.0.1:" + http.port();
    }

    HttpRequest.Builder request(String user, String name) {
        return HttpRequest.newBuilder(URI.create(base() + "/v1/users/" + encode(user) + "/blobs/" + encode(name)));
    }

    HttpResponse<byte[]> send(HttpRequest.Builder request) throws Exception {
        return client.send(request.timeout(Duration.ofSeconds(30)).build(), BodyHandlers.ofByteArray());
    }

    static String header(HttpResponse<?> response, String name) {
        return response.headers().firstValue(name).orElse("");
    }

    static void assertReason(HttpResponse<byte[]> answer, int status, Reason reason) throws IOException {
        assertThat(new String(answer.body(), UTF_8)).contains("\"reason\"");
        assertThat(JSON.readTree(answer.body()).get("reason").asText()).isEqualTo(reason.name());
        assertThat(answer.statusCode()).isEqualTo(status);
    }

    static void assertReason(HttpResponse<byte[]> answer, int status, Reason reason, String text) throws IOException {
        assertReason(answer, status, reason);
        assertThat(JSON.readTree(answer.body()).get("message").asText()).contains(text);
    }

    /** Percent-encodes everything but letters and digits, dots included. */
    static String encode(String text) {
        var out = new StringBuilder();
        for (byte b : text.getBytes(UTF_8)) {
            if ((b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z') || (b >= '0' && b <= '9')) {
                out.append((char) b);
            } else {
                out.append('%').append(HexFormat.of().withUpperCase().toHexDigits(b));
            }
        }
        return out.toString();
    }

    /** Sends bytes as they are, ends the sending side, and reads all that comes back. */
    String raw(String request) throws IOException {
        return raw(request.getBytes(UTF_8));
    }

    String raw(byte[] request) throws IOException {
        try (var socket = new Socket(InetAddress.getLoopbackAddress(), http.port())) {
            socket.setSoTimeout(20_000);
            socket.getOutputStream().write(request);
            socket.getOutputStream().flush();
            socket.shutdownOutput();
            return new String(socket.getInputStream().readAllBytes(), ISO_8859_1);
        }
    }

    static byte[] bytes(int size, long seed) {
        var bytes = new byte[size];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }
}
