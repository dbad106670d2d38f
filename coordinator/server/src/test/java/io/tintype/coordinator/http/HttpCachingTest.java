// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.tintype.model.Reason;
import io.tintype.proto.v1.BlobHead;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.GZIPInputStream;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What browsers and proxies are told they may do with answers, and in which form bytes go to them. */
final class HttpCachingTest extends HttpStage {
    private static final String CRLF = "\r\n";
    private static final byte[] TEXT = "all work and no play\n".repeat(60_000).getBytes(StandardCharsets.UTF_8);

    @Test
    void whatIsGivenWithABlobIsAnsweredWithIt() throws Exception {
        var put = send(request("u", "n")
                .header("Cache-Control", "public, max-age=3600")
                .header("Expires", "Tue, 14 Nov 2034 22:13:20 GMT")
                .PUT(BodyPublishers.ofByteArray(bytes(1000, 1))));
        assertThat(put.statusCode()).isEqualTo(200);
        for (var method : new String[] {"GET", "HEAD"}) {
            var got = send(request("u", "n").method(method, BodyPublishers.noBody()));
            assertThat(got.headers().allValues("Cache-Control")).containsExactly("public, max-age=3600");
            assertThat(header(got, "Expires")).isEqualTo("Tue, 14 Nov 2034 22:13:20 GMT");
        }
        var same = send(request("u", "n").header("If-None-Match", "*").GET());
        assertThat(same.statusCode()).isEqualTo(304);
        assertThat(header(same, "Cache-Control")).isEqualTo("public, max-age=3600");
        var head = node().blob("u", "n").orElseThrow().head();
        assertThat(head.getCacheControl()).isEqualTo("public, max-age=3600");
        assertThat(head.getHttpExpiresMs()).isEqualTo(2_047_155_200_000L);
    }

    @ParameterizedTest
    @ValueSource(strings = {"GET", "HEAD"})
    void whoeverIsToldThatNothingChangedIsToldHowSureThatIs(String method) throws Exception {
        var put = send(request("u", "n").PUT(BodyPublishers.ofByteArray(bytes(1000, 1))));
        var unchanged =
                request("u", "n").header("If-None-Match", header(put, "ETag")).method(method, BodyPublishers.noBody());
        var maybeStale = unchanged.copy().header("Tintype-Consistency", "bounded:5s");
        // What is known here is not known for long, and only once changes are heard of.
        await().atMost(Duration.ofSeconds(60)).untilAsserted(() -> {
            var sure = send(unchanged);
            assertThat(sure.statusCode()).isEqualTo(304);
            assertThat(header(sure, "Tintype-Stale-As-Of-Ms")).isEmpty();
            var stale = send(maybeStale);
            assertThat(stale.statusCode()).isEqualTo(304);
            assertThat(header(stale, "Tintype-Stale-As-Of-Ms")).isNotEmpty();
        });
    }

    @Test
    void aBlobThatSaysNothingHasWhatItsPoolSays() throws Exception {
        send(request("u", "n").PUT(BodyPublishers.ofString("x")));
        assertThat(header(send(request("u", "n").GET()), "Cache-Control")).isEqualTo("no-cache");
        assertThat(header(send(request("u", "n").GET()), "Expires")).isEmpty();
        cluster.cacheControl("private, max-age=60");
        var got = send(request("u", "n").GET());
        assertThat(header(got, "Cache-Control")).isEqualTo("private, max-age=60");
        assertThat(header(got, "Expires")).isNotEmpty();
        send(request("u", "own").header("Cache-Control", "no-store").PUT(BodyPublishers.ofString("x")));
        var own = send(request("u", "own").GET());
        assertThat(header(own, "Cache-Control")).isEqualTo("no-store");
        assertThat(header(own, "Expires")).isEmpty();
    }

    @Test
    void whatSaysNothingToCachesIsRefused() throws Exception {
        var body = BodyPublishers.ofString("x");
        assertReason(send(request("u", "n").header("Expires", "0").PUT(body)), 400, Reason.INVALID_ARGUMENT);
        assertReason(
                send(request("u", "n").header("Cache-Control", "x".repeat(129)).PUT(body)),
                400,
                Reason.INVALID_ARGUMENT);
        assertThat(node().size()).isZero();
    }

    @Test
    void expiresOfAPoolIsItsMaxAgeFromNow() {
        var now = Instant.ofEpochMilli(5_000);
        var head = BlobHead.getDefaultInstance();
        assertThat(HttpCaching.of(head, "public, max-age=7", now))
                .isEqualTo(new HttpCaching("public, max-age=7", 12_000));
        assertThat(HttpCaching.of(head, "s-max-age=7", now).expiresMs()).isZero();
        assertThat(HttpCaching.of(head, "", now)).isEqualTo(new HttpCaching("no-cache", 0));
    }

    @Test
    void textIsCompressedForWhoTakesIt() throws Exception {
        send(request("u", "n")
                .header("Content-Type", "text/plain; charset=utf-8")
                .PUT(BodyPublishers.ofByteArray(TEXT)));
        var plain = send(request("u", "n").GET());
        assertThat(plain.body()).isEqualTo(TEXT);
        assertThat(header(plain, "Vary")).isEqualTo("Accept-Encoding");
        assertThat(header(plain, "Content-Encoding")).isEmpty();

        var coded = send(
                request("u", "n").header("Accept-Encoding", "br, gzip;q=0.8").GET());
        assertThat(header(coded, "Content-Encoding")).isEqualTo("gzip");
        assertThat(header(coded, "Vary")).isEqualTo("Accept-Encoding");
        assertThat(header(coded, "ETag")).isEqualTo("W/" + header(plain, "ETag"));
        assertThat(header(coded, "Accept-Ranges")).isEmpty();
        assertThat(coded.body().length).isLessThan(TEXT.length / 20);
        assertThat(new GZIPInputStream(new ByteArrayInputStream(coded.body())).readAllBytes())
                .isEqualTo(TEXT);

        var head = send(request("u", "n").header("Accept-Encoding", "gzip").method("HEAD", BodyPublishers.noBody()));
        assertThat(header(head, "Content-Encoding")).isEmpty();
        assertThat(header(head, "Content-Length")).isEqualTo(Integer.toString(TEXT.length));
        assertThat(header(head, "Vary")).isEqualTo("Accept-Encoding");
        var same = send(request("u", "n")
                .header("Accept-Encoding", "gzip")
                .header("If-None-Match", header(coded, "ETag"))
                .GET());
        assertThat(same.statusCode()).isEqualTo(304);
        assertThat(header(same, "Vary")).isEqualTo("Accept-Encoding");
    }

    /** There is no length by which a client could tell; so neither body nor compressed stream may end as if whole. */
    @Test
    void aCompressedAnswerThatFailsInTheMiddleIsSeenToBeCutShort() throws Exception {
        var text = bytes(20 << 20, 1); // does not shrink, so that much has left by then
        cluster.store("u", "n", "text/plain", text);
        node().frameBytes = 1 << 20;
        node().framesBeforeFailure = 3;

        for (String version : List.of("HTTP/1.1", "HTTP/1.0")) {
            String answer = compressed(version);

            assertThat(answer).contains("Content-Encoding: gzip").doesNotContain("Content-Length:");
            assertThat(answer.length()).as("some of it was sent").isGreaterThan(1 << 20);
            assertThat(answer).as("the last chunk").doesNotEndWith(CRLF + "0" + CRLF + CRLF);
            assertThatThrownBy(() -> unzipped(answer)).isInstanceOf(IOException.class);
        }
        assertThatThrownBy(() ->
                        send(request("u", "n").header("Accept-Encoding", "gzip").GET()))
                .isInstanceOf(IOException.class);

        node().framesBeforeFailure = Integer.MAX_VALUE;
        assertThat(Arrays.equals(unzipped(compressed("HTTP/1.1")), text))
                .as("the same whole")
                .isTrue();
    }

    private String compressed(String version) throws IOException {
        return raw("GET /v1/users/u/blobs/n " + version + CRLF + "Host: x" + CRLF + "Accept-Encoding: gzip" + CRLF
                + "Connection: close" + CRLF + CRLF);
    }

    /** What the body of an answer, in chunks or not, is when unzipped. */
    private static byte[] unzipped(String answer) throws IOException {
        int head = answer.indexOf(CRLF + CRLF) + 4;
        var body = new ByteArrayInputStream(answer.substring(head).getBytes(ISO_8859_1));
        InputStream in = answer.substring(0, head).contains("Transfer-Encoding: chunked") ? unchunked(body) : body;
        return new GZIPInputStream(in).readAllBytes();
    }

    private static InputStream unchunked(InputStream in) throws IOException {
        var out = new ByteArrayOutputStream();
        while (true) {
            var line = new StringBuilder();
            int next = in.read();
            for (; next >= 0 && next != '\n'; next = in.read()) {
                line.append((char) next);
            }
            int length = next < 0 ? 0 : Integer.parseInt(line.toString().trim(), 16);
            if (length == 0) {
                return new ByteArrayInputStream(out.toByteArray());
            }
            out.writeBytes(in.readNBytes(length));
            in.skipNBytes(Math.min(2, in.available()));
        }
    }

    @Test
    void aFrameThatCannotBeCompressedOrWrittenFailsTheAnswer() {
        var closed = new AtomicInteger();
        var failures = new ArrayList<Throwable>();
        try (var gzip = new GzipStream(Runnable::run, closed::incrementAndGet)) {
            List<ByteBuffer> unreadable = new AbstractList<>() {
                @Override
                public ByteBuffer get(int index) {
                    throw new OutOfMemoryError("none left");
                }

                @Override
                public int size() {
                    return 1;
                }
            };
            gzip.add(unreadable, false, coded -> {}, failures::add);
            assertThat(failures).singleElement().isInstanceOf(OutOfMemoryError.class);
            gzip.add(
                    List.of(ByteBuffer.allocate(1)),
                    false,
                    coded -> {
                        throw new IllegalStateException("cannot be written");
                    },
                    failures::add);
            assertThat(failures).hasSize(2);
        }
        assertThat(closed).hasValue(1);
    }

    @Test
    void rangesImagesAndWhatMayNotBeTransformedAreNeverCompressed() throws Exception {
        send(request("u", "text").header("Content-Type", "text/plain").PUT(BodyPublishers.ofByteArray(TEXT)));
        var part = send(request("u", "text")
                .header("Accept-Encoding", "gzip")
                .header("Range", "bytes=10-19")
                .GET());
        assertThat(part.statusCode()).isEqualTo(206);
        assertThat(header(part, "Content-Encoding")).isEmpty();
        assertThat(part.body()).hasSize(10);
        send(request("u", "jpeg").header("Content-Type", "image/jpeg").PUT(BodyPublishers.ofByteArray(TEXT)));
        var image = send(request("u", "jpeg").header("Accept-Encoding", "gzip").GET());
        assertThat(header(image, "Content-Encoding") + header(image, "Vary")).isEmpty();
        send(request("u", "fixed")
                .header("Content-Type", "image/svg+xml")
                .header("Cache-Control", "max-age=1, no-transform")
                .PUT(BodyPublishers.ofByteArray(TEXT)));
        var fixed = send(request("u", "fixed").header("Accept-Encoding", "gzip").GET());
        assertThat(fixed.body()).isEqualTo(TEXT);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "gzip | true",
                "deflate, GZIP ; q=0.5 | true",
                "gzip;q=0 | false",
                "gzip;q=0, * | false",
                "* | true",
                "*;q=0 | false",
                "identity;q=1, gzip;q=0.5 | false",
                "identity;q=0.5, gzip;q=0.5 | true",
                "gzip;q=2 | false",
                "gzip;level=9 | false",
                "br | false",
            })
    void whoTakesGzipIsToldByQuality(String header, boolean taken) {
        assertThat(Compression.prefersGzip(HttpFields.build().add(HttpHeader.ACCEPT_ENCODING, header)))
                .isEqualTo(taken);
        assertThat(Compression.prefersGzip(HttpFields.build())).isFalse();
    }
}
