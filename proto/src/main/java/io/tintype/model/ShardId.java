// SPDX-License-Identifier: Apache-2.0
package io.tintype.model;

/**
 * Names a shard. Ids are given out once and never used again; 0 is no shard.
 *
 * <p>Immutable.
 *
 * @param value 1 to {@link #MAX}
 */
public record ShardId(int value) implements Comparable<ShardId> {
    /** Highest id: every key begins with it as an unsigned 32-bit number, and the sign bit stays free. */
    public static final int MAX = Integer.MAX_VALUE;

    public ShardId {
        if (value <= 0) {
            throw new IllegalArgumentException("shard ids begin at 1, not " + Integer.toUnsignedString(value));
        }
    }

    @Override
    public int compareTo(ShardId other) {
        return Integer.compare(value, other.value);
    }

    @Override
    public String toString() {
        return Integer.toString(value);
    }
}
