// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.disk;

import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Knows whether the disk has room left above its reserve, and whether it takes uploads. Asks the file system at most once a
 * second, and whenever a good part of the reserve was written since it last asked.
 *
 * <p>Thread-safe.
 */
final class SpaceGuard {
    private static final long INTERVAL_NANOS = TimeUnit.SECONDS.toNanos(1);

    private static final long LEAST_BYTES = 16L << 20;

    private final SpaceLimits limits;
    private final LongSupplier freeBytes;
    private final LongSupplier nanoTime;
    private long lastAsked;
    private long writtenSince;
    private volatile long free;
    private volatile boolean readOnly;

    SpaceGuard(SpaceLimits limits, LongSupplier freeBytes, LongSupplier nanoTime) {
        this.limits = limits;
        this.freeBytes = freeBytes;
        this.nanoTime = nanoTime;
        this.lastAsked = nanoTime.getAsLong();
        look();
    }

    /** True if so many more bytes would leave the reserve untouched. */
    boolean hasRoomFor(long bytes) {
        refresh(bytes);
        return free - bytes >= limits.reserveBytes();
    }

    /** True if so many more bytes would leave half of the reserve untouched. */
    boolean hasRoomForCopy(long bytes) {
        refresh(bytes);
        return free - bytes >= limits.reserveBytes() / 2;
    }

    /** True if an upload of so many bytes may be taken: read-only it stays until there is enough room again. */
    boolean takesUpload(long bytes) {
        return hasRoomFor(bytes) && !readOnly;
    }

    /** Free bytes, as of the last time somebody wrote. */
    long free() {
        return free;
    }

    private synchronized void refresh(long bytes) {
        long now = nanoTime.getAsLong();
        writtenSince += bytes;
        if (now - lastAsked >= INTERVAL_NANOS || writtenSince > Math.max(limits.reserveBytes() / 8, LEAST_BYTES)) {
            lastAsked = now;
            writtenSince = 0;
            look();
        }
    }

    private void look() {
        free = freeBytes.getAsLong();
        readOnly = free < (readOnly ? limits.resumeBytes() : limits.readOnlyBytes());
    }
}
