// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.bench;

import java.util.concurrent.atomic.AtomicIntegerArray;

/**
 * Which versions of each key a read may return: none older than the last one acknowledged before the read began, none
 * newer than the last one begun before it ended. Thread-safe.
 *
 * <p>One thread at a time writes a key, so that "last" means something. A key whose write has an unknown outcome is never
 * written again: both its versions stay allowed.
 */
final class Ledger {
    private static final int FREE = 0;
    private static final int BUSY = 1;
    private static final int RETIRED = 2;

    private final AtomicIntegerArray state;
    private final AtomicIntegerArray begun;
    private final AtomicIntegerArray acknowledged;

    Ledger(int keys) {
        state = new AtomicIntegerArray(keys);
        begun = new AtomicIntegerArray(keys);
        acknowledged = new AtomicIntegerArray(keys);
    }

    /** Takes the right to write a key; the number of its next version, or 0 where somebody else has it. */
    int beginWrite(int key) {
        return state.compareAndSet(key, FREE, BUSY) ? begun.incrementAndGet(key) : 0;
    }

    /** The write was acknowledged. */
    void acknowledge(int key, int version) {
        acknowledged.set(key, version);
        state.set(key, FREE);
    }

    /** The write failed, or nobody knows. */
    void retire(int key) {
        state.set(key, RETIRED);
    }

    /** Newest version acknowledged by now; 0: none. */
    int acknowledged(int key) {
        return acknowledged.get(key);
    }

    /** Newest version begun by now. */
    int begun(int key) {
        return begun.get(key);
    }
}
