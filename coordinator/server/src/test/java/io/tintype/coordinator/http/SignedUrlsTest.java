// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import io.tintype.model.Reason;
import io.tintype.wire.SigningKey;
import io.tintype.wire.UrlSignature;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** URLs that anyone who has them may use until they expire, where nothing else is taken. */
final class SignedUrlsTest extends HttpStage {
    private static final String OLD = "old MDEyMzQ1Njc4OWFiY2RlZg==\n";
    private static final String NEW = "new ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA=\n";
    private static final String PATH = "/v1/users/alice/blobs/cats/%C3%A4.jpg";

    @TempDir
    private Path folder;

    private volatile Instant now = Instant.parse("2026-01-01T00:00:00Z");

    private Path file() {
        return folder.resolve("keys");
    }

    @Override
    HttpFrontend start(Optional<String> notReady) {
        try {
            Files.writeString(file(), OLD);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return HttpFrontend.start(
                "127.0.0.1",
                settings().withSignedUrls(new SignedUrlSettings(file().toString(), true)),
                cluster.upload,
                cluster.retrieval,
                null,
                new StatusPages(() -> notReady, () -> ""),
                () -> now);
    }

    private HttpResponse<byte[]> call(String method, String pathAndQuery, String body) throws Exception {
        return send(HttpRequest.newBuilder(URI.create(base() + pathAndQuery))
                .method(method, body.isEmpty() ? BodyPublishers.noBody() : BodyPublishers.ofString(body)));
    }

    private String signed(String keys, String method, String path, String query, Duration lifetime) {
        var key = SigningKey.parse(keys).values().iterator().next();
        return path + "?" + UrlSignature.sign(key, method, path, query, now.plus(lifetime));
    }

    @Test
    void aSignedUrlDoesWhatItWasSignedForAndNothingElse() throws Exception {
        String put = signed(OLD, "PUT", PATH, "", Duration.ofMinutes(1));
        String get = signed(OLD, "GET", PATH, "", Duration.ofMinutes(1));
        assertThat(call("PUT", put, "hello").statusCode()).isEqualTo(200);
        var got = call("GET", get, "");
        assertThat(got.statusCode()).isEqualTo(200);
        assertThat(new String(got.body(), UTF_8)).isEqualTo("hello");
        assertThat(call("HEAD", get, "").statusCode()).isEqualTo(200);
        denied(call("PUT", get, "x"), "not that of this method, path and query");
        denied(call("GET", put, ""), "not that of this method, path and query");
        denied(call("DELETE", put, ""), "not that of this method, path and query");
        denied(call("GET", get.replace("alice", "alicf"), ""), "not that of this method, path and query");
        assertThat(new String(call("GET", get, "").body(), UTF_8)).isEqualTo("hello");
    }

    @Test
    void theLongestUserIdIsSignedLikeOthersAndALongerOneIsNoUser() throws Exception {
        for (String letter : List.of("u", "é", "語", "😀")) {
            int bytes = letter.getBytes(UTF_8).length;
            String user = "x".repeat(512 % bytes) + letter.repeat(512 / bytes);
            String path = "/v1/users/" + encode(user) + "/blobs/cat";
            assertThat(call("PUT", signed(OLD, "PUT", path, "", Duration.ofMinutes(1)), letter)
                            .statusCode())
                    .as(letter)
                    .isEqualTo(200);
            assertThat(node().blob(user, "cat")).isPresent();
            var got = call("GET", signed(OLD, "GET", path, "", Duration.ofMinutes(1)), "");
            assertThat(new String(got.body(), UTF_8)).isEqualTo(letter);

            String longer =
                    signed(OLD, "PUT", "/v1/users/" + encode(user + "x") + "/blobs/cat", "", Duration.ofMinutes(1));
            assertReason(
                    call("PUT", longer, "x"),
                    400,
                    Reason.INVALID_USER,
                    "user id has 513 bytes of UTF-8; at most 512 are allowed");
        }
    }

    /** Every byte of it in turn is another one, is left out, or comes twice. */
    @Test
    void aUrlWithAnyByteChangedIsRefused() throws Exception {
        String put = signed(OLD, "PUT", PATH, "", Duration.ofMinutes(1));
        assertThat(call("PUT", put, "hello").statusCode()).isEqualTo(200);
        String get = signed(OLD, "GET", PATH, "", Duration.ofMinutes(1));
        assertThat(call("GET", get, "").statusCode()).isEqualTo(200);
        for (int i = 1; i < get.length(); i++) {
            var before = get.substring(0, i);
            var after = get.substring(i + 1);
            char other = get.charAt(i) == '0' ? '1' : '0';
            for (String changed :
                    new String[] {before + other + after, before + after, before + other + get.substring(i)}) {
                String answer = raw("GET " + changed + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
                assertThat(answer.substring("HTTP/1.1 ".length()).substring(0, 3))
                        .as("status for %s: %s", changed, answer)
                        .isIn(
                                i < "/v1/users/".length() || !answer.contains("ACCESS_DENIED")
                                        ? List.of("400", "404")
                                        : List.of("403"));
                assertThat(answer).doesNotContain("hello").contains("\"reason\"");
            }
        }
    }

    @Test
    void anExpiredUrlIsRefusedFromItsVerySecondOn() throws Exception {
        String put = signed(OLD, "PUT", PATH, "", Duration.ofSeconds(10));
        now = now.plusMillis(9_999);
        assertThat(call("PUT", put, "hello").statusCode()).isEqualTo(200);
        now = now.plusMillis(1);
        denied(call("PUT", put, "again"), "The URL expired at 2026-01-01T00:00:10Z");
        now = now.plusSeconds(1);
        denied(call("PUT", put, "again"), "expired");
    }

    @Test
    void whatIsNotSignedIsRefusedButHealthAndMetrics() throws Exception {
        denied(call("GET", PATH, ""), "not signed");
        denied(call("PUT", PATH, "x"), "not signed");
        denied(call("DELETE", PATH, ""), "not signed");
        denied(call("GET", "/v1/users/alice/blobs", ""), "not signed");
        assertThat(call("GET", "/health/live", "").statusCode()).isEqualTo(200);
        assertThat(node().size()).isZero();
    }

    @Test
    void listingsCanBeSignedWithTheirParameters() throws Exception {
        call("PUT", signed(OLD, "PUT", PATH, "", Duration.ofMinutes(1)), "x");
        String list = signed(OLD, "GET", "/v1/users/alice/blobs", "prefix=cats%2F", Duration.ofMinutes(1));
        var page = call("GET", list, "");
        assertThat(page.statusCode()).isEqualTo(200);
        assertThat(JSON.readTree(page.body()).get("entries")).hasSize(1);
        denied(call("GET", list.replace("prefix=cats", "prefix=cat"), ""), "not that of this method, path and query");
    }

    @Test
    void keysAreChangedWithoutARestart() throws Exception {
        String byOld = signed(OLD, "PUT", PATH, "", Duration.ofHours(1));
        String byNew = signed(NEW, "PUT", PATH, "", Duration.ofHours(1));
        denied(call("PUT", byNew, "x"), "key that is not known here");
        Files.writeString(file(), NEW + OLD);
        await("both hold")
                .atMost(Duration.ofSeconds(60))
                .until(() -> call("PUT", byNew, "x").statusCode() == 200);
        assertThat(call("PUT", byOld, "x").statusCode()).isEqualTo(200);
        Files.writeString(file(), NEW);
        await("the old one is out of use")
                .atMost(Duration.ofSeconds(60))
                .until(() -> call("PUT", byOld, "x").statusCode() == 403);
        Files.writeString(file(), "nonsense");
        assertThat(call("PUT", byNew, "x").statusCode()).isEqualTo(200);
    }

    /** A timer never looks again once a look throws, whatever that is. */
    @Test
    void aLookThatFailsAsNobodyExpectedThrowsNothing() throws IOException {
        var own = folder.resolve("own");
        Files.writeString(own, OLD);
        try (var keys = SigningKeys.open(own.toString())) {
            Files.writeString(own, NEW);
            var broken = new AppenderBase<ILoggingEvent>() {
                @Override
                protected void append(ILoggingEvent line) {
                    if (line.getLevel() == Level.INFO) {
                        throw new OutOfMemoryError("on purpose");
                    }
                }
            };
            broken.start();
            var logger = (Logger) LoggerFactory.getLogger(SigningKeys.class);
            logger.setLevel(Level.INFO);
            logger.addAppender(broken);
            try {
                keys.readAgain();
            } finally {
                logger.detachAppender(broken);
                logger.setLevel(null);
            }
            assertThat(keys.find("new")).isPresent();
        }
    }

    /** Too long, no text, no keys, no file: each look is followed by another one. */
    @Test
    void keysAreLookedForAgainAfterAFileThatCannotBeUsed() throws IOException {
        var own = folder.resolve("own");
        Files.writeString(own, OLD);
        try (var keys = SigningKeys.open(own.toString())) {
            Files.writeString(own, "#".repeat(65 << 10));
            keys.readAgain();
            Files.write(own, new byte[] {(byte) 0xff});
            keys.readAgain();
            Files.writeString(own, "nonsense");
            keys.readAgain();
            Files.delete(own);
            awaitLine("the signing keys in " + own + " cannot be read again");
            assertThat(keys.find("old")).isPresent();
            Files.writeString(own, NEW);
            await("the next look")
                    .atMost(Duration.ofSeconds(60))
                    .until(() -> keys.find("new").isPresent());
            assertThat(keys.find("old")).isEmpty();
        }
    }

    private static void awaitLine(String begin) {
        var log = (Logger) LoggerFactory.getLogger(SigningKeys.class);
        List<String> seen = new CopyOnWriteArrayList<>();
        var appender = new AppenderBase<ILoggingEvent>() {
            @Override
            protected void append(ILoggingEvent event) {
                seen.add(event.getFormattedMessage());
            }
        };
        appender.start();
        log.addAppender(appender);
        try {
            await("a look of its own")
                    .atMost(Duration.ofSeconds(60))
                    .until(() -> seen.stream().anyMatch(line -> line.startsWith(begin)));
        } finally {
            log.detachAppender(appender);
        }
    }

    @Test
    void aFileThatCannotBeUsedStopsTheStart() throws IOException {
        Files.writeString(file(), "nonsense");
        assertThatThrownBy(() -> SigningKeys.open(file().toString()))
                .hasMessageContaining("Line 1 of the signing keys")
                .hasMessageContaining("http.signedUrls.keyFile");
        assertThatThrownBy(() -> SigningKeys.open("/no/such/file")).hasMessageContaining("/no/such/file");
        assertThatThrownBy(() -> new SignedUrlSettings("", true)).hasMessageContaining("http.signedUrls.keyFile");
    }

    private static void denied(HttpResponse<byte[]> answer, String message) throws IOException {
        assertReason(answer, 403, Reason.ACCESS_DENIED);
        assertThat(new String(answer.body(), UTF_8)).contains(message);
    }

    @Test
    void aFrontendThatIsInterruptedAsItStopsLeavesNothingRunning() {
        assertThat(threads()).isNotZero();
        Thread.currentThread().interrupt();
        assertThatThrownBy(http::close)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("did not stop");
        boolean heard = Thread.interrupted();
        await().until(() -> threads() == 0);
        assertThat(heard).as("whoever interrupted is heard").isTrue();
    }

    private static long threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().equals("http-signing-keys"))
                .count();
    }
}
