// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.log;

/**
 * A place in a shard's log. Immutable.
 *
 * @param epoch the epoch in which the record was made
 * @param seq the record's number, from 1 without gaps
 */
public record LogPosition(long epoch, long seq) {
    /** In front of the first record. */
    public static final LogPosition START = new LogPosition(0, 0);
}
