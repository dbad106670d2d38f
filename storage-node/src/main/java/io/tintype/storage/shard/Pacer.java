// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import java.util.function.LongSupplier;

/**
 * Spreads work over time: so many bytes a second, whoever takes them. Nobody waits here; who took too much is told for how
 * long to rest. Thread-safe.
 */
final class Pacer {
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
        freeAt = (freeAt - now < 0 ? now : freeAt) + (long) cost;
        return freeAt - now;
    }
}
