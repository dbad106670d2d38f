// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.model.Reason;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which paths name a blob over HTTP, and what becomes of all others. */
final class HttpNamesTest extends HttpStage {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "a/b/c.jpg",
                "..",
                "../..",
                "../../../../../../etc/passwd",
                ".",
                "a//b",
                "/lead",
                "trail/",
                "a;b=c",
                "100%",
                "%2F",
                "a+b c",
                "q?x=1#y",
                "back\\slash",
                "caf\u00e9",
                "\ud83d\udcf7 camera",
                "\u65e5\u672c/\u8a9e",
                "\"quoted\"",
                "tab\there",
                "&=;:@!$'()*,"
            })
    void everyLegalNameRoundTripsExactly(String name) throws Exception {
        var bytes = bytes(10, 5);
        assertThat(send(request("al/ice \u00fc", name).PUT(BodyPublishers.ofByteArray(bytes)))
                        .statusCode())
                .isEqualTo(200);
        assertThat(node().blob("al/ice \u00fc", name)).isNotNull();
        assertThat(send(request("al/ice \u00fc", name).GET()).body()).isEqualTo(bytes);
        var listing = JSON.readTree(
                send(HttpRequest.newBuilder(URI.create(base() + "/v1/users/" + encode("al/ice \u00fc") + "/blobs"))
                                .GET())
                        .body());
        assertThat(listing.get("entries").get(0).get("name").asText()).isEqualTo(name);
    }

    @ParameterizedTest
    @CsvSource({
        "/v1/users/u/blobs/../x, ../x",
        "/v1/users/u/blobs/a/../../../../b, a/../../../../b",
        "/v1/users/u/blobs//a//b/, /a//b/",
        "/v1/users/u/blobs/%2e%2e%2fx, ../x",
        "/v1/users/u/blobs/a;v=1/b, a;v=1/b",
        "/v1/users/u/blobs/a%252Fb, a%2Fb"
    })
    void aPathIsTakenAsItComesAndDecodedOnce(String path, String name) throws Exception {
        String answer = raw("PUT " + path + " HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi");
        assertThat(answer).startsWith("HTTP/1.1 200");
        assertThat(node().blob("u", name)).isNotNull();
        assertThat(node().size()).isEqualTo(1);
    }

    @ParameterizedTest
    @CsvSource({
        "/v1/users/u/blobs/, 400, INVALID_NAME, empty",
        "/v1/users/u/blobs/a%00b, 400, INVALID_ARGUMENT, percent-encoded",
        "/v1/users/u/blobs/%ff, 400, INVALID_NAME, percent-encoded",
        "/v1/users/u/blobs/a%2, 400, INVALID_ARGUMENT, percent-encoded",
        "/v1/users/u/blobs/a%zz, 400, INVALID_ARGUMENT, percent-encoded",
        "/v1/users/u/blobs/cafe%CC%81, 400, INVALID_NAME, Unicode normal form C",
        "/v1/users//blobs/a, 400, INVALID_USER, empty",
        "/v1/users/%00/blobs/a, 400, INVALID_ARGUMENT, percent-encoded",
        "/v1/users/u/blobz/a, 404, INVALID_ARGUMENT, /v1/users/",
        "/v2/users/u/blobs/a, 404, INVALID_ARGUMENT, /v1/users/",
        "/nothing, 404, INVALID_ARGUMENT, /v1/users/"
    })
    void anIllegalPathIsRefusedAndNothingIsStored(String path, int status, Reason reason, String text)
            throws Exception {
        String answer = raw("PUT " + path + " HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi");
        assertThat(answer)
                .startsWith("HTTP/1.1 " + status)
                .contains(reason.name())
                .contains(text);
        assertThat(node().size()).isZero();
        assertThat(node().entries()).as("no user was registered").isEmpty();
    }

    @Test
    void namesOverTheLimitAreRefused() throws Exception {
        var bytes = BodyPublishers.ofString("x");
        assertReason(send(request("u", "n".repeat(1025)).PUT(bytes)), 400, Reason.INVALID_NAME, "1025 bytes");
        assertReason(send(request("u".repeat(513), "n").PUT(bytes)), 400, Reason.INVALID_USER, "513 bytes");
        assertThat(node().entries())
                .as("nothing was stored, and nobody registered")
                .isEmpty();
        assertThat(send(request("u", "n".repeat(1024)).PUT(bytes)).statusCode()).isEqualTo(200);
    }
}
