// SPDX-License-Identifier: Apache-2.0
package io.tintype.client.internal.net;

import io.github.resilience4j.core.functions.Either;
import io.github.resilience4j.retry.Retry;
import io.github.resilience4j.retry.RetryConfig;
import io.tintype.model.Reason;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Repeats attempts that failed for a passing reason: bounded in number and in time, with exponential backoff and jitter, or
 * after the delay that the server asked for. Thread-safe.
 *
 * <p>Whether an attempt may be repeated at all is said by the failure: {@link CallFailure} of a {@link
 * Reason#isTransient transient} reason may, and DISK_FULL where the server says that room is found within {@link
 * #ROOM_SOON}; anything else may not.
 */
public final class Retrier {
    /** A node without room that hands its shards over says so by a delay no longer than this. */
    private static final Duration ROOM_SOON = Duration.ofSeconds(2);

    private final Retry retry;
    private final ScheduledExecutorService timer;
    private final UnderWay underWay;

    /** @param underWay ends runs that wait for their next attempt when the client is closed */
    public Retrier(ClientSettings.Retry settings, ScheduledExecutorService timer, UnderWay underWay) {
        this.timer = timer;
        this.underWay = underWay;
        var pauses = new Pauses(settings);
        retry = Retry.of(
                "tintype",
                RetryConfig.custom()
                        .maxAttempts(settings.maxAttempts())
                        .intervalBiFunction((attempt, outcome) -> pauses.afterMs(attempt, failureOf(outcome)))
                        .retryOnException(e -> e instanceof CallFailure failure && mayBeRepeated(failure))
                        .failAfterMaxAttempts(false)
                        .build());
    }

    private static boolean mayBeRepeated(CallFailure failure) {
        return failure.reason().isTransient()
                || (failure.reason() == Reason.DISK_FULL
                        && failure.failure()
                                .retryAfter()
                                .filter(delay -> delay.compareTo(ROOM_SOON) <= 0)
                                .isPresent());
    }

    /** Runs attempts until one succeeds, one fails for good, or patience ends. Fails with {@link CallFailure}. */
    public <T> CompletableFuture<T> run(Op op, Supplier<CompletableFuture<T>> attempt) {
        if (underWay.isClosed()) {
            return CompletableFuture.failedFuture(UnderWay.closedFailure());
        }
        try {
            var run = retry.executeCompletionStage(timer, new Attempts<>(op, attempt));
            return underWay.until(op, run.toCompletableFuture());
        } catch (RejectedExecutionException closed) {
            return CompletableFuture.failedFuture(UnderWay.closedFailure());
        }
    }

    /** The attempts of one run, one after the other. */
    private static final class Attempts<T> implements Supplier<CompletionStage<T>> {
        private final Op op;
        private final Supplier<CompletableFuture<T>> attempt;
        private volatile @Nullable CallFailure last;

        Attempts(Op op, Supplier<CompletableFuture<T>> attempt) {
            this.op = op;
            this.attempt = attempt;
        }

        @Override
        public CompletionStage<T> get() {
            var before = last;
            if (op.isCancelled()) {
                return CompletableFuture.failedFuture(
                        finalOf(CallFailure.of(Reason.UNAVAILABLE, "cancelled by the caller")));
            }
            if (before != null && op.remainingNanos() <= 0) {
                // Time ran out while waiting for this attempt: what failed before says more than a missed deadline.
                return CompletableFuture.failedFuture(finalOf(before));
            }
            op.attempt();
            var result = new CompletableFuture<T>();
            var unused = running().whenComplete((value, thrown) -> {
                if (thrown == null) {
                    result.complete(value);
                } else {
                    result.completeExceptionally(outcome(thrown));
                }
            });
            return result;
        }

        private CompletableFuture<T> running() {
            try {
                return attempt.get();
            } catch (RuntimeException | Error e) { // on the timer's thread nobody else would tell who waits
                return CompletableFuture.failedFuture(e);
            }
        }

        private Throwable outcome(Throwable thrown) {
            op.attemptFailed();
            if (!CallFailure.isOne(thrown)) {
                return CallFailure.unwrap(thrown);
            }
            var failure = saysMore(CallFailure.of(thrown), last);
            last = failure;
            var delay = failure.failure().retryAfter().orElse(Duration.ZERO);
            boolean over = op.isCancelled() || op.isTooOldToRepeat() || op.remainingNanos() <= delay.toNanos();
            return over ? finalOf(failure) : failure;
        }

        /** Where time ran out during an attempt, that is what a server said before. */
        private CallFailure saysMore(CallFailure failure, @Nullable CallFailure before) {
            boolean missed = failure.isUnreachable() && op.remainingNanos() <= 0;
            return missed && before != null && before.origin() == CallFailure.Origin.SERVER ? before : failure;
        }
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

    private static @Nullable CallFailure failureOf(Either<Throwable, Object> outcome) {
        return outcome.isLeft() && outcome.getLeft() instanceof CallFailure failure ? failure : null;
    }

    private static final class Final extends RuntimeException {
        private static final long serialVersionUID = 1;

        Final(CallFailure failure) {
            super(failure.getMessage(), failure, false, false);
        }
    }
}
