// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tintype.model.TintypeException;
import java.net.http.HttpRequest.BodyPublishers;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What would put something else than was meant in a blob's place, or would take a server's time for nothing. */
final class HttpWholeTest extends HttpStage {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "Content-Range: bytes 0-1/1000",
                "Content-Encoding: gzip",
                "If-Unmodified-Since: Tue, 14 Nov 2023 22:13:19 GMT",
                "Tintype-Meta-a: caf\u00e9"
            })
    void whatWouldNotBeHeededIsRefusedAndNothingIsChanged(String header) throws Exception {
        assertThat(send(request("u", "n").PUT(BodyPublishers.ofByteArray(bytes(10, 5))))
                        .statusCode())
                .isEqualTo(200);
        var answer = raw("PUT /v1/users/u/blobs/n HTTP/1.1\r\nHost: x\r\n" + header
                + "\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi");
        assertThat(answer).startsWith("HTTP/1.1 400").contains(header.substring(0, header.indexOf(':')));
        assertThat(send(request("u", "n").GET()).body()).isEqualTo(bytes(10, 5));
    }

    @Test
    void whatAHashBeginsIsNotLeftOutOfAName() throws Exception {
        assertThat(raw("PUT /v1/users/u/blobs/img#1.jpg HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n"
                        + "Connection: close\r\n\r\nhi"))
                .startsWith("HTTP/1.1 400");
        assertThat(node().size()).isZero();
    }

    @Test
    void bytesThatAreNoTextNameNothing() throws Exception {
        for (char c : new char[] {'\u00e9', '\u00e8'}) {
            var request = "PUT /v1/users/u/blobs/caf" + c
                    + " HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi";
            assertThat(raw(request.getBytes(ISO_8859_1))).startsWith("HTTP/1.1 400");
        }
        assertThat(node().size()).isZero();
    }

    /** Each would take hours if a reader began anew at each space. */
    @Test
    @Timeout(60)
    void aLongHeaderIsReadOnce() {
        var spaces = " ".repeat(1_000_000);
        assertThatThrownBy(() -> RangeHeader.parse("bytes=" + spaces + "x")).isInstanceOf(TintypeException.class);
        assertThatThrownBy(() -> RangeHeader.parse("bytes=1" + spaces + "x")).isInstanceOf(TintypeException.class);
        assertThatThrownBy(() -> ETags.parse("If-Match", "\"a\"," + spaces + "x"))
                .isInstanceOf(TintypeException.class);
        assertThatThrownBy(() -> ETags.parse("If-Match", "\"a\"" + spaces + "x"))
                .isInstanceOf(TintypeException.class);
    }
}
