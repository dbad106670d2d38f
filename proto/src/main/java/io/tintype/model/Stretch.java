// SPDX-License-Identifier: Apache-2.0
package io.tintype.model;

/**
 * Bytes of one blob that follow each other. Immutable.
 *
 * @param first the first of them, counted from 0
 * @param end behind the last of them; {@code first} where there are none
 */
public record Stretch(long first, long end) {
    /**
     * What a range means, wherever it is asked: shortened where it reaches behind the blob's end, and nothing only where all of
     * an empty blob is asked for.
     *
     * @param size bytes the blob has
     * @param offset first byte asked for, unsigned
     * @param length number of bytes asked for, unsigned; 0: up to the end
     * @throws TintypeException RANGE_NOT_SATISFIABLE where it begins behind the end
     */
    public static Stretch of(long size, long offset, long length) {
        boolean allOfNothing = offset == 0 && size == 0 && length == 0;
        if (Long.compareUnsigned(offset, size) >= 0 && !allOfNothing) {
            throw new TintypeException(
                    Reason.RANGE_NOT_SATISFIABLE,
                    "range.offset is " + Long.toUnsignedString(offset) + ", but the blob has " + size
                            + " bytes, counted from 0");
        }
        boolean toTheEnd = length == 0 || Long.compareUnsigned(length, size - offset) >= 0;
        return new Stretch(offset, toTheEnd ? size : offset + length);
    }

    /** How many bytes there are. */
    public long length() {
        return end - first;
    }
}
