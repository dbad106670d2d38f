// SPDX-License-Identifier: Apache-2.0
package io.tintype.client.internal.net;

import io.github.resilience4j.core.IntervalFunction;
import io.github.resilience4j.core.functions.Either;
import io.github.resilience4j.retry.Retry;
import io.github.resilience4j.retry.RetryConfig;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.Supplier;

/**
 * Repeats attempts that failed for a passing reason: bounded in number and in time, with exponential backoff and jitter, or
 * after the delay that the server asked for. Thread-safe.
 *
 * <p>Whether an attempt may be repeated at all is said by the failure: {@link CallFailure} of a {@link
 * Reason#isTransient transient} reason may, anything else may not.
 */
public final class Retrier {
    private static final double GROWTH = 2;
    private static final double JITTER = 0.5;

    private final Retry retry;
    private final ScheduledExecutorService timer;

    public Retrier(ClientSettings.Retry settings, ScheduledExecutorService timer) {
        this.timer = timer;
        var backoff = IntervalFunction.ofExponentialRandomBackoff(
                settings.firstBackoff(), GROWTH, JITTER, settings.maxBackoff());
        retry = Retry.of(
                "tintype",
                RetryConfig.custom()
                        .maxAttempts(settings.maxAttempts())
                        .intervalBiFunction((attempt, outcome) -> Math.max(
                                backoff.apply(attempt), demandedDelay(outcome).toMillis()))
                        .retryOnException(e -> e instanceof CallFailure failure
                                && failure.reason().isTransient())
                        .failAfterMaxAttempts(false)
                        .build());
    }

    /** Runs attempts until one succeeds, one fails for good, or patience ends. Fails with {@link CallFailure}. */
    public <T> CompletableFuture<T> run(Op op, Supplier<CompletableFuture<T>> attempt) {
        try {
            return retry.executeCompletionStage(timer, () -> once(op, attempt)).toCompletableFuture();
        } catch (RejectedExecutionException closed) {
            return CompletableFuture.failedFuture(closed());
        }
    }

    private static <T> CompletableFuture<T> once(Op op, Supplier<CompletableFuture<T>> attempt) {
        if (op.isCancelled()) {
            return CompletableFuture.failedFuture(
                    finalOf(CallFailure.of(Reason.UNAVAILABLE, "cancelled by the caller")));
        }
        op.attempt();
        var result = new CompletableFuture<T>();
        CompletableFuture<T> running;
        try {
            running = attempt.get();
        } catch (RuntimeException e) {
            running = CompletableFuture.failedFuture(e);
        }
        var unused = running.whenComplete((value, thrown) -> {
            if (thrown == null) {
                result.complete(value);
                return;
            }
            if (!CallFailure.isOne(thrown)) {
                result.completeExceptionally(CallFailure.unwrap(thrown));
                return;
            }
            var failure = CallFailure.of(thrown);
            var delay = failure.failure().retryAfter().orElse(Duration.ZERO);
            boolean timeIsUp = op.isCancelled() || op.remainingNanos() <= delay.toNanos();
            result.completeExceptionally(timeIsUp ? finalOf(failure) : failure);
        });
        return result;
    }

    /** What made a run fail: a {@link CallFailure}, or whatever else an attempt threw. */
    public static Throwable unwrap(Throwable thrown) {
        Throwable cause = CallFailure.unwrap(thrown);
        return cause instanceof Final last && last.getCause() != null ? last.getCause() : cause;
    }

    /** A failure after which no attempt follows, whatever its reason. */
    public static RuntimeException finalOf(CallFailure failure) {
        return new Final(failure);
    }

    private static CallFailure closed() {
        return CallFailure.of(
                new TintypeException(Reason.UNAVAILABLE, "the client is closed; make a new one", Map.of(), null, null));
    }

    private static Duration demandedDelay(Either<Throwable, Object> outcome) {
        return outcome.isLeft() && outcome.getLeft() instanceof CallFailure failure
                ? failure.failure().retryAfter().orElse(Duration.ZERO)
                : Duration.ZERO;
    }

    private static final class Final extends RuntimeException {
        private static final long serialVersionUID = 1;

        Final(CallFailure failure) {
            super(failure.getMessage(), failure, false, false);
        }
    }
}
