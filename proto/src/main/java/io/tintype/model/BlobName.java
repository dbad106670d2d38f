// SPDX-License-Identifier: Apache-2.0
package io.tintype.model;

import java.util.Arrays;

/**
 * Names a blob within its user. A slash is a character like any other.
 *
 * <p>Immutable. Always 1 to {@link Limits#MAX_NAME_BYTES} bytes of UTF-8 in Unicode normal form C, without NUL. Ordered by
 * those bytes, which is the order of listings.
 */
public final class BlobName implements Comparable<BlobName> {
    private final String value;
    private final byte[] utf8;

    private BlobName(String value, byte[] utf8) {
        this.value = value;
        this.utf8 = utf8;
    }

    /**
     * Checks and takes a blob name.
     *
     * @throws TintypeException INVALID_NAME, saying what is wrong
     */
    public static BlobName of(String value) {
        return new BlobName(value, Names.check("blob name", value, Limits.MAX_NAME_BYTES, Reason.INVALID_NAME));
    }

    /** The text. */
    public String value() {
        return value;
    }

    /** The UTF-8 bytes; shared for speed, so callers only read them. */
    public byte[] utf8() {
        return utf8;
    }

    @Override
    public int compareTo(BlobName other) {
        return Arrays.compareUnsigned(utf8, other.utf8);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof BlobName that && value.equals(that.value);
    }

    @Override
    public int hashCode() {
        return value.hashCode();
    }

    @Override
    public String toString() {
        return value;
    }
}
