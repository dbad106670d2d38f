// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

final class ZipfTest {
    private static final double EXPONENT = 0.67;

    @Test
    void everyRankIsDrawnInProportionToItsPopularity() {
        long seed = 3;
        var random = new SplittableRandom(seed);
        int keys = 100;
        int draws = 1_000_000;
        var zipf = new Zipf(keys, EXPONENT);
        var counts = new int[keys];
        for (int i = 0; i < draws; i++) {
            counts[zipf.rank(random.nextDouble())]++;
        }
        double sum = 0;
        for (int rank = 1; rank <= keys; rank++) {
            sum += Math.pow(rank, -EXPONENT);
        }
        for (int rank = 1; rank <= keys; rank++) {
            double expected = draws * Math.pow(rank, -EXPONENT) / sum;
            assertThat((double) counts[rank - 1])
                    .as("rank %d, seed %d", rank, seed)
                    .isCloseTo(expected, within(6 * Math.sqrt(expected)));
        }
    }

    @Test
    void theEndsOfTheRangeFallOnTheFirstAndLastRank() {
        var zipf = new Zipf(7, EXPONENT);
        assertThat(zipf.rank(0)).isZero();
        assertThat(zipf.rank(Math.nextDown(1.0))).isEqualTo(6);
    }

    @Test
    void exponentZeroMakesAllKeysEqual() {
        var zipf = new Zipf(4, 0);
        assertThat(zipf.rank(0.1)).isZero();
        assertThat(zipf.rank(0.3)).isEqualTo(1);
        assertThat(zipf.rank(0.6)).isEqualTo(2);
        assertThat(zipf.rank(0.9)).isEqualTo(3);
    }
}
