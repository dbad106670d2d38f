// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.placement.plan;

/**
 * What steps took besides copying, as sums over them, the older ones counting less: enough to tell what each took, and what
 * each byte did. Immutable; pure.
 *
 * @param steps steps that copied something
 * @param mib their bytes, in MiB
 * @param mibSquared squares of those
 * @param seconds seconds they took besides copying: to begin, to join, to be verified, to leave
 * @param mibSeconds products of those and MiB
 */
public record StepRest(double steps, double mib, double mibSquared, double seconds, double mibSeconds) {
    /** Nothing was measured. */
    public static final StepRest NONE = new StepRest(0, 0, 0, 0, 0);

    /** What joining and leaving take where nothing was measured: some looks of the balancer, and a few round trips. */
    static final double SECONDS = 2.5;

    /** A target verifies so many times faster than it may copy: nothing travels then. */
    static final int VERIFY_FACTOR = 4;

    private static final double MIB = 1 << 20;

    /** With fewer steps no line is drawn through them. */
    private static final double ENOUGH = 3;

    /** Steps whose sizes differ by less than this part of their mean tell nothing of what a byte costs. */
    private static final double SPREAD = 0.2;

    /** With another step. */
    public StepRest plus(long bytes, double tookSeconds) {
        double size = bytes / MIB;
        return new StepRest(
                steps + 1,
                mib + size,
                mibSquared + size * size,
                seconds + tookSeconds,
                mibSeconds + size * tookSeconds);
    }

    /** With later ones; those that were here count so much. */
    public StepRest then(StepRest later, double weight) {
        return new StepRest(
                steps * weight + later.steps,
                mib * weight + later.mib,
                mibSquared * weight + later.mibSquared,
                seconds * weight + later.seconds,
                mibSeconds * weight + later.mibSeconds);
    }

    /** Whether anything was measured. */
    public boolean isMeasured() {
        return steps > 0;
    }

    /**
     * Seconds that a step of so many bytes takes besides copying.
     *
     * @param limit bytes a second that a node may take in
     */
    public double seconds(long bytes, double limit) {
        double size = bytes / MIB;
        double each = MIB / limit / VERIFY_FACTOR;
        if (!isMeasured()) {
            return SECONDS + each * size;
        }
        double mean = mib / steps;
        double variance = mibSquared / steps - mean * mean;
        if (steps >= ENOUGH && variance > SPREAD * SPREAD * mean * mean) {
            double slope = (mibSeconds / steps - mean * (seconds / steps)) / variance;
            // Neither can a byte give time back, nor a step begin before it is asked for.
            each = Math.max(0, Math.min(slope, seconds / mib));
        } else {
            each = Math.min(each, seconds / Math.max(mib, 1 / MIB));
        }
        return Math.max(0, seconds / steps + each * (size - mean));
    }
}
