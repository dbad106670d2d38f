// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica;

import java.util.List;

/**
 * Records on their way from the primary to a follower, without their bytes. Immutable.
 *
 * @param epoch the primary's epoch
 * @param cfg the configuration it acts under
 * @param previous the record in front of the first one
 * @param starts where epochs begin among the records: the first entry is the first record and its epoch; empty when
 *     there are no records
 * @param lastSeq last record; {@code previous.seq()} when there are none and only the commit mark is told
 * @param committed every record up to here is committed
 */
public record Append(
        long epoch, long cfg, LogPosition previous, List<EpochStart> starts, long lastSeq, long committed) {
    public Append {
        starts = List.copyOf(starts);
        if (lastSeq < previous.seq() || starts.isEmpty() != (lastSeq == previous.seq())) {
            throw new IllegalArgumentException(
                    "records behind " + previous + " to " + lastSeq + " do not fit epochs " + starts);
        }
    }
}
