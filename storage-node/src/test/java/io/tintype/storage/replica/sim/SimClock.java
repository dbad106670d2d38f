// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica.sim;

import io.tintype.storage.replica.Now;

/** A machine's two clocks: they run at one rate of their own, and part when the machine is suspended or set. */
final class SimClock {
    private final EventQueue queue;
    private final double rate;
    private long suspendedNanos;
    private long suspendedAt;
    private int suspensions;
    private long stepMillis;

    SimClock(EventQueue queue, double rate) {
        this.queue = queue;
        this.rate = rate;
    }

    Now now() {
        long wall = (long) (queue.now() * rate);
        long monotonic = suspensions > 0 ? suspendedAt : wall - suspendedNanos;
        return new Now(1_000_000_000L + monotonic, 1_000_000 + wall / 1_000_000 + stepMillis);
    }

    /** The monotonic clock stands still until {@link #resume}; suspensions may overlap. */
    void suspend() {
        if (suspensions++ == 0) {
            suspendedAt = (long) (queue.now() * rate) - suspendedNanos;
        }
    }

    void resume() {
        if (--suspensions == 0) {
            suspendedNanos = (long) (queue.now() * rate) - suspendedAt;
        }
    }

    void step(long millis) {
        stepMillis += millis;
    }
}
