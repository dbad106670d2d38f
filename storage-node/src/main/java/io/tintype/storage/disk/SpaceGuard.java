// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.disk;

import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Knows whether the disk has room left above its reserve. Asks the file system at most once a second, and whenever a
 * good part of the reserve was written since it last asked.
 *
 * <p>Thread-safe.
 */
final class SpaceGuard {
    private static final long INTERVAL_NANOS = TimeUnit.SECONDS.toNanos(1);

    private static final long LEAST_BYTES = 16L << 20;

    private final long reserveBytes;
    private final LongSupplier freeBytes;
    private final LongSupplier nanoTime;
    private long lastAsked;
    private long writtenSince;
    private volatile long free;

    SpaceGuard(long reserveBytes, LongSupplier freeBytes, LongSupplier nanoTime) {
        this.reserveBytes = reserveBytes;
        this.freeBytes = freeBytes;
        this.nanoTime = nanoTime;
        this.lastAsked = nanoTime.getAsLong();
        this.free = freeBytes.getAsLong();
    }

    /** True if so many more bytes would leave the reserve untouched. */
    boolean hasRoomFor(long bytes) {
        refresh(bytes);
        return free - bytes >= reserveBytes;
    }

    /** Free bytes, as of the last time somebody wrote. */
    long free() {
        return free;
    }

    private synchronized void refresh(long bytes) {
        long now = nanoTime.getAsLong();
        writtenSince += bytes;
        if (now - lastAsked >= INTERVAL_NANOS || writtenSince > Math.max(reserveBytes / 8, LEAST_BYTES)) {
            lastAsked = now;
            writtenSince = 0;
            free = freeBytes.getAsLong();
        }
    }
}
