// SPDX-License-Identifier: Apache-2.0
package io.tintype.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NamesTest {
    @ParameterizedTest
    @ValueSource(
            strings = {"cat.jpg", "a/b/c", "..", "../../etc/passwd", "a%2Fb", "a\\b", "😀.png", "ü", " ", "名前", "/"})
    void legalNamesAreKeptToTheLetter(String name) {
        assertThat(BlobName.of(name).value()).isEqualTo(name);
        assertThat(new String(BlobName.of(name).utf8(), StandardCharsets.UTF_8)).isEqualTo(name);
        assertThat(UserId.of(name).value()).isEqualTo(name);
    }

    @Test
    void emptyIsRefused() {
        refused("", "empty");
    }

    @Test
    void nulIsRefused() {
        refused("a\0b", "NUL at position 1");
    }

    @Test
    void decomposedLettersAreRefused() {
        refused("u\u0308", "normal form C");
    }

    @Test
    void halfASurrogatePairIsRefused() {
        refused("a\ud83d", "half a surrogate pair at position 1");
        refused("\ude00a", "half a surrogate pair at position 0");
    }

    @Test
    void lengthIsCountedInBytes() {
        assertThat(BlobName.of("ü".repeat(512)).utf8()).hasSize(1024);
        refused("ü".repeat(512) + "x", "1025 bytes");
        assertThat(UserId.of("ü".repeat(256)).utf8()).hasSize(512);
        assertThatExceptionOfType(TintypeException.class)
                .isThrownBy(() -> UserId.of("x".repeat(513)))
                .withMessageContaining("513 bytes")
                .satisfies(e -> assertThat(e.reason()).isEqualTo(Reason.INVALID_USER));
    }

    @Test
    void orderIsThatOfBytesNotOfChars() {
        // U+FF5E is above U+1F600's surrogates as chars, below it as UTF-8.
        assertThat(BlobName.of("～")).isLessThan(BlobName.of("😀"));
    }

    private static void refused(String name, String because) {
        assertThatExceptionOfType(TintypeException.class)
                .isThrownBy(() -> BlobName.of(name))
                .withMessageContaining(because)
                .satisfies(e -> assertThat(e.reason()).isEqualTo(Reason.INVALID_NAME));
    }
}
