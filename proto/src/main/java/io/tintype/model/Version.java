// SPDX-License-Identifier: Apache-2.0
package io.tintype.model;

import java.util.Optional;

/**
 * Which version of a blob. Numbers of one user only rise, over deletes, re-creations and moves, and are never used
 * twice: the upper 16 bits are the user's move generation, the lower 48 his counter.
 *
 * <p>Immutable.
 *
 * @param number generation and counter, unsigned
 * @param nonce tells two versions of one number apart after data was knowingly given up
 */
public record Version(long number, int nonce) implements Comparable<Version> {
    private static final int COUNTER_BITS = 48;

    /** Highest counter of one generation. */
    public static final long MAX_COUNTER = (1L << COUNTER_BITS) - 1;

    /** Highest move generation. */
    public static final long MAX_GENERATION = (1L << (Long.SIZE - COUNTER_BITS)) - 1;

    /** Puts a version together. */
    public static Version of(long generation, long counter, int nonce) {
        if (generation < 0 || generation > MAX_GENERATION || counter < 0 || counter > MAX_COUNTER) {
            throw new IllegalArgumentException("generation " + generation + ", counter " + counter);
        }
        return new Version(generation << COUNTER_BITS | counter, nonce);
    }

    /** The HTTP entity tag, without quotes: number and nonce in hexadecimal. */
    public String etag() {
        return Long.toHexString(number) + "-" + Integer.toHexString(nonce);
    }

    /** Reads what {@link #etag} wrote; empty when the text is none of ours. */
    public static Optional<Version> parseEtag(String etag) {
        int dash = etag.indexOf('-');
        if (dash < 1) {
            return Optional.empty();
        }
        try {
            var version = new Version(
                    Long.parseUnsignedLong(etag.substring(0, dash), 16),
                    Integer.parseUnsignedInt(etag.substring(dash + 1), 16));
            return version.etag().equals(etag) ? Optional.of(version) : Optional.empty();
        } catch (NumberFormatException e) {
            return Optional.empty();
        }
    }

    /** By number; the nonce only tells equal numbers apart. */
    @Override
    public int compareTo(Version other) {
        int byNumber = Long.compareUnsigned(number, other.number);
        return byNumber != 0 ? byNumber : Integer.compareUnsigned(nonce, other.nonce);
    }

    @Override
    public String toString() {
        return etag();
    }
}
