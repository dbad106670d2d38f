// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class SizeMixTest {
    @ParameterizedTest
    @CsvSource({
        "0, 256",
        "0.25, 2800",
        "0.5, 13300",
        "0.75, 41000",
        "0.9, 78000",
        "0.99, 274000",
        "0.999, 827000",
        "0.999999, 4000000"
    })
    void theMixGoesThroughItsQuantiles(double probability, int size) {
        assertThat(SizeMix.PHOTO_CDN.size(probability)).isEqualTo(size);
    }

    @Test
    void drawnSizesHaveTheQuantilesAndTheMean() {
        long seed = 20;
        var random = new SplittableRandom(seed);
        int draws = 400_000;
        int[] sizes = IntStream.range(0, draws)
                .map(i -> SizeMix.PHOTO_CDN.size(random.nextDouble()))
                .sorted()
                .toArray();
        assertThat((double) sizes[draws / 2]).as("median, seed %d", seed).isCloseTo(13_300, within(300.0));
        assertThat((double) sizes[draws / 100 * 99]).as("p99, seed %d", seed).isCloseTo(274_000, within(8_000.0));
        assertThat(IntStream.of(sizes).average().orElseThrow())
                .as("mean, seed %d", seed)
                .isCloseTo(33_000, within(1_650.0));
    }

    @Test
    void largerProbabilitiesNeverMeanSmallerBlobs() {
        int last = 0;
        for (int i = 0; i < 10_000; i++) {
            int size = SizeMix.PHOTO_CDN.size(i / 10_000.0);
            assertThat(size).isGreaterThanOrEqualTo(last);
            last = size;
        }
    }

    @ParameterizedTest
    @CsvSource({"4096, 4096", "64k, 65536", "1M, 1048576"})
    void oneSizeMayBeStated(String text, int bytes) {
        assertThat(SizeMix.parse(text).size(0)).isEqualTo(bytes);
        assertThat(SizeMix.parse(text).size(0.999)).isEqualTo(bytes);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "k", "0", "-1", "1g", "photo", "99999999999m"})
    void otherTextsAreRefusedWithWhatMayBeGiven(String text) {
        assertThatThrownBy(() -> SizeMix.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'" + text + "'")
                .hasMessageContaining("photo-cdn");
    }
}
