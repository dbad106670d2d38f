// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.log;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * What a replica must not forget besides its records, as it is stored: in one value, for it must never be half there. Immutable.
 *
 * @param promisedEpoch no message of a lower epoch may be taken
 * @param incarnation which one of the replica this is; 0: it was never given one
 * @param trimmed the last record that was dropped from the front of the log, or is in the snapshot it began with
 */
record ReplicaMark(long promisedEpoch, long incarnation, LogPosition trimmed) {
    private static final ReplicaMark NONE = new ReplicaMark(0, 0, LogPosition.START);

    /** The mark of a stored value; null: nothing was stored yet. */
    static ReplicaMark read(byte @Nullable [] value) {
        if (value == null) {
            return NONE;
        }
        var in = ByteBuffer.wrap(value);
        return new ReplicaMark(in.getLong(), in.getLong(), new LogPosition(in.getLong(), in.getLong()));
    }

    byte[] bytes() {
        return ByteBuffer.allocate(4 * Long.BYTES)
                .putLong(promisedEpoch)
                .putLong(incarnation)
                .putLong(trimmed.epoch())
                .putLong(trimmed.seq())
                .array();
    }
}
