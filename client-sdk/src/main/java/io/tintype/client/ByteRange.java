// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

/**
 * A stretch of a blob. Immutable.
 *
 * @param offset first byte, from 0
 * @param length number of bytes; 0: up to the end. Shortened where it reaches behind the end
 */
public record ByteRange(long offset, long length) {
    /** The whole blob. */
    public static final ByteRange ALL = new ByteRange(0, 0);

    public ByteRange {
        if (offset < 0 || length < 0) {
            throw new IllegalArgumentException("range of " + length + " bytes from " + offset);
        }
    }

    /** Everything from {@code offset} on. */
    public static ByteRange from(long offset) {
        return new ByteRange(offset, 0);
    }

    /**
     * {@code length} bytes from {@code offset}.
     *
     * @param length 1 or more
     */
    public static ByteRange of(long offset, long length) {
        if (length < 1) {
            throw new IllegalArgumentException("range of " + length + " bytes; give at least 1");
        }
        return new ByteRange(offset, length);
    }

    /** Whether it is the whole blob. */
    public boolean isAll() {
        return offset == 0 && length == 0;
    }
}
