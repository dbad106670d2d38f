// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

/**
 * How fresh a value turned out to be. Immutable.
 *
 * @param stale writes acknowledged before the read may be missing
 * @param asOfMs with {@code stale}: current at this time or later, milliseconds since 1970; 0: not known
 * @param ageMs with {@code stale}: how old it was at most when it was read, by a clock that does not jump; 0: not known
 */
public record Freshness(boolean stale, long asOfMs, long ageMs) {
    /** Nothing is missing. */
    public static final Freshness CURRENT = new Freshness(false, 0, 0);
}
