// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.move;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Spreads what all moves to a node copy over time: so many bytes a second, whoever copies. Thread-safe; never blocks. */
final class Throttle {
    private static final double SECOND = 1e9;
    private static final long WORTH_A_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(2);

    private final long bytesPerSecond;
    private long freeAt = System.nanoTime();

    Throttle(long bytesPerSecond) {
        this.bytesPerSecond = bytesPerSecond;
    }

    /** So many bytes came; completes when more may. */
    CompletableFuture<Void> after(long bytes) {
        long wait = took(bytes);
        return wait < WORTH_A_PAUSE_NANOS
                ? CompletableFuture.completedFuture(null)
                : CompletableFuture.runAsync(() -> {}, CompletableFuture.delayedExecutor(wait, TimeUnit.NANOSECONDS));
    }

    private synchronized long took(long bytes) {
        long now = System.nanoTime();
        freeAt = (freeAt - now < 0 ? now : freeAt) + (long) (bytes * SECOND / bytesPerSecond);
        return freeAt - now;
    }
}
