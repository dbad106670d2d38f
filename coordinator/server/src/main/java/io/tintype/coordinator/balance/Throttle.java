// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.balance;

/**
 * How fast replicas move: as fast as the plan allows, half as fast whenever readers feel it, and a little faster again each
 * time they do not (additive increase, multiplicative decrease). What they felt until a slower pace had its effect is held against
 * it once: the time they report of reaches back to before it. Not thread-safe.
 */
final class Throttle {
    /** Never slower than this: something must get on. */
    static final long LEAST = 1L << 20;

    private static final double FELT = 1.7;
    private static final long SLACK_MICROS = 3_000;
    private static final int STEPS = 8;
    private static final double SMOOTHING = 0.2;

    private long limit;
    private long rate;
    private double quietMicros;
    /** The next word of readers is of before the pace they have now. */
    private boolean settling;

    Throttle(long limit) {
        this.limit = limit;
        this.rate = limit;
    }

    /** Bytes a second, now. */
    long rate() {
        return rate;
    }

    /** What readers feel in quiet times, in microseconds; 0: nobody knows. */
    long quietMicros() {
        return Math.round(quietMicros);
    }

    /** What somebody before found quiet times to be like; what was measured here counts more. */
    void quietWas(long p99Micros) {
        if (quietMicros == 0) {
            quietMicros = p99Micros;
        }
    }

    /** A plan with another limit runs. */
    void limit(long bytesPerSecond) {
        limit = bytesPerSecond;
        rate = Math.min(rate, limit);
    }

    /**
     * Readers were asked.
     *
     * @param moving whether replicas were moving
     * @param p99Micros the slowest node's 99th percentile of reads; 0: nobody reads
     */
    void felt(boolean moving, long p99Micros) {
        if (!moving) {
            quietMicros = p99Micros == 0
                    ? quietMicros
                    : quietMicros == 0 ? p99Micros : quietMicros + SMOOTHING * (p99Micros - quietMicros);
            rate = limit;
            settling = false;
            return;
        }
        if (settling) {
            settling = false;
            return;
        }
        if (p99Micros == 0
                || quietMicros == 0
                || p99Micros <= Math.max(FELT * quietMicros, quietMicros + SLACK_MICROS)) {
            rate = Math.min(limit, rate + Math.max(1, limit / STEPS));
        } else {
            rate = Math.max(Math.min(LEAST, limit), rate / 2);
            settling = true;
        }
    }
}
