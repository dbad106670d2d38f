// SPDX-License-Identifier: Apache-2.0
package io.tintype.client.internal.net;

import io.tintype.model.Reason;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Asks a second server when the first has been silent for a while, then a third, without giving up those asked before. The first
 * answer wins, the others are cancelled; a refusal that every server would give is an answer too. Where all that were asked
 * fail for a passing reason, the race fails as the first did. For one read; thread-safe.
 *
 * @param <T> the answer
 */
public final class Race<T> {
    private final Op op;
    private final ClientThreads threads;
    private final Duration patience;
    private final Supplier<@Nullable Running<T>> next;
    private final CompletableFuture<T> winner = new CompletableFuture<>();

    // Guarded by this.
    private final List<Running<T>> runners = new ArrayList<>();
    private int failed;
    private @Nullable Throwable firstFailure;

    /**
     * A server that was asked.
     *
     * @param answer what comes of it
     * @param cancel gives it up, saying why
     * @param slow is told when another one answered first
     */
    public record Running<T>(CompletableFuture<T> answer, Canceller cancel, Runnable slow) {}

    /** Gives a call up. */
    @FunctionalInterface
    public interface Canceller {
        /** Says why; later calls do nothing. */
        void cancel(String why);
    }

    /**
     * A race about to begin.
     *
     * @param patience how long a server may be silent before the next is asked as well
     * @param next asks another server; null: there is none left
     */
    public Race(Op op, ClientThreads threads, Duration patience, Supplier<@Nullable Running<T>> next) {
        this.op = op;
        this.threads = threads;
        this.patience = patience;
        this.next = next;
    }

    /** Begins with a server that was just asked. */
    public CompletableFuture<T> run(Running<T> first) {
        op.onCancel(() -> cancelAll("cancelled by the caller"));
        join(first);
        return winner;
    }

    private void join(Running<T> runner) {
        synchronized (this) {
            runners.add(runner);
        }
        var unused = runner.answer().whenComplete((value, thrown) -> finished(runner, value, thrown));
        if (!runner.answer().isDone()) {
            threads.after(patience.toNanos(), this::askNext);
        }
    }

    private void askNext() {
        if (winner.isDone() || op.isCancelled()) {
            return;
        }
        var another = next.get();
        if (another != null) {
            join(another);
        }
    }

    private void finished(Running<T> runner, T value, @Nullable Throwable thrown) {
        if (thrown == null) {
            if (winner.complete(value)) {
                others(runner).forEach(other -> {
                    if (!other.answer().isDone()) {
                        other.slow().run();
                    }
                    other.cancel().cancel("another server was faster");
                });
            } else {
                runner.cancel().cancel("another server was faster");
            }
            return;
        }
        Throwable end = isPassing(thrown) ? oneFailed(thrown) : thrown;
        if (end != null) {
            if (winner.completeExceptionally(end)) {
                others(runner).forEach(other -> other.cancel().cancel("another server refused"));
            }
        } else {
            askNext();
        }
    }

    /** The first failure where all have failed by now, else null. */
    private synchronized @Nullable Throwable oneFailed(Throwable thrown) {
        failed++;
        if (firstFailure == null) {
            firstFailure = thrown;
        }
        return failed == runners.size() ? firstFailure : null;
    }

    /** Whether another server may well answer; if not, this failure is the answer. */
    private static boolean isPassing(Throwable thrown) {
        if (!CallFailure.isOne(thrown)) {
            return false;
        }
        var reason = CallFailure.of(thrown).reason();
        return reason.isTransient() || reason == Reason.NOT_PRIMARY;
    }

    private synchronized List<Running<T>> others(Running<T> runner) {
        return runners.stream().filter(other -> !other.equals(runner)).toList();
    }

    private void cancelAll(String why) {
        List<Running<T>> all;
        synchronized (this) {
            all = List.copyOf(runners);
        }
        all.forEach(runner -> runner.cancel().cancel(why));
    }
}
