// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.cli;

import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * Asks again where what failed passes by itself, until nobody has answered for a minute: for commands that look on for long.
 * What is asked must be harmless to repeat. Confined to one thread.
 */
final class Patience {
    /** Reasons to look again a little later rather than to give up looking. */
    private static final Set<Reason> PASSES = Set.of(
            Reason.NO_PRIMARY,
            Reason.UNAVAILABLE,
            Reason.OVERLOADED,
            Reason.FRESHNESS_UNPROVEN,
            Reason.NOT_ENOUGH_REPLICAS,
            Reason.OUTCOME_UNKNOWN);

    private static final Duration LONGEST = Duration.ofSeconds(60);
    private static final Duration PAUSE = Duration.ofMillis(200);

    private final LongSupplier nanoTime;
    private long answeredNanos;

    Patience() {
        this(System::nanoTime);
    }

    Patience(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
        this.answeredNanos = nanoTime.getAsLong();
    }

    /** The answer; fails as the last try did. Blocks. */
    <T> T ask(Supplier<T> call) throws InterruptedException {
        while (true) {
            try {
                var answer = call.get();
                answeredNanos = nanoTime.getAsLong();
                return answer;
            } catch (TintypeException e) {
                boolean patient = nanoTime.getAsLong() - answeredNanos < LONGEST.toNanos();
                if (!PASSES.contains(e.reason()) || !patient) {
                    throw e;
                }
                TimeUnit.MILLISECONDS.sleep(PAUSE.toMillis());
            }
        }
    }
}
