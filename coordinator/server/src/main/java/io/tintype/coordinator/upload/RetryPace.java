// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.upload;

import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * When those who are refused are to come back: the later, the more there are, so that about {@value #COMING_BACK} of them do each
 * second, however many wait. Refusals cost, too; thousands who came back each second would leave nothing for uploads. Not
 * thread-safe; the clock is passed in.
 */
final class RetryPace {
    static final Duration SHORTEST = Duration.ofSeconds(1);
    static final Duration LONGEST = Duration.ofSeconds(30);

    /** Refusals a second that are aimed at. */
    static final int COMING_BACK = 100;

    private static final double NANOS = 1e9;
    private static final double MILLIS = 1e3;

    private final LongSupplier nanoTime;
    private long begun;
    private int refused;
    private double seconds = SHORTEST.toMillis() / MILLIS;

    RetryPace(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
        this.begun = nanoTime.getAsLong();
    }

    /** One more is refused: when he is to come back. */
    Duration refuse() {
        long now = nanoTime.getAsLong();
        double passed = (now - begun) / NANOS;
        if (passed >= 1) {
            double aimed = seconds * refused / passed / COMING_BACK;
            double least =
                    Math.max(SHORTEST.toMillis() / MILLIS, seconds / 2); // those who were told to wait still come
            seconds = Math.min(LONGEST.toMillis() / MILLIS, Math.max(least, aimed));
            begun = now;
            refused = 0;
        }
        refused++;
        return Duration.ofMillis((long) (MILLIS * seconds));
    }
}
