// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.coordinator.rendition.RenditionSettings;
import io.tintype.coordinator.rendition.Renditions;
import io.tintype.coordinator.rendition.TestImages;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Answers of which the making fails as nobody expected: whoever asked is told, and does not wait for ever. */
final class BrokenAnswersTest extends HttpStage {
    private final Renditions renditions = new Renditions(RenditionSettings.DEFAULTS, cluster.retrieval);
    private final AtomicInteger looksAtTheTime = new AtomicInteger(Integer.MAX_VALUE);

    @Override
    HttpFrontend start(Optional<String> notReady) {
        return HttpFrontend.start(
                "127.0.0.1",
                settings(),
                cluster.upload,
                cluster.retrieval,
                renditions,
                new StatusPages(() -> notReady, () -> ""),
                () -> {
                    if (looksAtTheTime.getAndDecrement() == 0) {
                        throw new IllegalStateException("on purpose");
                    }
                    return Instant.now();
                });
    }

    @AfterEach
    void end() {
        renditions.close();
    }

    /** The first look is for the signature, the second for what the answer says of caching. */
    @ParameterizedTest
    @CsvSource({"GET, ''", "HEAD, ''", "GET, ?w=10", "HEAD, ?w=10"})
    void whoeverAskedIsTold(String method, String query) throws Exception {
        send(request("u", "n").PUT(BodyPublishers.ofByteArray(TestImages.halves(80, 40, "png"))));
        looksAtTheTime.set(1);
        var uri = URI.create(base() + "/v1/users/u/blobs/n" + query);
        var answer = send(HttpRequest.newBuilder(uri).method(method, BodyPublishers.noBody()));
        assertThat(answer.statusCode()).isEqualTo(500);
        assertThat(send(HttpRequest.newBuilder(uri)).statusCode()).isEqualTo(200);
    }
}
