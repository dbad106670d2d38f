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
