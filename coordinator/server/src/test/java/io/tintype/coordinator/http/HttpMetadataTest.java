// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.model.Limits;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A blob with as many properties as its metadata may have. */
final class HttpMetadataTest extends HttpStage {
    /** Of two bytes each, beside a content type of one; no byte of them stays as it is in a header. */
    private static final int KEYS = Limits.MAX_METADATA_BYTES / 2 - 1;

    private static final String ALL = IntStream.range(0, KEYS)
            .mapToObj(i -> BlobHeaders.META + encoded(i / 64) + encoded(i % 64) + ": \r\n")
            .collect(Collectors.joining());

    @Override
    HttpSettings settings() {
        var usual = super.settings();
        return new HttpSettings(
                true, 0, usual.idleTimeout(), usual.headerTimeout(), 1 << 20, true, usual.cors(), usual.signedUrls());
    }

    /** One of the first 64 characters of which a name in a header has none. */
    private static String encoded(int i) {
        int beforeDigits = 12;
        int c = i < 31 ? i + 1 : i < 31 + beforeDigits ? '!' + i - 31 : 'A' + i - 31 - beforeDigits;
        return String.format("%%%02X", c);
    }

    @BeforeEach
    void store() throws Exception {
        assertThat(raw(text("PUT", "Content-Type: x\r\nContent-Length: 1\r\n" + ALL) + "x"))
                .startsWith("HTTP/1.1 200");
    }

    private static String text(String method, String headers) {
        return method + " /v1/users/u/blobs/n HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + headers + "\r\n";
    }

    @ParameterizedTest
    @CsvSource({"GET, ''", "HEAD, ''", "GET, If-None-Match: *", "GET, Range: bytes=0-0"})
    void allOfItIsAnswered(String method, String header) throws Exception {
        String answer = raw(text(method, header.isEmpty() ? "" : header + "\r\n"));
        assertThat(answer).containsPattern("^HTTP/1.1 (200|206|304) ");
        assertThat(answer.lines().filter(line -> line.startsWith(BlobHeaders.META)))
                .hasSize(KEYS)
                .doesNotHaveDuplicates();
    }
}
