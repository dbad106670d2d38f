// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tintype.model.Reason;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Pages of other origins: the JDK's client sends what a browser sends. */
final class CorsTest extends HttpStage {
    private static final String PAGE = "https://gallery.example.org";

    @Override
    HttpSettings settings() {
        return super.settings().withCors(new CorsSettings(List.of(PAGE), Duration.ofMinutes(5)));
    }

    private HttpResponse<byte[]> preflight(String origin, String method, String headers) throws Exception {
        return send(request("u", "n")
                .header("Origin", origin)
                .header("Access-Control-Request-Method", method)
                .header("Access-Control-Request-Headers", headers)
                .method("OPTIONS", BodyPublishers.noBody()));
    }

    @Test
    void aKnownPageIsToldWhatItMayDoAndSeesAnswersAndFailures() throws Exception {
        var asked = preflight(PAGE, "PUT", "content-type,tintype-meta-camera");
        assertThat(asked.statusCode()).isEqualTo(204);
        assertThat(header(asked, "Access-Control-Allow-Origin")).isEqualTo(PAGE);
        assertThat(header(asked, "Access-Control-Allow-Methods")).isEqualTo("GET, HEAD, PUT, DELETE");
        assertThat(header(asked, "Access-Control-Allow-Headers")).isEqualTo("content-type, tintype-meta-camera");
        assertThat(header(asked, "Access-Control-Max-Age")).isEqualTo("300");
        assertThat(header(asked, "Access-Control-Allow-Credentials")).isEmpty();

        var put = send(request("u", "n").header("Origin", PAGE).PUT(BodyPublishers.ofString("x")));
        assertThat(put.statusCode()).isEqualTo(200);
        var got = send(request("u", "n").header("Origin", PAGE).GET());
        var missing = send(request("u", "none").header("Origin", PAGE).GET());
        assertThat(missing.statusCode()).isEqualTo(404);
        for (var answer : List.of(put, got, missing)) {
            assertThat(answer.headers().allValues("Access-Control-Allow-Origin"))
                    .containsExactly(PAGE);
            assertThat(header(answer, "Access-Control-Expose-Headers")).isEqualTo("*");
            assertThat(answer.headers().allValues("Vary")).contains("Origin");
        }
    }

    @Test
    void anUnknownPageIsToldNothing() throws Exception {
        assertReason(preflight("https://evil.example", "GET", "range"), 403, Reason.ACCESS_DENIED);
        send(request("u", "n").PUT(BodyPublishers.ofString("x")));
        for (var origin : new String[] {"https://evil.example", "null", PAGE + ".evil.example", PAGE + ":8443"}) {
            var got = send(request("u", "n").header("Origin", origin).GET());
            assertThat(header(got, "Access-Control-Allow-Origin")).as(origin).isEmpty();
            assertThat(got.headers().allValues("Vary")).contains("Origin");
        }
    }

    @Test
    void questionsThatMakeNoSenseAreRefused() throws Exception {
        assertReason(preflight(PAGE, "PUT", "a, b c"), 400, Reason.INVALID_ARGUMENT);
        assertReason(preflight(PAGE, "PUT", "a,".repeat(70) + "a"), 400, Reason.INVALID_ARGUMENT);
        var options = send(request("u", "n").method("OPTIONS", BodyPublishers.noBody()));
        assertReason(options, 405, Reason.INVALID_ARGUMENT);
        assertThat(header(options, "Allow")).isEqualTo("GET, HEAD, PUT, DELETE");
    }

    @Test
    void everyPageCanBeAllowed() throws Exception {
        http.close();
        http = HttpFrontend.start(
                "127.0.0.1",
                super.settings().withCors(new CorsSettings(List.of("*"), Duration.ZERO)),
                cluster.upload,
                cluster.retrieval,
                new StatusPages(Optional::empty, () -> ""));
        send(request("u", "n").PUT(BodyPublishers.ofString("x")));
        var got = send(request("u", "n").header("Origin", "https://any.example").GET());
        assertThat(header(got, "Access-Control-Allow-Origin")).isEqualTo("*");
        assertThat(header(preflight("https://any.example", "DELETE", "if-match"), "Access-Control-Allow-Origin"))
                .isEqualTo("*");
    }

    @ParameterizedTest
    @ValueSource(strings = {"example.org", "https://example.org/", "https://a@example.org", "https://", "ftp"})
    void settingsThatNoBrowserSendsAreRefused(String origin) {
        assertThatThrownBy(() -> new CorsSettings(List.of(origin), Duration.ZERO))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("http.cors.origins has '" + origin + "'");
    }
}
