// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.tintype.checksum.Crc32c;
import io.tintype.coordinator.testing.MemoryCluster;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The HTTP interface over real sockets; the storage nodes behind it are in memory. */
final class HttpFrontendTest extends HttpStage {
    @Test
    void aBlobPutIsGotWithItsPropertiesByteForByte() throws Exception {
        var bytes = bytes(300_000, 1);
        var put = send(request("alice", "cat.jpg")
                .header("Content-Type", "image/jpeg")
                .header("Tintype-Meta-Camera", "Leica M3")
                .header("Tintype-Meta-ort", "K%C3%B6ln %25")
                .PUT(BodyPublishers.ofByteArray(bytes)));
        assertThat(put.statusCode()).isEqualTo(200);
        var stored = JSON.readTree(put.body());
        assertThat(stored.get("size").asLong()).isEqualTo(bytes.length);
        assertThat(stored.get("crc32c").asText()).isEqualTo(HexFormat.of().toHexDigits(Crc32c.of(bytes)));
        assertThat(stored.get("replicas").get(0).asText()).isEqualTo("n1");

        var got = send(request("alice", "cat.jpg").GET());
        assertThat(got.statusCode()).isEqualTo(200);
        assertThat(got.body()).isEqualTo(bytes);
        assertThat(header(got, "Content-Type")).isEqualTo("image/jpeg");
        assertThat(header(got, "ETag")).isEqualTo('"' + stored.get("etag").asText() + '"');
        assertThat(header(got, "Content-Length")).isEqualTo("300000");
        assertThat(header(got, "Tintype-Meta-camera")).isEqualTo("Leica M3");
        assertThat(header(got, "Tintype-Meta-ort")).isEqualTo("K%C3%B6ln %25");
        assertThat(header(got, "Last-Modified")).isEqualTo("Tue, 14 Nov 2023 22:13:20 GMT");
        assertThat(header(got, "X-Content-Type-Options")).isEqualTo("nosniff");
        assertThat(node().blob("alice", "cat.jpg").orElseThrow().head().getMetadataMap())
                .containsEntry("camera", "Leica M3")
                .containsEntry("ort", "Köln %");

        var head = send(request("alice", "cat.jpg").method("HEAD", BodyPublishers.noBody()));
        assertThat(head.statusCode()).isEqualTo(200);
        assertThat(head.body()).isEmpty();
        assertThat(header(head, "Content-Length")).isEqualTo("300000");

        assertThat(send(request("alice", "cat.jpg").DELETE()).statusCode()).isEqualTo(204);
        assertReason(send(request("alice", "cat.jpg").GET()), 404, Reason.BLOB_NOT_FOUND);
        assertThat(send(request("alice", "cat.jpg").DELETE()).statusCode()).isEqualTo(204);
    }

    @Test
    void aNearReadTakesItsBytesFromTheNearestReplica() throws Exception {
        var bytes = bytes(3_000_000, 1);
        cluster.leadFromAfar();
        var tries = new AtomicInteger();
        // A near replica that is silent for 250 ms is not waited for; on a slow machine another blob shows it.
        await().atMost(Duration.ofSeconds(60)).untilAsserted(() -> {
            var name = "n" + tries.getAndIncrement();
            int far = cluster.a.gets.get();
            int near = cluster.b.gets.get();
            cluster.store("u", name, bytes);
            cluster.b.follow(cluster.a, "u", name);
            for (int i = 0; i < 2; i++) {
                assertThat(send(request("u", name)
                                        .header("Tintype-Consistency", "near")
                                        .GET())
                                .body())
                        .isEqualTo(bytes);
            }
            assertThat(cluster.a.gets.get()).as("reads of bytes far away").isEqualTo(far);
            assertThat(cluster.b.gets.get()).as("reads of bytes near").isGreaterThan(near);
        });
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 65_535, 65_536, 262_143, 262_144, 262_145, 5_000_000})
    void blobsOfEverySizeAreStoredWhole(int size) throws Exception {
        var bytes = bytes(size, size);
        assertThat(send(request("u", "n").PUT(BodyPublishers.ofByteArray(bytes)))
                        .statusCode())
                .isEqualTo(200);
        assertThat(node().blob("u", "n").orElseThrow().bytes().toByteArray()).isEqualTo(bytes);
        assertThat(send(request("u", "n").GET()).body()).isEqualTo(bytes);
    }

    @Test
    void aChunkedBodyNeedsNoLength() throws Exception {
        var bytes = bytes(700_001, 3);
        var body = BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(bytes));
        assertThat(send(request("u", "n").PUT(body)).statusCode()).isEqualTo(200);
        assertThat(send(request("u", "n").GET()).body()).isEqualTo(bytes);
    }

    @Test
    void anUpgradeToHttp2IsNotTakenSinceItsBodyWouldBeLost() throws Exception {
        String answer = raw(String.join(
                "\r\n",
                "PUT /v1/users/u/blobs/n HTTP/1.1",
                "Host: x",
                "Connection: Upgrade, HTTP2-Settings, close",
                "Upgrade: h2c",
                "HTTP2-Settings: AAMAAABkAAQAAP__",
                "Transfer-Encoding: chunked",
                "",
                "5",
                "hello",
                "0",
                "",
                ""));
        assertThat(answer).startsWith("HTTP/1.1 200");
        assertThat(node().blob("u", "n").orElseThrow().bytes().toStringUtf8()).isEqualTo("hello");
    }

    @Test
    void aClientThatWaitsForContinueGetsItAndNoneWhereItIsRefused() throws Exception {
        var bytes = bytes(100_000, 4);
        assertThat(send(request("u", "n").expectContinue(true).PUT(BodyPublishers.ofByteArray(bytes)))
                        .statusCode())
                .isEqualTo(200);
        String refused = raw("PUT /v1/users/u/blobs/n HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
                + "Content-Length: " + (MAX_BLOB + 1) + "\r\nConnection: close\r\n\r\n");
        assertThat(refused)
                .startsWith("HTTP/1.1 413")
                .doesNotContain("100 Continue")
                .contains("BLOB_TOO_LARGE");
    }

    @Test
    void readersAreSparedWhatTheyHave() throws Exception {
        send(request("u", "n").PUT(BodyPublishers.ofByteArray(bytes(1000, 6))));
        String etag = header(send(request("u", "n").GET()), "ETag");
        for (var unwanted : new String[] {etag, "W/" + etag, "\"other\", " + etag, "*", ", \"a\", ," + etag + ", ,"}) {
            var got = send(request("u", "n").header("If-None-Match", unwanted).GET());
            assertThat(got.statusCode()).as(unwanted).isEqualTo(304);
            assertThat(got.body()).isEmpty();
            assertThat(header(got, "ETag")).isEqualTo(etag);
            assertThat(send(request("u", "n").header("If-None-Match", unwanted).method("HEAD", BodyPublishers.noBody()))
                            .statusCode())
                    .isEqualTo(304);
        }
        assertThat(send(request("u", "n").header("If-None-Match", "\"1-1\"").GET())
                        .statusCode())
                .isEqualTo(200);
        assertThat(send(request("u", "n")
                                .header("If-Modified-Since", "Tue, 14 Nov 2023 22:13:20 GMT")
                                .GET())
                        .statusCode())
                .isEqualTo(304);
        assertThat(send(request("u", "n")
                                .header("If-Modified-Since", "Tue, 14 Nov 2023 22:13:19 GMT")
                                .GET())
                        .statusCode())
                .isEqualTo(200);
        assertThat(send(request("u", "n")
                                .header("If-Unmodified-Since", "Tue, 14 Nov 2023 22:13:20 GMT")
                                .GET())
                        .statusCode())
                .isEqualTo(200);
        for (var part : new String[] {"bytes=0-", "bytes=10-"}) {
            assertReason(
                    send(request("u", "n")
                            .header("Range", part)
                            .header("If-Unmodified-Since", "Tue, 14 Nov 2023 22:13:19 GMT")
                            .GET()),
                    412,
                    Reason.VERSION_CONFLICT);
        }
        assertThat(send(request("u", "n")
                                .header("If-Unmodified-Since", "Tue, 14 Nov 2023 22:13:19 GMT")
                                .header("If-Match", etag)
                                .GET())
                        .statusCode())
                .as("which If-Match overrules")
                .isEqualTo(200);
        assertThat(send(request("u", "n").header("If-Match", etag).GET()).statusCode())
                .isEqualTo(200);
        assertReason(send(request("u", "n").header("If-Match", "\"1-1\"").GET()), 412, Reason.VERSION_CONFLICT);
        assertReason(send(request("u", "n").header("If-Match", "no quotes").GET()), 400, Reason.INVALID_ARGUMENT);
        var resumed = send(request("u", "n")
                .header("Range", "bytes=10-")
                .header("If-Range", etag)
                .GET());
        assertThat(resumed.statusCode()).isEqualTo(206);
        assertThat(send(request("u", "n")
                                .header("Range", "bytes=10-")
                                .header("If-Range", "\"1-1\"")
                                .GET())
                        .statusCode())
                .isEqualTo(200);
        assertThat(send(request("u", "n")
                                .header("Range", "bytes=10-")
                                .header(
                                        "If-Range",
                                        resumed.headers()
                                                .firstValue("Last-Modified")
                                                .orElseThrow())
                                .GET())
                        .statusCode())
                .as("another version may be of the same second")
                .isEqualTo(200);
    }

    @Test
    void whatMayBeStaleIsNotForThoseWhoAskForWhatIsCurrent() throws Exception {
        // A silent primary is not waited for: the other replica answers in its place, so it must have the blob.
        cluster.followAtOnce();
        send(request("u", "n").PUT(BodyPublishers.ofByteArray(bytes(1000, 6))));
        for (var method : List.of("GET", "HEAD")) {
            var current = send(request("u", "n").method(method, BodyPublishers.noBody()));
            assertThat(current.headers().allValues("Vary")).isEmpty();
            String etag = header(current, "ETag");
            for (var consistency : List.of("bounded:1h", "exact")) {
                var asked = request("u", "n").header("Tintype-Consistency", consistency);
                if (consistency.equals("exact")) {
                    asked.header("If-Match", etag);
                }
                var answer = send(asked.method(method, BodyPublishers.noBody()));
                assertThat(answer.statusCode()).isEqualTo(200);
                assertThat(answer.headers().allValues("Vary")).containsExactly("Tintype-Consistency");
            }
        }
    }

    @Test
    void whenItWasWrittenIsToldOnceNothingElseCanBeOfTheSameSecond() throws Exception {
        http.close();
        var written = Instant.parse("2023-11-14T22:13:20.900Z");
        var now = new AtomicReference<>(written);
        http = HttpFrontend.start(
                "127.0.0.1",
                settings(),
                cluster.upload,
                cluster.retrieval,
                null,
                new StatusPages(Optional::empty, () -> ""),
                now::get);
        send(request("u", "n").PUT(BodyPublishers.ofByteArray(bytes(1000, 6))));
        for (var method : List.of("GET", "HEAD")) {
            var early = send(request("u", "n").method(method, BodyPublishers.noBody()));
            assertThat(early.headers().firstValue("Last-Modified")).isEmpty();
            assertThat(header(early, "ETag")).isNotEmpty();
        }
        now.set(written.plus(Representation.SETTLES));
        for (var method : List.of("GET", "HEAD")) {
            var late = send(request("u", "n").method(method, BodyPublishers.noBody()));
            assertThat(header(late, "Last-Modified")).isEqualTo("Tue, 14 Nov 2023 22:13:20 GMT");
        }
    }

    @Test
    void changesHoldToTheirConditions() throws Exception {
        var body = BodyPublishers.ofString("one");
        var created = send(request("u", "n").header("If-None-Match", "*").PUT(body));
        assertThat(created.statusCode()).isEqualTo(201);
        String etag = header(created, "ETag");
        assertReason(send(request("u", "n").header("If-None-Match", "*").PUT(body)), 412, Reason.VERSION_CONFLICT);
        assertReason(send(request("u", "n").header("If-Match", "\"5-5\"").PUT(body)), 412, Reason.VERSION_CONFLICT);
        assertReason(send(request("u", "n").header("If-Match", "\"5-5\"").DELETE()), 412, Reason.VERSION_CONFLICT);
        assertReason(send(request("u", "n").header("If-Match", "*").PUT(body)), 400, Reason.INVALID_ARGUMENT);
        assertReason(send(request("u", "n").header("If-None-Match", etag).PUT(body)), 400, Reason.INVALID_ARGUMENT);
        assertThat(send(request("u", "n").header("If-Match", etag).PUT(BodyPublishers.ofString("two")))
                        .statusCode())
                .isEqualTo(200);
        assertThat(send(request("u", "n").GET()).body()).isEqualTo("two".getBytes(UTF_8));
    }

    @Test
    void headersThatMakeNoSenseAreRefusedAndNothingIsStored() throws Exception {
        var body = BodyPublishers.ofString("x");
        String[][] wrong = {
            {"Tintype-Request-Id", "abc", "32 hex digits"},
            {"Tintype-Crc32c", "xyz", "8 hex digits"},
            {"Tintype-Time-To-Live-Ms", "-1", "whole number"},
            {"Tintype-Time-To-Live-Ms", "999999999999999", "whole number"},
            {"Tintype-Retry-Age-Ms", "soon", "whole number"},
            {"Tintype-Meta-a", "%zz", "percent-encoded"},
            {"Tintype-Crc32c", "00000000", "CRC32C is"},
        };
        for (var header : wrong) {
            var answer = send(request("u", "n").header(header[0], header[1]).PUT(body));
            assertThat(answer.statusCode()).as(header[0]).isEqualTo(400);
            assertThat(new String(answer.body(), UTF_8)).contains(header[2]);
        }
        var tooMuch = request("u", "n");
        tooMuch.header("Tintype-Meta-a", "v".repeat(8200));
        assertReason(send(tooMuch.PUT(body)), 400, Reason.METADATA_TOO_LARGE, "8192");
        assertThat(node().size()).isZero();
    }

    @Test
    void aDeclaredChecksumIsHeldAgainstTheBody() throws Exception {
        var bytes = bytes(400_000, 9);
        var right = HexFormat.of().toHexDigits(Crc32c.of(bytes));
        assertThat(send(request("u", "n").header("Tintype-Crc32c", right).PUT(BodyPublishers.ofByteArray(bytes)))
                        .statusCode())
                .isEqualTo(200);
        bytes[399_999]++;
        assertReason(
                send(request("u", "m").header("Tintype-Crc32c", right).PUT(BodyPublishers.ofByteArray(bytes))),
                400,
                Reason.CHECKSUM_MISMATCH,
                "not " + right + " as Tintype-Crc32c says. Nothing was stored.");
        assertThat(node().blob("u", "m")).isEmpty();
    }

    /**
     * Over a socket of its own, one byte over the limit and then no more: so the server has read all that was sent, and its
     * answer cannot be lost to a reset, however it ends the connection.
     */
    @Test
    void aBodyThatNeverEndsIsCutOffAtTheLimit() throws Exception {
        int part = 1 << 20;
        var bytes = bytes(part, 7);
        try (var socket = new Socket(InetAddress.getLoopbackAddress(), http.port())) {
            socket.setSoTimeout(60_000);
            var out = socket.getOutputStream();
            var head = List.of("PUT /v1/users/u/blobs/n HTTP/1.1", "Host: x", "Transfer-Encoding: chunked", "", "");
            out.write(String.join("\r\n", head).getBytes(ISO_8859_1));
            for (long sent = 0; sent < MAX_BLOB; sent += part) {
                out.write((Integer.toHexString(part) + "\r\n").getBytes(ISO_8859_1));
                out.write(bytes);
                out.write("\r\n".getBytes(ISO_8859_1));
            }
            out.write("1\r\nx\r\n".getBytes(ISO_8859_1));
            out.flush();

            // To the end of the stream: the server hangs up, since it will not read the rest of an endless body.
            String answer = new String(socket.getInputStream().readAllBytes(), ISO_8859_1);

            assertThat(answer).startsWith("HTTP/1.1 413 ");
            var body = JSON.readTree(answer.substring(answer.indexOf("\r\n\r\n") + 4));
            assertThat(body.get("reason").asText()).isEqualTo(Reason.BLOB_TOO_LARGE.name());
            assertThat(body.get("message").asText())
                    .isEqualTo(
                            "The body has more than " + MAX_BLOB + " bytes, which is the limit. Nothing was stored.");
        }
        assertThat(node().size()).isZero();
        // The answer is not held up until the node has been told.
        await("the node's stream cancelled").until(() -> node().openPuts.get() == 0);
        await("what was held given back").until(() -> cluster.admission.heldBytes() == 0);
        assertThat(send(request("u", "n").GET()).statusCode()).isEqualTo(404);
    }

    @Test
    void aBodyThatEndsEarlyStoresNothing() throws Exception {
        String answer = raw("PUT /v1/users/u/blobs/n HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf");
        assertThat(answer).doesNotContain("200 OK");
        await().until(() -> cluster.admission.heldBytes() == 0);
        assertThat(node().size()).isZero();
    }

    @Test
    void headersOverTheLimitAreRefusedAsJson() throws Exception {
        String answer = raw("GET /v1/users/u/blobs/n HTTP/1.1\r\nHost: x\r\nX: " + "x".repeat(64 << 10) + "\r\n\r\n");
        assertThat(answer).startsWith("HTTP/1.1 431").contains("\"reason\"");
        assertThat(raw("nonsense\r\n\r\n")).startsWith("HTTP/1.1 400").contains("\"reason\"");
    }

    @Test
    void damagedBytesNeverReachAClient() throws Exception {
        send(request("u", "n").PUT(BodyPublishers.ofByteArray(bytes(200_000, 6))));
        node().damageFrames = true;
        assertReason(send(request("u", "n").GET()), 500, Reason.CORRUPT_DATA);
    }

    @Test
    void aBlobThatVanishesInTheMiddleBreaksTheConnection() throws Exception {
        send(request("u", "n").PUT(BodyPublishers.ofByteArray(bytes(200_000, 6))));
        node().framesBeforeFailure = 2;
        assertReason(send(request("u", "n").GET()), 503, Reason.VERSION_GONE); // nothing had been sent yet
        cluster.store("u", "n", bytes(20 << 20, 7));
        node().frameBytes = 1 << 20;
        assertThatThrownBy(() -> send(request("u", "n").GET())).isInstanceOf(IOException.class);
    }

    @Test
    void listingsPassTheirParametersOnAndRefuseUnknownOnes() throws Exception {
        send(request("u", "p/a").PUT(BodyPublishers.ofString("1")));
        var listing = send(HttpRequest.newBuilder(
                        URI.create(base() + "/v1/users/u/blobs?prefix=p%2F&delimiter=%2F&page_size=7&page_token=t%20k"))
                .GET());
        assertThat(listing.statusCode()).isEqualTo(200);
        JsonNode page = JSON.readTree(listing.body());
        assertThat(page.get("entries").get(0).get("name").asText()).isEqualTo("p/a");
        assertThat(page.get("entries").get(0).get("size").asLong()).isEqualTo(1);
        assertThat(page.get("entries").get(1).get("prefix").asText()).isEqualTo("p//");
        assertThat(page.get("nextPageToken").asText()).isEqualTo("next/7t k");
        for (var query :
                new String[] {"page_sise=1", "page_size=1001", "page_size=x", "prefix=%FF", "prefix=a&prefix=b"}) {
            assertReason(
                    send(HttpRequest.newBuilder(URI.create(base() + "/v1/users/u/blobs?" + query))
                            .GET()),
                    400,
                    Reason.INVALID_ARGUMENT);
        }
    }

    @Test
    void refusalsCarryReasonRetryAndStatus() throws Exception {
        node().refuse(new TintypeException(Reason.DISK_FULL, "node n1: the disk is full"));
        assertReason(send(request("u", "n").PUT(BodyPublishers.ofString("x"))), 507, Reason.DISK_FULL);
        assertReason(send(request("nobody", "n").GET()), 404, Reason.USER_NOT_FOUND);
        assertReason(send(request("u", "n").POST(BodyPublishers.noBody())), 405, Reason.INVALID_ARGUMENT);
        var wrong = send(
                HttpRequest.newBuilder(URI.create(base() + "/v1/users/u/blobs")).PUT(BodyPublishers.noBody()));
        assertReason(wrong, 405, Reason.INVALID_ARGUMENT);
        assertThat(header(wrong, "Allow")).isEqualTo("GET");
    }

    @Test
    void uploadsOverTheAdmissionLimitAreAskedToComeBack() throws Exception {
        http.close();
        var small = new MemoryCluster(4096, MAX_BLOB);
        try (var frontend = HttpFrontend.start(
                "127.0.0.1",
                HttpSettings.DEFAULTS.withPort(0),
                small.upload,
                small.retrieval,
                new StatusPages(Optional::empty, () -> ""))) {
            var answer = client.send(
                    HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + frontend.port() + "/v1/users/u/blobs/n"))
                            .PUT(BodyPublishers.ofString("x"))
                            .build(),
                    BodyHandlers.ofByteArray());
            assertReason(answer, 503, Reason.OVERLOADED);
            assertThat(header(answer, "Retry-After")).isEqualTo("1");
        } finally {
            small.close();
        }
    }

    @Test
    void aCoordinatorWithoutARoleSaysSo() throws Exception {
        http.close();
        http = HttpFrontend.start(
                "127.0.0.1",
                HttpSettings.DEFAULTS.withPort(0),
                null,
                cluster.retrieval,
                new StatusPages(Optional::empty, () -> ""));
        var answer = send(request("u", "n").PUT(BodyPublishers.ofString("x")));
        assertReason(answer, 405, Reason.INVALID_ARGUMENT);
        assertThat(header(answer, "Allow")).isEqualTo("GET, HEAD");
        assertThat(new String(answer.body(), UTF_8)).contains("role upload");
    }

    @Test
    void healthAndMetricsAreTold() throws Exception {
        assertThat(send(HttpRequest.newBuilder(URI.create(base() + "/health/live"))
                                .GET())
                        .statusCode())
                .isEqualTo(200);
        assertThat(send(HttpRequest.newBuilder(URI.create(base() + "/health/ready"))
                                .GET())
                        .statusCode())
                .isEqualTo(200);
        var metrics =
                send(HttpRequest.newBuilder(URI.create(base() + "/metrics")).GET());
        assertThat(new String(metrics.body(), UTF_8)).startsWith("# HELP");
        http.close();
        http = start(Optional.of("the shard map is not known yet"));
        var notReady = send(
                HttpRequest.newBuilder(URI.create(base() + "/health/ready")).GET());
        assertThat(notReady.statusCode()).isEqualTo(503);
        assertThat(new String(notReady.body(), UTF_8)).contains("the shard map is not known yet");
    }
}
