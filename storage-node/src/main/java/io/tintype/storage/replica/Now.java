// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica;

/**
 * One look at both clocks of a process. Immutable.
 *
 * @param nanos monotonic; may stand still while the machine is suspended
 * @param wallMillis wall clock, milliseconds since 1970; may jump
 */
public record Now(long nanos, long wallMillis) {
    /** Nanoseconds of the monotonic clock since an earlier look. */
    public long nanosSince(Now earlier) {
        return nanos - earlier.nanos;
    }

    /**
     * Whether both clocks say that about the same time has passed since an earlier look. Where they do not, the machine was
     * suspended meanwhile, or a clock was set, and how much time has passed is not known.
     */
    public boolean agreesSince(Now earlier) {
        long wallNanos = (wallMillis - earlier.wallMillis) * 1_000_000;
        return Math.abs(wallNanos - nanosSince(earlier)) <= ReplicaTiming.MAX_CLOCK_GAP_NANOS;
    }
}
