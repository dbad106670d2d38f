// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.log;

import java.util.Comparator;

/**
 * A place in a shard's log. Immutable.
 *
 * @param epoch the epoch in which the record was made
 * @param seq the record's number, from 1 without gaps
 */
public record LogPosition(long epoch, long seq) implements Comparable<LogPosition> {
    /** In front of the first record. */
    public static final LogPosition START = new LogPosition(0, 0);

    private static final Comparator<LogPosition> ORDER =
            Comparator.comparingLong(LogPosition::epoch).thenComparingLong(LogPosition::seq);

    /** By epoch, then by number: the order of any one log. */
    @Override
    public int compareTo(LogPosition other) {
        return ORDER.compare(this, other);
    }
}
