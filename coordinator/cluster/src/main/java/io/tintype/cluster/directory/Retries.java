// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.directory;

import io.grpc.Deadline;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.wire.Errors;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;

/** Repeats what may be repeated until it succeeds, is refused for good, or the time is over. Stateless. */
public final class Retries {
    private static final long FIRST_PAUSE_MS = 20;
    private static final long LONGEST_PAUSE_MS = 500;
    private static final int DOUBLINGS = 5;

    /** What passes within 20 ms mostly need not do so always: pauses grow to this, whatever is said. */
    private static final long SOON_MS = 50;

    private Retries() {}

    /**
     * Runs {@code attempt} with 0, 1, 2 … until one succeeds, with {@linkplain #pauseMs pauses} in between. The caller vouches that
     * repeating does no harm.
     *
     * @return fails with the last attempt's {@link TintypeException}
     */
    public static <T> CompletableFuture<T> run(Deadline deadline, IntFunction<CompletableFuture<T>> attempt) {
        return run(deadline, attempt, 0);
    }

    private static <T> CompletableFuture<T> run(
            Deadline deadline, IntFunction<CompletableFuture<T>> attempt, int number) {
        return start(attempt, number).exceptionallyCompose(failure -> {
            var cause = Errors.fromWire(failure);
            long pauseMs = pauseMs(cause, number);
            if (!isWorthRepeating(cause.reason()) || deadline.timeRemaining(TimeUnit.MILLISECONDS) <= pauseMs) {
                return CompletableFuture.failedFuture(cause);
            }
            var pause = CompletableFuture.delayedExecutor(pauseMs, TimeUnit.MILLISECONDS);
            return CompletableFuture.runAsync(() -> {}, pause)
                    .thenCompose(paused -> deadline.isExpired() // a busy machine wakes up late
                            ? CompletableFuture.failedFuture(cause)
                            : run(deadline, attempt, number + 1));
        });
    }

    private static <T> CompletableFuture<T> start(IntFunction<CompletableFuture<T>> attempt, int number) {
        try {
            return attempt.apply(number);
        } catch (RuntimeException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    private static boolean isWorthRepeating(Reason reason) {
        return reason.isTransient() || reason == Reason.NOT_PRIMARY;
    }

    /**
     * Milliseconds to wait before the next attempt: what the failure says, but soon 50 ms and never more than 500; where it says
     * nothing 20 and up to 500, with jitter.
     *
     * @param number attempts that failed before this one, 0 or more
     */
    public static long pauseMs(TintypeException cause, int number) {
        long longest = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS << Math.min(number, DOUBLINGS));
        long jittered = longest / 2 + ThreadLocalRandom.current().nextLong(longest / 2 + 1);
        return cause.retryAfter()
                .map(Duration::toMillis)
                .map(told -> Math.min(Math.max(told, Math.min(jittered, SOON_MS)), LONGEST_PAUSE_MS))
                .orElse(jittered);
    }
}
