// SPDX-License-Identifier: Apache-2.0
package io.tintype.model;

import java.util.Arrays;

/**
 * Names a user. Users are whoever an application says they are; Tintype knows no passwords.
 *
 * <p>Immutable. Always 1 to {@link Limits#MAX_USER_BYTES} bytes of UTF-8 in Unicode normal form C, without NUL. Ordered by
 * those bytes, which is the order of listings.
 */
public final class UserId implements Comparable<UserId> {
    private final String value;
    private final byte[] utf8;

    private UserId(String value, byte[] utf8) {
        this.value = value;
        this.utf8 = utf8;
    }

    /**
     * Checks and takes a user id.
     *
     * @throws TintypeException INVALID_USER, saying what is wrong
     */
    public static UserId of(String value) {
        return new UserId(value, Names.check("user id", value, Limits.MAX_USER_BYTES, Reason.INVALID_USER));
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
    public int compareTo(UserId other) {
        return Arrays.compareUnsigned(utf8, other.utf8);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof UserId that && value.equals(that.value);
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
