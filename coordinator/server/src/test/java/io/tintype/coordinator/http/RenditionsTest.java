// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import io.tintype.checksum.Crc32c;
import io.tintype.cluster.log.SlowRequests;
import io.tintype.cluster.trace.Tracing;
import io.tintype.coordinator.cache.LayerFigures;
import io.tintype.coordinator.cache.Piece;
import io.tintype.coordinator.cache.PieceKey;
import io.tintype.coordinator.cache.PieceSpec;
import io.tintype.coordinator.rendition.RenditionSettings;
import io.tintype.coordinator.rendition.Renditions;
import io.tintype.coordinator.rendition.TestImages;
import io.tintype.model.Reason;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Images in other sizes and formats, over HTTP. */
final class RenditionsTest extends HttpStage {
    private final Renditions renditions =
            new Renditions(new RenditionSettings(true, 2, 64, 64 << 20, 8 << 20, 100_000_000), cluster.retrieval);

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

    @AfterEach
    void end() {
        renditions.close();
    }

    private HttpRequest.Builder rendition(String name, String query) {
        return HttpRequest.newBuilder(URI.create(base() + "/v1/users/u/blobs/" + name + "?" + query));
    }

    private HttpResponse<byte[]> get(String name, String query) throws Exception {
        return send(rendition(name, query).GET());
    }

    private void put(String name, byte[] image) throws Exception {
        assertThat(send(request("u", name)
                                .header("Content-Type", "image/x-whatever")
                                .PUT(BodyPublishers.ofByteArray(image)))
                        .statusCode())
                .isEqualTo(200);
    }

    @Test
    void anImageComesInTheSizeAndFormatAskedForAndIsMadeOnce() throws Exception {
        put("cat", TestImages.halves(800, 400, "jpeg"));
        var made = get("cat", "w=320&h=240&fit=cover&format=webp");
        assertThat(made.statusCode()).isEqualTo(200);
        assertThat(header(made, "Content-Type")).isEqualTo("image/webp");
        assertThat(header(made, "Cache-Control")).isEqualTo("no-cache");
        assertThat(header(made, "ETag")).startsWith("W/\"").endsWith(".320x240-cover-webp\"");
        var image = TestImages.read(made.body());
        assertThat(image.getWidth() + "x" + image.getHeight()).isEqualTo("320x240");

        var again = get("cat", "format=webp&fit=cover&h=240&w=320");
        assertThat(again.body()).isEqualTo(made.body());
        assertThat(renditions.made()).isEqualTo(1);
        var head = send(rendition("cat", "w=320&h=240&fit=cover&format=webp").method("HEAD", BodyPublishers.noBody()));
        assertThat(header(head, "Content-Length")).isEqualTo(Integer.toString(made.body().length));
        var same = send(rendition("cat", "w=320&h=240&fit=cover&format=webp")
                .header("If-None-Match", header(made, "ETag"))
                .GET());
        assertThat(same.statusCode()).isEqualTo(304);
        assertThat(get("cat", "w=100").statusCode()).isEqualTo(200);
        assertThat(renditions.made()).isEqualTo(2);
        assertThat(cluster.retrieval.caches().figures().stream()
                        .filter(figures -> figures.name().equals("memory"))
                        .mapToLong(LayerFigures::hits)
                        .sum())
                .isPositive();
    }

    @Test
    void aRenditionOfSeveralMebibytesIsKeptAndAMissingPieceMakesItAnew() throws Exception {
        put("noise", TestImages.noise(1_000, 900, "png"));
        var made = get("noise", "w=900&format=png");
        assertThat(made.statusCode()).isEqualTo(200);
        assertThat(made.body().length).isGreaterThan(1 << 20);
        assertThat(TestImages.read(made.body()).getWidth()).isEqualTo(900);
        for (int i = 0; i < 3; i++) {
            assertThat(get("noise", "w=900&format=png").body()).isEqualTo(made.body());
        }
        assertThat(renditions.made()).isEqualTo(1);

        var head = cluster.a.blob("u", "noise").orElseThrow().head();
        cluster.retrieval
                .caches()
                .drop(PieceKey.derived(head, "900x0-contain-png;3").at(1));
        assertThat(get("noise", "w=900&format=png").body()).isEqualTo(made.body());
        assertThat(renditions.made()).isEqualTo(2);
    }

    @Test
    void anImageThatWasReplacedBehindALeaseIsReadAsItIsNow() throws Exception {
        cluster.followAtOnce();
        put("cat", TestImages.halves(80, 40, "png"));
        await("a lease")
                .until(() -> !header(bounded("w=10"), "Tintype-Stale-As-Of-Ms").isEmpty());
        var old = cluster.a.blob("u", "cat").orElseThrow().head();
        cluster.a.losesFeedMessages = true;
        put("cat", TestImages.halves(80, 40, "gif"));
        cluster.retrieval.caches().drop(PieceSpec.of(old, 0).key());

        var made = bounded("w=20");

        assertThat(made.statusCode()).isEqualTo(200);
        assertThat(header(made, "ETag"))
                .startsWith(
                        "W/\"" + cluster.a.blob("u", "cat").orElseThrow().head().getEtag() + '.');
    }

    private HttpResponse<byte[]> bounded(String query) throws Exception {
        return send(rendition("cat", query)
                .header("Tintype-Consistency", "bounded:5s")
                .GET());
    }

    /** Coordinators of two versions may make other bytes of one image, and find one another's in a cache that they share. */
    @Test
    void piecesOfTwoRenditionsAreNeverPutTogether() throws Exception {
        put("noise", TestImages.noise(1_000, 900, "png"));
        var made = get("noise", "w=900&format=png");
        assertThat(made.body().length).as("in three pieces").isGreaterThan(2 * PieceKey.BYTES);
        var head = cluster.a.blob("u", "noise").orElseThrow().head();
        var middle = PieceKey.derived(head, "900x0-contain-png;3").at(1);
        var others = ByteString.copyFrom(bytes(PieceKey.BYTES, 1));
        var caches = cluster.retrieval.caches();
        caches.drop(middle);
        caches.keep(middle, Piece.onHeap(others, Crc32c.of(others)));
        for (int i = 0; i < 3; i++) {
            assertThat(Arrays.equals(get("noise", "w=900&format=png").body(), made.body()))
                    .isTrue();
        }
        assertThat(renditions.made()).isEqualTo(2);
    }

    @Test
    void whoComesAtOnceGetsOneRendition() throws Exception {
        put("cat", TestImages.halves(4_000, 3_000, "jpeg"));
        List<CompletableFuture<HttpResponse<byte[]>>> answers = new ArrayList<>();
        for (int i = 0; i < 16; i++) {
            answers.add(client.sendAsync(rendition("cat", "w=200").GET().build(), BodyHandlers.ofByteArray()));
        }
        byte[] first = answers.get(0).get(60, TimeUnit.SECONDS).body();
        for (var answer : answers) {
            assertThat(answer.get(60, TimeUnit.SECONDS).statusCode()).isEqualTo(200);
            assertThat(answer.get().body()).isEqualTo(first);
        }
        // One who comes just as it is done finds it in the cache, or has it made again.
        assertThat(renditions.made()).isLessThan(4);
    }

    @Test
    void whatIsReplacedOrDeletedIsNotShownAnyMore() throws Exception {
        put("cat", TestImages.halves(800, 400, "png"));
        var old = get("cat", "w=80");
        assertThat(TestImages.read(old.body()).getHeight()).isEqualTo(40);
        put("cat", TestImages.halves(400, 800, "png"));
        var now = send(rendition("cat", "w=80")
                .header("If-None-Match", header(old, "ETag"))
                .GET());
        assertThat(now.statusCode()).isEqualTo(200);
        assertThat(TestImages.read(now.body()).getHeight()).isEqualTo(160);
        send(request("u", "cat").DELETE());
        assertReason(get("cat", "w=80"), 404, Reason.BLOB_NOT_FOUND);
    }

    @Test
    void imagesThatCannotBeUsedAreRefusedAndNothingIsCached() throws Exception {
        put("bomb", TestImages.claiming(50_000, 50_000, "png"));
        put("text", "no image".getBytes(UTF_8));
        byte[] whole = TestImages.halves(800, 400, "png");
        put("cut", Arrays.copyOf(whole, whole.length / 2));
        for (int i = 0; i < 3; i++) {
            assertThat(refused("bomb", 422)).contains("50000 x 50000 pixels, and at most 100000000 are allowed");
            assertThat(refused("text", 415)).contains("no JPEG, PNG, WebP or GIF image");
            assertThat(refused("cut", 422)).contains("damaged or cut short");
        }
        assertThat(renditions.refused()).as("attempts").isEqualTo(3);
        assertThat(renditions.made()).isZero();
        assertThat(send(request("u", "cut").GET()).body()).as("as it is").hasSize(whole.length / 2);
        // The right image under the same name is another version.
        put("cut", whole);
        assertThat(get("cut", "w=10").statusCode()).isEqualTo(200);
    }

    private String refused(String name, int status) throws Exception {
        var answer = get(name, "w=10");
        assertReason(answer, status, Reason.INVALID_ARGUMENT);
        assertThat(header(answer, "Cache-Control")).isEqualTo("no-store");
        return new String(answer.body(), UTF_8);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "w=0 | w is no number of pixels from 1 to 4096",
                "w=4097 | w is no number of pixels",
                "w=-1 | w is no number of pixels",
                "h=abc | h is no number of pixels",
                "w=99999999999 | w is no number of pixels",
                "w=1&w=2 | w comes twice",
                "w=1&x=2 | no parameter 'x'",
                "fit=cover | needs w, h or format",
                "w=1&fit=cover | needs both w and h",
                "w=1&fit=fill | neither contain nor cover",
                "format=tiff | none of jpeg, png and webp",
            })
    void parametersThatMeanNothingAreRefused(String query, String message) throws Exception {
        put("cat", TestImages.halves(80, 40, "png"));
        var answer = get("cat", query);
        assertReason(answer, 400, Reason.INVALID_ARGUMENT);
        assertThat(new String(answer.body(), UTF_8)).contains(message);
    }

    @Test
    void aCoordinatorThatMakesNoneSaysSo() throws Exception {
        http.close();
        http = super.start(Optional.empty());
        put("cat", TestImages.halves(80, 40, "png"));
        assertReason(get("cat", "w=10"), 400, Reason.INVALID_ARGUMENT);
        assertThat(get("cat", "other=1").statusCode())
                .as("what is no rendition")
                .isEqualTo(200);
    }
}
