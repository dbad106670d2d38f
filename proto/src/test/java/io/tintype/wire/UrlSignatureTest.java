// SPDX-License-Identifier: Apache-2.0
package io.tintype.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class UrlSignatureTest {
    private static final Map<String, SigningKey> KEYS = SigningKey.parse(
            "# two keys\n\nold  MDEyMzQ1Njc4OWFiY2RlZg==\nnew\tZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA\n");
    private static final String PATH = "/v1/users/alice/blobs/cat%2Fa.jpg";
    private static final Instant EXPIRES = Instant.ofEpochSecond(1_700_000_000);
    private static final Instant BEFORE = EXPIRES.minusMillis(1);

    private static String signed(String query) {
        return UrlSignature.sign(key("old"), "GET", PATH, query, EXPIRES);
    }

    private static Optional<SigningKey> find(String id) {
        return Optional.ofNullable(KEYS.get(id));
    }

    private static SigningKey key(String id) {
        return find(id).orElseThrow();
    }

    @Test
    void aSignatureHoldsForItsRequestUntilItsSecondHasCome() {
        for (String id : KEYS.keySet()) {
            String query = UrlSignature.sign(key(id), "GET", PATH, "w=3&x=%2F", EXPIRES);
            assertThat(UrlSignature.verify(UrlSignatureTest::find, "GET", PATH, query, BEFORE))
                    .contains("w=3&x=%2F");
            assertThat(UrlSignature.verify(UrlSignatureTest::find, "HEAD", PATH, query, BEFORE))
                    .isPresent();
            denied("expired at 2023-11-14T22:13:20Z", "GET", PATH, query, EXPIRES);
            denied("expired", "GET", PATH, query, EXPIRES.plusSeconds(1));
        }
        assertThat(UrlSignature.verify(UrlSignatureTest::find, "GET", PATH, signed(""), BEFORE))
                .contains("");
    }

    /** The format is a contract with signers in other languages. */
    @Test
    void theFormatStaysWhatItIs() {
        assertThat(signed("w=3"))
                .isEqualTo("w=3&tintype-key=old&tintype-expires=1700000000&tintype-signature="
                        + "41e4c11941373a87ea213fab5eb44c267668e34c7b4ad5991a423bd6b526e7b5");
    }

    @Test
    void anyChangedByteIsRefused() {
        String query = signed("w=320");
        for (int i = 0; i < query.length(); i++) {
            for (char other : new char[] {(char) (query.charAt(i) ^ 1), (char) (query.charAt(i) ^ 0x20), '0', 'F'}) {
                if (other != query.charAt(i)) {
                    String changed = query.substring(0, i) + other + query.substring(i + 1);
                    assertThatThrownBy(() -> UrlSignature.verify(UrlSignatureTest::find, "GET", PATH, changed, BEFORE))
                            .as("byte %d as '%s'", i, other)
                            .isInstanceOf(TintypeException.class);
                }
            }
        }
        for (int i = 0; i < PATH.length(); i++) {
            String changed = PATH.substring(0, i) + (char) (PATH.charAt(i) ^ 1) + PATH.substring(i + 1);
            denied("not that of this method, path and query", "GET", changed, query, BEFORE);
        }
        denied("not that of this method", "PUT", PATH, query, BEFORE);
        denied("not that of this method", "DELETE", PATH, query, BEFORE);
    }

    @ValueSource(
            strings = {
                "tintype-signature=00",
                "tintype-key=old&tintype-expires=1&tintype-expires=2&tintype-signature=00",
                "tintype-key=old&tintype-signature=00&tintype-expires=2",
                "tintype-expires=99999999999&tintype-key=old"
            })
    @ParameterizedTest
    void halfASignatureIsNone(String query) {
        denied("each once", "GET", PATH, query, BEFORE);
    }

    @Test
    void aKeyThatWasTakenOutOfUseSignsNothing() {
        String query = signed("");
        assertThatThrownBy(() -> UrlSignature.verify(id -> Optional.empty(), "GET", PATH, query, BEFORE))
                .hasMessageContaining("key that is not known here");
    }

    @Test
    void whatIsNotSignedIsSaidToBeSo() {
        assertThat(UrlSignature.verify(UrlSignatureTest::find, "GET", PATH, null, BEFORE))
                .isEmpty();
        assertThat(UrlSignature.verify(UrlSignatureTest::find, "GET", PATH, "prefix=tintype-key", BEFORE))
                .isEmpty();
    }

    @ValueSource(
            strings = {
                "a MDEyMzQ1Njc4OWFiY2RlZg== more",
                "a",
                "a c2hvcnQ=",
                "a not*base64*at*all****",
                "a/b MDEyMzQ1Njc4OWFiY2RlZg==",
                "a MDEyMzQ1Njc4OWFiY2RlZg==\na MDEyMzQ1Njc4OWFiY2RlZg=="
            })
    @ParameterizedTest
    void filesThatAreNoKeysAreRefused(String text) {
        assertThatThrownBy(() -> SigningKey.parse(text))
                .isInstanceOfSatisfying(
                        TintypeException.class, e -> assertThat(e.reason()).isEqualTo(Reason.INVALID_ARGUMENT))
                .message()
                .doesNotContain("MDEyMzQ1Njc4OWFiY2RlZg");
    }

    private static void denied(String message, String method, String path, String query, Instant now) {
        assertThatThrownBy(() -> UrlSignature.verify(UrlSignatureTest::find, method, path, query, now))
                .isInstanceOfSatisfying(
                        TintypeException.class, e -> assertThat(e.reason()).isEqualTo(Reason.ACCESS_DENIED))
                .hasMessageContaining(message);
    }
}
