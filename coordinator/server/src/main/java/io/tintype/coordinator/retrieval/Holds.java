// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.retrieval;

import java.util.concurrent.atomic.AtomicLong;

/**
 * How many cached bytes reads of several pieces may hold on to, one read and all together, so that each can end though its
 * blob is replaced meanwhile. Who gets no room reads from a node, which keeps the bytes for him. Thread-safe.
 */
final class Holds {
    /** Most bytes of one read. */
    static final long MOST_OF_ONE = 32L << 20;

    private final long most;
    private final AtomicLong held = new AtomicLong();

    /** Room for so many bytes, and always for one read. */
    Holds(long most) {
        this.most = Math.max(most, MOST_OF_ONE);
    }

    /** Takes room; false: there is none, and nothing was taken. */
    boolean take(int bytes) {
        if (held.addAndGet(bytes) <= most) {
            return true;
        }
        held.addAndGet(-bytes);
        return false;
    }

    /** Gives room back that was taken. */
    void give(int bytes) {
        held.addAndGet(-bytes);
    }

    /** Bytes held now. */
    long held() {
        return held.get();
    }
}
