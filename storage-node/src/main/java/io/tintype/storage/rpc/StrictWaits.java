// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.rpc;

import io.tintype.model.Limits;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Holds answers of strict removals back until no cache shows what was removed. Waiting is what proves it: a head lease runs from
 * when its request was sent, so one of before the removal is over {@link Limits#STRICT_WAIT} after it; nobody need be asked, and
 * whoever cannot be reached holds nothing up. Thread-safe; never blocks.
 */
final class StrictWaits {
    private static final int MOST = 10_000;
    private static final Duration LATER = Duration.ofSeconds(1);

    private final AtomicInteger waiting = new AtomicInteger();

    /**
     * Before anything is removed.
     *
     * @throws TintypeException OVERLOADED where too many wait
     */
    void check() {
        if (waiting.get() >= MOST) {
            throw new TintypeException(
                    Reason.OVERLOADED,
                    MOST + " strict removals wait on this node, which is the limit; nothing was removed",
                    LATER);
        }
    }

    /** Completes with the answer when no lease of before now runs any more. */
    <T> CompletableFuture<T> hold(T answer) {
        waiting.incrementAndGet();
        return new CompletableFuture<T>()
                .completeOnTimeout(answer, Limits.STRICT_WAIT.toMillis(), TimeUnit.MILLISECONDS)
                .whenComplete((done, failure) -> waiting.decrementAndGet());
    }
}
