// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica.sim;

import io.tintype.storage.replica.Now;

/** A machine's two clocks: they run at one rate of their own, and part when the machine is suspended or set. */
final class SimClock {
    private final EventQueue queue;
    private double rate;
    private double wallAtChange;
    private long changedAt;
    private long suspendedNanos;
    private long suspendedAt;
    private int suspensions;
    private long stepMillis;

    SimClock(EventQueue queue, double rate) {
        this.queue = queue;
        this.rate = rate;
    }

    Now now() {
        long wall = wall();
        long monotonic = suspensions > 0 ? suspendedAt : wall - suspendedNanos;
        return new Now(1_000_000_000L + monotonic, 1_000_000 + wall / 1_000_000 + stepMillis);
    }

    private long wall() {
        return (long) (wallAtChange + (queue.now() - changedAt) * rate);
    }

    double rate() {
        return rate;
    }

    /** From now on both clocks run at this rate. */
    void rate(double other) {
        wallAtChange += (queue.now() - changedAt) * rate;
        changedAt = queue.now();
        rate = other;
    }

    /** The monotonic clock stands still until {@link #resume}; suspensions may overlap. */
    void suspend() {
        if (suspensions++ == 0) {
            suspendedAt = wall() - suspendedNanos;
        }
    }

    void resume() {
        if (--suspensions == 0) {
            suspendedNanos = wall() - suspendedAt;
        }
    }

    void step(long millis) {
        stepMillis += millis;
    }
}
