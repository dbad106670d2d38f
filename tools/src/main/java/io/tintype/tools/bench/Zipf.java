// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.bench;

import java.util.Arrays;

/**
 * Draws keys by popularity: the key of rank r is drawn in proportion to 1 / r^exponent. Exact, by a table of cumulative
 * shares (8 bytes a key) and binary search. Immutable.
 */
final class Zipf {
    /** Most keys: the table then takes 80 MB. */
    static final int MAX_KEYS = 10_000_000;

    private final double[] cumulative;

    /** @param exponent 0 makes all keys equally popular */
    Zipf(int keys, double exponent) {
        if (keys < 1 || keys > MAX_KEYS || !(exponent >= 0) || exponent > 10) {
            throw new IllegalArgumentException(keys + " keys, exponent " + exponent);
        }
        cumulative = new double[keys];
        double sum = 0;
        for (int rank = 0; rank < keys; rank++) {
            sum += Math.pow(rank + 1, -exponent);
            cumulative[rank] = sum;
        }
    }

    /** The rank, from 0, that a probability in [0, 1) falls on. */
    int rank(double probability) {
        double target = probability * cumulative[cumulative.length - 1];
        int found = Arrays.binarySearch(cumulative, target);
        int rank = found >= 0 ? found + 1 : -found - 1;
        return Math.min(rank, cumulative.length - 1);
    }
}
