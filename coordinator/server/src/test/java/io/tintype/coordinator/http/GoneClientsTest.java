// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.http;

import static java.nio.charset.StandardCharsets.US_ASCII;
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
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
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
        try (var socket = new Socket(InetAddress.getLoopbackAddress(), http.port())) {
            var out = socket.getOutputStream();
            out.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(US_ASCII));
            frame(out, 4, 0, 0, new byte[0]); // SETTINGS
            frame(out, 1, 5, 1, headers("/v1/users/u/blobs/second?w=10")); // HEADERS, and the request's end
            await("it waits").atMost(Duration.ofSeconds(60)).until(() -> renditions.waiting() == 1);
            frame(out, 3, 0, 1, new byte[] {0, 0, 0, 8}); // RST_STREAM: cancelled
            await("it waits no more").atMost(Duration.ofSeconds(60)).until(() -> renditions.waiting() == 0);
        }
        channels.resume();
        first.get(60, TimeUnit.SECONDS).release();
        assertThat(renditions.made()).isEqualTo(1);
    }

    private static void frame(OutputStream out, int type, int flags, int stream, byte[] payload) throws IOException {
        out.write(new byte[] {0, 0, (byte) payload.length, (byte) type, (byte) flags, 0, 0, 0, (byte) stream});
        out.write(payload);
    }

    /** By HPACK, nothing of it to be remembered. */
    private static byte[] headers(String path) {
        var block = new ByteArrayOutputStream();
        block.write(0x82); // :method GET
        block.write(0x86); // :scheme http
        block.write(0x04); // :path
        block.write(path.length());
        block.writeBytes(path.getBytes(US_ASCII));
        block.write(0x01); // :authority
        block.write(1);
        block.write('x');
        return block.toByteArray();
    }
}
