// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica;

/**
 * A place in the log. Two logs that hold a record at the same place hold the same records up to it.
 *
 * <p>Immutable.
 *
 * @param epoch epoch of the primary that appended the record; 0 only for {@link #NONE}
 * @param seq number of the record, from 1
 */
public record LogPosition(long epoch, long seq) {
    /** In front of the first record. */
    public static final LogPosition NONE = new LogPosition(0, 0);

    public LogPosition {
        if (epoch < 0 || seq < 0 || (epoch == 0) != (seq == 0)) {
            throw new IllegalArgumentException("no such place in a log: epoch " + epoch + ", record " + seq);
        }
    }

    /**
     * Whether a log that ends here holds everything committed that one ending there does, and more: a later epoch begins
     * with all that was committed in earlier ones.
     */
    public boolean isAheadOf(LogPosition other) {
        return epoch != other.epoch ? epoch > other.epoch : seq > other.seq;
    }

    @Override
    public String toString() {
        return epoch + ":" + seq;
    }
}
