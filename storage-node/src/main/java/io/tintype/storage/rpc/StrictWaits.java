// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.rpc;

import io.tintype.model.Limits;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.storage.future.Futures;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/**
 * Holds answers of strict removals back until no cache shows what was removed. Waiting is what proves it: a head lease runs from
 * when its request was sent, so one of before the removal is over {@link Limits#STRICT_WAIT} after it; nobody need be asked, and
 * whoever cannot be reached holds nothing up. Thread-safe; never blocks.
 */
final class StrictWaits {
    /** Most strict removals that are under way or wait. */
    static final int MOST = 10_000;

    private static final Duration LATER = Duration.ofSeconds(1);

    private final AtomicInteger begun = new AtomicInteger();

    /**
     * Removes, unless too many strict removals are under way or wait already.
     *
     * @param removal begins the removal
     * @return completes with its answer when no lease of before then runs any more, or fails with it at once
     * @throws TintypeException OVERLOADED where there are too many; nothing was removed then
     */
    <T> CompletableFuture<T> remove(Supplier<CompletableFuture<T>> removal) {
        if (begun.getAndUpdate(now -> Math.min(MOST, now + 1)) == MOST) {
            throw new TintypeException(
                    Reason.OVERLOADED,
                    MOST + " strict removals wait on this node, which is the limit; nothing was removed",
                    LATER);
        }
        return Futures.begin(removal)
                .thenCompose(StrictWaits::hold)
                .whenComplete((answer, failure) -> begun.decrementAndGet());
    }

    private static <T> CompletableFuture<T> hold(T answer) {
        return new CompletableFuture<T>()
                .completeOnTimeout(answer, Limits.STRICT_WAIT.toMillis(), TimeUnit.MILLISECONDS);
    }
}
