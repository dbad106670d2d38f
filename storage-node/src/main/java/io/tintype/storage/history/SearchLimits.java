// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.history;

/**
 * How much work a check may do on one key. Reaching a limit gives the answer "undecided", never a wrong one.
 *
 * <p>Immutable.
 *
 * @param maxSteps most operations tried in some order, at some 10 million a second
 * @param maxConfigurations most pairs of (operations placed, state) remembered, some 200 bytes each
 */
public record SearchLimits(long maxSteps, int maxConfigurations) {
    /** A few seconds and 100 MB for a key that needs them; ordinary keys need a millisecond. */
    public static final SearchLimits DEFAULT = new SearchLimits(50_000_000, 500_000);

    /** Checks the values. */
    public SearchLimits {
        if (maxSteps < 1 || maxConfigurations < 1) {
            throw new IllegalArgumentException(
                    "maxSteps " + maxSteps + " and maxConfigurations " + maxConfigurations + " must be at least 1");
        }
    }
}
