// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.tintype.cluster.log.SlowRequests;
import io.tintype.cluster.trace.Tracing;
import io.tintype.coordinator.cache.CacheSettings;
import io.tintype.coordinator.cache.Peers;
import io.tintype.coordinator.rendition.Rendition;
import io.tintype.coordinator.rendition.RenditionSettings;
import io.tintype.coordinator.rendition.RenditionSpec;
import io.tintype.coordinator.rendition.Renditions;
import io.tintype.coordinator.rendition.TestImages;
import io.tintype.coordinator.retrieval.RetrievalGateway;
import io.tintype.coordinator.testing.Pausable;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** No rendition is made for those who have gone; there is one thread that makes them, whose images do not come while paused. */
final class GoneClientsTest extends HttpStage {
    private static final RenditionSpec SMALL = new RenditionSpec(10, 0, RenditionSpec.Fit.CONTAIN, null);

    private final Pausable channels = new Pausable(cluster);
    private final RetrievalGateway images =
            cluster.withCaches(CacheSettings.DEFAULTS.withMemory(16 << 20), new Peers("alone", "local"), channels);
    private final Renditions renditions =
            new Renditions(new RenditionSettings(true, 1, 64, 64 << 20, 8 << 20, 100_000_000), images);

    @Override
    HttpFrontend start(Optional<String> notReady) {
        return HttpFrontend.start(
                "127.0.0.1",
                settings(),
                cluster.upload,
                cluster.retrieval,
                renditions,
                new StatusPages(() -> notReady, () -> ""),
                Tracing.OFF,
                SlowRequests.none());
    }

    @BeforeEach
    void store() throws IOException {
        cluster.store("u", "first", TestImages.halves(80, 40, "png"));
        cluster.store("u", "second", TestImages.halves(80, 40, "png"));
        channels.pause();
    }

    @AfterEach
    void end() {
        channels.resume();
        renditions.close();
        images.close();
    }

    private CompletableFuture<Rendition> get(String name) {
        return renditions.get(cluster.a.blob("u", name).orElseThrow().head(), SMALL);
    }

    @Test
    void whatNobodyWaitsForAnyMoreGivesItsPlaceUp() throws Exception {
        var first = get("first");
        var one = get("second");
        var other = get("second");
        assertThat(renditions.waiting()).isEqualTo(1);
        one.cancel(false);
        assertThat(renditions.waiting()).as("another waits still").isEqualTo(1);
        other.cancel(false);
        assertThat(renditions.waiting()).isZero();

        channels.resume();
        first.get(60, TimeUnit.SECONDS).release();
        assertThat(renditions.made()).isEqualTo(1);
        get("second").get(60, TimeUnit.SECONDS).release();
        assertThat(renditions.made()).isEqualTo(2);
    }

    @Test
    void whoGoesTakesNothingFromThoseWhoWait() throws Exception {
        var first = get("first");
        var one = get("second");
        var other = get("second");
        one.cancel(false);
        channels.resume();
        other.get(60, TimeUnit.SECONDS).release();
        first.get(60, TimeUnit.SECONDS).release();
        assertThat(renditions.made()).isEqualTo(2);
    }

    @Test
    void anImageThatWasBeingReadIsNotDecoded() throws Exception {
        var first = get("first");
        var second = get("second");
        first.cancel(false);
        channels.resume();
        second.get(60, TimeUnit.SECONDS).release();
        assertThat(renditions.made()).isEqualTo(1);
    }

    @Test
    void aStreamThatIsResetIsSomebodyWhoHasGone() throws Exception {
        var first = get("first");
        try (var client = new RawHttp2(http.port())) {
            client.request(1, "GET", "/v1/users/u/blobs/second?w=10", true);
            await("it waits").atMost(Duration.ofSeconds(60)).until(() -> renditions.waiting() == 1);
            client.reset(1);
            await("it waits no more").atMost(Duration.ofSeconds(60)).until(() -> renditions.waiting() == 0);
        }
        channels.resume();
        first.get(60, TimeUnit.SECONDS).release();
        assertThat(renditions.made()).isEqualTo(1);
    }
}
