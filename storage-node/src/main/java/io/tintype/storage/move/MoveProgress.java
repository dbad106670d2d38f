// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.move;

import java.util.concurrent.atomic.AtomicLong;

/** How far one copy is. Thread-safe. */
final class MoveProgress {
    private static final double SECOND = 1e9;

    private final AtomicLong blobsDone = new AtomicLong();
    private final AtomicLong bytesDone = new AtomicLong();
    private final AtomicLong copied = new AtomicLong();
    private final long sinceNanos = System.nanoTime();
    private volatile long blobsTotal;
    private volatile long bytesTotal;

    void total(long blobs, long bytes) {
        blobsTotal = blobs;
        bytesTotal = bytes;
    }

    void compared(long bytes) {
        blobsDone.incrementAndGet();
        bytesDone.addAndGet(bytes);
    }

    void copied(long bytes) {
        copied.addAndGet(bytes);
    }

    long blobsTotal() {
        return blobsTotal;
    }

    long bytesTotal() {
        return bytesTotal;
    }

    long blobsDone() {
        return Math.min(blobsDone.get(), blobsTotal);
    }

    long bytesDone() {
        return Math.min(bytesDone.get(), bytesTotal);
    }

    long bytesPerSecond() {
        return (long) (copied.get() / Math.max(0.001, (System.nanoTime() - sinceNanos) / SECOND));
    }
}
