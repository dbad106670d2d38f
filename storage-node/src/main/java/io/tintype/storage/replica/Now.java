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
}
