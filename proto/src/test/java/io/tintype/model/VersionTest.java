// SPDX-License-Identifier: Apache-2.0
package io.tintype.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class VersionTest {
    @Test
    void everyVersionOfALaterGenerationIsNewer() {
        assertThat(Version.of(2, 1, 0)).isGreaterThan(Version.of(1, Version.MAX_COUNTER, -1));
        assertThat(Version.of(Version.MAX_GENERATION, 0, 0)).isGreaterThan(Version.of(1, 1, 0));
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void etagsAreReadBackExactly(long seed) {
        var random = new Random(seed);
        for (int i = 0; i < 1_000; i++) {
            var version = new Version(random.nextLong(), random.nextInt());
            assertThat(Version.parseEtag(version.etag())).as("seed %s", seed).contains(version);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "-", "1", "1-", "-1", "x-1", "1-x", "01-1", "1-01", "1-1-1", "+1-1", "11111111111111111-1"})
    void whatIsNoEtagOfOursIsNoVersion(String text) {
        assertThat(Version.parseEtag(text)).isEmpty();
    }
}
