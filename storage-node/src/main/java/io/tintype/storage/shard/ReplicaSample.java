// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import org.jspecify.annotations.Nullable;

/**
 * What is measured of a replica now and then: calls a second, and how many bytes a copy of it has and how fast they grow.
 * Sizes cost looks at the disk, so they are measured seldom, and somewhat less seldom where something was written. Immutable;
 * pure.
 *
 * @param calls calls so far
 * @param atNanos when those were counted
 * @param rate calls a second, lately
 * @param bytes bytes a copy has, about, when they were last measured
 * @param bytesAtNanos when that was
 * @param sequence the last record that was applied then
 * @param taken bytes that had come as snapshots then
 * @param growth bytes a second by which it grew lately; negative: what was replaced and deleted goes
 * @param growingSince since when it has grown about like that
 * @param rounds samples since
 */
record ReplicaSample(
        long calls,
        long atNanos,
        double rate,
        long bytes,
        long bytesAtNanos,
        long sequence,
        long taken,
        double growth,
        long growingSince,
        int rounds) {
    /** Samples after which the size is measured anew where something was written. */
    static final int BUSY_ROUNDS = 5;

    /** The same where nothing was. */
    static final int IDLE_ROUNDS = 15;

    /** Slower growth is none: in ten minutes, after which what was replaced goes, it is some hundred KiB. */
    static final double LEAST_GROWTH = 512;

    private static final double SMOOTHING = 0.2;
    private static final double GROWTH_SMOOTHING = 0.5;

    /** Growth that is so many times more or less than before is another one. */
    private static final double ABOUT = 3;

    private static final double SECOND = 1e9;

    /** What there is to see of a replica. Immutable. */
    record Seen(long calls, long atNanos, long sequence, long taken) {}

    /** Tells how many bytes a copy has now. */
    interface Size {
        long bytes();
    }

    /** The sample after another one, or the first. */
    static ReplicaSample next(@Nullable ReplicaSample last, Seen seen, Size size) {
        if (last == null) {
            return new ReplicaSample(
                    seen.calls,
                    seen.atNanos,
                    0,
                    size.bytes(),
                    seen.atNanos,
                    seen.sequence,
                    seen.taken,
                    0,
                    seen.atNanos,
                    1);
        }
        double rate = (seen.calls - last.calls) * SECOND / Math.max(1, seen.atNanos - last.atNanos);
        var next = new ReplicaSample(
                seen.calls,
                seen.atNanos,
                last.rate + SMOOTHING * (rate - last.rate),
                last.bytes,
                last.bytesAtNanos,
                last.sequence,
                last.taken,
                last.growth,
                last.growingSince,
                last.rounds + 1);
        boolean changed = seen.sequence != last.sequence || seen.taken != last.taken;
        return last.rounds < (changed ? BUSY_ROUNDS : IDLE_ROUNDS) ? next : next.measured(seen, size.bytes());
    }

    private ReplicaSample measured(Seen seen, long now) {
        double grew = (now - bytes) * SECOND / Math.max(1, seen.atNanos - bytesAtNanos);
        double smooth = growth + GROWTH_SMOOTHING * (grew - growth);
        boolean grows = seen.taken == taken // else it came as a whole
                && seen.sequence != sequence
                && Math.abs(smooth) >= LEAST_GROWTH;
        boolean asBefore = grew * growth > 0
                && Math.abs(grew) <= ABOUT * Math.abs(growth)
                && Math.abs(growth) <= ABOUT * Math.abs(grew);
        return new ReplicaSample(
                calls,
                atNanos,
                rate,
                now,
                seen.atNanos,
                seen.sequence,
                seen.taken,
                grows ? smooth : 0,
                grows && asBefore ? growingSince : bytesAtNanos,
                1);
    }

    /** Nanoseconds for which it has grown about as it does. */
    long growingNanos() {
        return growth == 0 ? 0 : bytesAtNanos - growingSince;
    }

    /** Bytes a copy has, about, with what was written since they were measured. */
    long bytesAt(long nanos) {
        return Math.max(0, bytes + (long) (growth * Math.max(0, nanos - bytesAtNanos) / SECOND));
    }
}
