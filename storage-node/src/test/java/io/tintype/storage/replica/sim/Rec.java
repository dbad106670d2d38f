// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica.sim;

import java.util.Map;

/**
 * A record of a simulated log.
 *
 * @param epoch its epoch
 * @param value what it says; each append says something else
 */
record Rec(long epoch, long value) {
    private static final long KEYS = 7;
    private static final long DELETES = 3;
    private static final long CHUNKED = 3;

    /** Whether the record names a chunk beside the log, of the same name. */
    boolean hasChunk() {
        return hasChunk(value);
    }

    static boolean hasChunk(long value) {
        return value > 0 && value % CHUNKED == 0;
    }

    /** What the record does to what can be read: writes a key, or deletes it, so that a merge would be noticed. */
    void applyTo(Map<Long, Long> state) {
        long key = Math.floorMod(value, KEYS);
        if (value % DELETES == 0) {
            state.remove(key);
        } else {
            state.put(key, value);
        }
    }
}
