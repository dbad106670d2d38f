// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.tintype.coordinator.testing.Pausable;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Bodies that come over HTTP/2 in tiny frames cost no more memory than others while nobody reads them. */
final class UnreadFramesTest extends HttpStage {
    private static final String PATH = "/v1/users/u/blobs/n";

    private final Pausable nodes = new Pausable(cluster);

    @Override
    HttpFrontend start(Optional<String> notReady) {
        return HttpFrontend.start(
                "127.0.0.1",
                settings(),
                cluster.uploads(Duration.ofHours(1), MAX_BLOB, nodes),
                cluster.retrieval,
                new StatusPages(() -> notReady, () -> ""));
    }

    @AfterEach
    void end() {
        nodes.resume();
    }

    @Test
    void aStreamOfWhichTooManyWaitIsReset() throws Exception {
        nodes.pause(); // so that nobody reads
        try (var client = new RawHttp2(http.port())) {
            client.request(1, "PUT", PATH, false);
            client.bytes(1, UnreadFrames.MOST + 1, false);
            assertThat(client.end(1).resetBy()).isEqualTo(RawHttp2.ENHANCE_YOUR_CALM);
            nodes.resume();
            await().until(() -> cluster.admission.heldBytes() == 0);
            client.request(3, "GET", "/health/live", true);
            assertThat(client.end(3).resetBy()).as("others of the connection").isEqualTo(-1);
        }
        assertThat(node().size()).isZero();
    }

    @Test
    void theStreamThatHasTheMostIsResetAndNotTheOneThatComesNext() throws Exception {
        nodes.pause();
        try (var client = new RawHttp2(http.port())) {
            client.request(1, "PUT", PATH, false);
            client.bytes(1, UnreadFrames.MOST - 1, false);
            client.request(3, "PUT", "/v1/users/u/blobs/small", false);
            client.bytes(3, 2, true);
            assertThat(client.end(1).resetBy()).isEqualTo(RawHttp2.ENHANCE_YOUR_CALM);
            nodes.resume();
            assertThat(client.end(3).resetBy()).isEqualTo(-1);
        }
        assertThat(node().blob("u", "small").orElseThrow().bytes().size()).isEqualTo(2);
        assertThat(node().size()).isEqualTo(1);
    }

    @Test
    void thoseThatWereReadAndThoseOfStreamsThatAreOverDoNotCount() throws Exception {
        try (var client = new RawHttp2(http.port())) {
            int half = UnreadFrames.MOST / 2 + 1;
            for (int stream = 1; stream < 20; stream += 6) {
                client.request(stream, "PUT", PATH, false);
                client.bytes(stream, half, true);
                assertThat(client.end(stream).resetBy()).as("stream " + stream).isEqualTo(-1);
                assertThat(node().blob("u", "n").orElseThrow().bytes().size()).isEqualTo(half);

                nodes.pause();
                client.request(stream + 2, "PUT", PATH, false);
                client.bytes(stream + 2, half, false);
                client.reset(stream + 2);
                client.request(stream + 4, "GET", "/health/live", true);
                client.end(stream + 4); // by then all before it was taken in
                nodes.resume();
            }
        }
    }
}
