// SPDX-License-Identifier: Apache-2.0
package io.tintype.client.internal.net;

import io.github.resilience4j.core.IntervalFunction;
import io.tintype.model.Reason;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * How long to wait before an operation is tried again: twice as long each time, and never shorter than a server asks for.
 *
 * <p>But a user who is being moved, or a shard that is being handed over, is away for so short a time that doubling would make
 * it longer: where the server says that it passes soon, the first tries come when it says, or up to 50 ms apart. Immutable,
 * thread-safe.
 */
final class Pauses {
    /** Tries that come when the server says: with pauses of 50 ms, for about half a second. */
    static final int SOON = 8;

    /** What passes within 20 ms mostly need not do so always: pauses grow to this, whatever the server says. */
    private static final long SOON_MS = 50;

    private static final double GROWTH = 2;
    private static final double JITTER = 0.5;
    private static final Set<Reason> PASSING = Set.of(Reason.USER_MOVING, Reason.NO_PRIMARY);

    private final IntervalFunction growing;

    Pauses(ClientSettings.Retry settings) {
        growing = IntervalFunction.ofExponentialRandomBackoff(
                settings.firstBackoff(), GROWTH, JITTER, settings.maxBackoff());
    }

    /**
     * Milliseconds to wait.
     *
     * @param attempt how many attempts have failed, 1 or more
     * @param failure how the last one failed; null: in a way of its own
     */
    long afterMs(int attempt, @Nullable CallFailure failure) {
        var demanded =
                failure == null ? Duration.ZERO : failure.failure().retryAfter().orElse(Duration.ZERO);
        boolean passing = failure != null && PASSING.contains(failure.reason()) && demanded.toMillis() > 0;
        if (passing && attempt <= SOON) {
            long least = Math.max(demanded.toMillis(), Math.min(SOON_MS, attempt * demanded.toMillis() / 2));
            return least + (long) (least * JITTER * ThreadLocalRandom.current().nextDouble());
        }
        return Math.max(growing.apply(passing ? attempt - SOON : attempt), demanded.toMillis());
    }
}
