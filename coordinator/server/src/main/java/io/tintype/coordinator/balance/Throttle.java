// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.balance;

/**
 * How fast replicas move: as fast as the plan allows, half as fast whenever readers feel it twice in a row, and a little faster
 * again each time they do not (additive increase, multiplicative decrease), once quick reads have made up for the slow ones. Once is
 * not enough to be slower: a lead that is handed over is felt too, for a moment, and copying more slowly would not help. So what is
 * felt before a slower pace had its effect is not held against it either. Not thread-safe.
 */
final class Throttle {
    /** Never slower than this: something must get on. */
    static final long LEAST = 1L << 20;

    private static final double FELT = 1.7;

    /** In quiet times one read of a hundred takes longer than their 99th percentile. */
    private static final long PART = 100;

    /** So few slow reads may be chance, however few reads there were. */
    private static final long CHANCE = 2;

    private static final long SLACK_MICROS = 3_000;
    private static final int STEPS = 8;

    /** Looks by which slow reads are made up for at the latest, however many they were. */
    private static final int MADE_UP_IN = 10;

    private static final double SMOOTHING = 0.2;

    private long limit;
    private long rate;
    private double quietMicros;
    /** Readers felt it when they were asked last, and not, or no longer, before. */
    private boolean feltOnce;
    /**
     * Slow reads beyond one of a hundred that quick ones have not made up for. A pace that is raised while readers feel nothing, and
     * halved only where they do, is felt for a third of the time, and then one read of a hundred is far slower than in quiet times.
     */
    private double owed;

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

    /**
     * What somebody before, whose plan is taken over, found quiet times to be like; what was measured here counts more. Nobody
     * knows what that one was told last, so the next word counts.
     */
    void quietWas(long p99Micros) {
        feltOnce = true;
        if (quietMicros == 0) {
            quietMicros = p99Micros;
        }
    }

    /** A plan with another limit runs. */
    void limit(long bytesPerSecond) {
        limit = bytesPerSecond;
        rate = Math.min(rate, limit);
    }

    /** A read is slow that takes longer than this, in microseconds; 0: nobody knows. */
    long slowMicros() {
        return quietMicros == 0 ? 0 : Math.round(Math.max(FELT * quietMicros, quietMicros + SLACK_MICROS));
    }

    /**
     * Nothing moved.
     *
     * @param p99Micros the slowest node's 99th percentile of reads; 0: nobody knows
     */
    void rested(long p99Micros) {
        if (p99Micros > 0) {
            quietMicros = quietMicros == 0 ? p99Micros : quietMicros + SMOOTHING * (p99Micros - quietMicros);
        }
        rate = limit;
        feltOnce = false;
        owed = 0;
    }

    /**
     * Replicas were moving.
     *
     * @param reads what nodes that have to do with it answered lately
     * @param slow how many of them were slow
     */
    void moved(long reads, long slow) {
        double inQuiet = (double) reads / PART;
        owed = Math.max(0, Math.min(owed + slow - inQuiet, MADE_UP_IN * inQuiet));
        if (slow <= CHANCE || slow <= inQuiet) {
            if (owed <= CHANCE) {
                rate = Math.min(limit, rate + Math.max(1, limit / STEPS));
            }
            feltOnce = false;
        } else if (feltOnce) {
            rate = Math.max(Math.min(LEAST, limit), rate / 2);
            feltOnce = false;
        } else {
            feltOnce = true;
        }
    }
}
