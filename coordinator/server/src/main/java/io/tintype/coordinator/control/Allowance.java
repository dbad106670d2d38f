// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.control;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/** Lets so much happen in any minute and no more. Confined to one thread. */
final class Allowance {
    private static final long WINDOW_NANOS = TimeUnit.MINUTES.toNanos(1);

    private record Taken(long atNanos, int count) {}

    private final int perMinute;
    private final LongSupplier nanoTime;
    private final Deque<Taken> taken = new ArrayDeque<>();
    private int inWindow;

    Allowance(int perMinute, LongSupplier nanoTime) {
        this.perMinute = perMinute;
        this.nanoTime = nanoTime;
    }

    /** How many may happen now. */
    int left() {
        long now = nanoTime.getAsLong();
        while (!taken.isEmpty() && now - taken.getFirst().atNanos() >= WINDOW_NANOS) {
            inWindow -= taken.removeFirst().count();
        }
        return Math.max(0, perMinute - inWindow);
    }

    /** So many happened. */
    void take(int count) {
        taken.addLast(new Taken(nanoTime.getAsLong(), count));
        inWindow += count;
    }
}
