// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import java.util.function.LongSupplier;

/**
 * Spreads work over time: so many bytes a second, whoever takes them. Nobody waits here; who took too much is told for how
 * long to rest. What the work itself takes, up to {@link #CATCH_UP_NANOS}, counts as rest: otherwise nobody who works and rests
 * in turn would ever reach the pace. Thread-safe.
 */
final class Pacer {
    /** So much time in which nobody took anything may be made up for. */
    static final long CATCH_UP_NANOS = 100_000_000L;

    private static final long SECOND = 1_000_000_000L;

    private long bytesPerSecond;
    private final LongSupplier nanoTime;
    private long freeAt;

    Pacer(long bytesPerSecond, LongSupplier nanoTime) {
        if (bytesPerSecond <= 0) {
            throw new IllegalArgumentException("at least one byte a second, not " + bytesPerSecond);
        }
        this.bytesPerSecond = bytesPerSecond;
        this.nanoTime = nanoTime;
        this.freeAt = nanoTime.getAsLong();
    }

    /** Another pace from now on; what was moved at the former one is paid for at that. */
    synchronized void pace(long otherBytesPerSecond) {
        if (otherBytesPerSecond <= 0) {
            throw new IllegalArgumentException("at least one byte a second, not " + otherBytesPerSecond);
        }
        bytesPerSecond = otherBytesPerSecond;
    }

    /** So many bytes were moved; returns the nanoseconds until more may be. */
    synchronized long took(long bytes) {
        long now = nanoTime.getAsLong();
        double cost = (double) bytes * SECOND / bytesPerSecond;
        long earliest = now - CATCH_UP_NANOS;
        freeAt = (freeAt - earliest < 0 ? earliest : freeAt) + (long) cost;
        return Math.max(0, freeAt - now);
    }
}
