// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica.sim;

import io.tintype.storage.replica.Now;

/** A machine's two clocks: they run at one rate of their own, and part when the machine is suspended or set. */
final class SimClock {
    private final EventQueue queue;
    private final double rate;
    private long suspendedNanos;
    private long stepMillis;

    SimClock(EventQueue queue, double rate) {
        this.queue = queue;
        this.rate = rate;
    }

    Now now() {
        long local = (long) (queue.now() * rate);
        return new Now(1_000_000_000L + local - suspendedNanos, 1_000_000 + local / 1_000_000 + stepMillis);
    }

    /** The machine was suspended for so long. */
    void suspended(long nanos) {
        suspendedNanos += (long) (nanos * rate);
    }

    void step(long millis) {
        stepMillis += millis;
    }
}
