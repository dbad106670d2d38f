// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

/**
 * A point in a shard's history, given with every change. A read that shows it sees that change and all before it.
 *
 * <p>Immutable.
 *
 * @param shard the shard
 * @param epoch its epoch at the change, unsigned
 * @param sequence the change's place in the shard's log, unsigned
 */
public record SessionToken(int shard, long epoch, long sequence) {
    /** Shard, epoch and sequence with dots between: what {@link Consistency#parse} takes behind {@code session:}. */
    @Override
    public String toString() {
        return Integer.toUnsignedString(shard) + "." + Long.toUnsignedString(epoch) + "."
                + Long.toUnsignedString(sequence);
    }

    /** Whether this token is of a later point than another of the same shard. */
    boolean after(SessionToken other) {
        int bySequence = Long.compareUnsigned(sequence, other.sequence);
        return bySequence > 0 || (bySequence == 0 && Long.compareUnsigned(epoch, other.epoch) > 0);
    }
}
