// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import io.tintype.client.internal.net.CallingThread;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

/** Futures as applications see them: they fail with typed exceptions, and cancelling them cancels the work. Stateless. */
final class Futures {
    private static final Interrupted READ_INTERRUPTED = new Interrupted(Reason.UNAVAILABLE, "nothing was changed");
    private static final Interrupted CHANGE_INTERRUPTED =
            new Interrupted(Reason.OUTCOME_UNKNOWN, "the change may or may not be made");

    private Futures() {}

    /** The outcome of some work in another shape. */
    static <T, R> CompletableFuture<R> map(CompletableFuture<T> work, Function<? super T, ? extends R> shape) {
        var result = cancelling(() -> work.cancel(true));
        @SuppressWarnings("unchecked") // nobody has seen it yet
        var typed = (CompletableFuture<R>) result;
        var unused = work.whenComplete((value, thrown) -> {
            if (thrown != null) {
                typed.completeExceptionally(Typed.of(thrown));
                return;
            }
            try {
                typed.complete(shape.apply(value));
            } catch (RuntimeException | Error e) { // such as no memory for it: who waits is to hear of that
                typed.completeExceptionally(Typed.of(e));
            }
        });
        return typed;
    }

    /** The same outcome after it was looked at, or what looking at it threw; cancelling it cancels the work. */
    static <T> CompletableFuture<T> observed(
            CompletableFuture<T> work, Consumer<? super T> onValue, Consumer<? super Throwable> onFailure) {
        var result = Futures.<T>cancelling(() -> work.cancel(true));
        var unused = work.whenComplete((value, thrown) -> {
            try {
                if (thrown == null) {
                    onValue.accept(value);
                    result.complete(value);
                } else {
                    onFailure.accept(thrown);
                    result.completeExceptionally(thrown);
                }
            } catch (RuntimeException | Error e) {
                result.completeExceptionally(e);
            }
        });
        return result;
    }

    /** What follows from some work's outcome, as more work; cancelling it cancels whichever of the two is under way. */
    static <T, R> CompletableFuture<R> then(
            CompletableFuture<T> work, Function<? super T, ? extends CompletableFuture<R>> next) {
        var result = Futures.<R>cancelling(() -> work.cancel(true));
        var unused = work.thenCompose(value -> {
                    CompletableFuture<R> more = next.apply(value);
                    var unusedToo = result.whenComplete((ended, thrown) -> {
                        if (result.isCancelled()) {
                            more.cancel(true);
                        }
                    });
                    return more;
                })
                .whenComplete((value, thrown) -> {
                    if (thrown == null) {
                        result.complete(value);
                    } else {
                        result.completeExceptionally(thrown);
                    }
                });
        return result;
    }

    /** A future that tells when it is cancelled. */
    static <T> CompletableFuture<T> cancelling(Runnable onCancel) {
        return new CompletableFuture<>() {
            @Override
            public boolean cancel(boolean mayInterrupt) {
                boolean done = super.cancel(mayInterrupt);
                if (done) {
                    onCancel.run();
                }
                return done;
            }
        };
    }

    /** Starts work; what it throws at once becomes the future's failure. */
    static <T> CompletableFuture<T> start(Supplier<CompletableFuture<T>> work) {
        try {
            return work.get();
        } catch (RuntimeException e) {
            return CompletableFuture.failedFuture(Typed.of(e));
        }
    }

    /** Waits for a read. */
    static <T> T await(Future<T> work) {
        return await(work::get, work, READ_INTERRUPTED);
    }

    /** Waits for a read that this thread starts, and does here what its answer takes. */
    static <T> T await(Executor workers, Supplier<CompletableFuture<T>> work) {
        var here = new CallingThread(workers);
        var started = here.start(work);
        return await(() -> here.await(started), started, READ_INTERRUPTED);
    }

    /** Waits for a change. */
    static <T> T awaitChange(Future<T> work) {
        return await(work::get, work, CHANGE_INTERRUPTED);
    }

    /** Waits for a change that this thread starts, and does here what its answer takes. */
    static <T> T awaitChange(Executor workers, Supplier<CompletableFuture<T>> work) {
        var here = new CallingThread(workers);
        var started = here.start(work);
        return await(() -> here.await(started), started, CHANGE_INTERRUPTED);
    }

    private static <T> T await(Wait<T> wait, Future<T> work, Interrupted interrupted) {
        try {
            return wait.forResult();
        } catch (InterruptedException e) {
            work.cancel(true);
            Thread.currentThread().interrupt();
            throw Typed.of(new TintypeException(
                    interrupted.reason(), "interrupted while waiting for the cluster: " + interrupted.meaning()));
        } catch (ExecutionException e) {
            throw rethrow(e.getCause() == null ? e : e.getCause());
        }
    }

    private interface Wait<T> {
        T forResult() throws InterruptedException, ExecutionException;
    }

    /** What it means that nobody waited to the end. */
    private record Interrupted(Reason reason, String meaning) {}

    private static RuntimeException rethrow(Throwable cause) {
        if (cause instanceof TintypeException e) {
            // It was made on another thread; who called is more use to whoever reads the trace.
            e.fillInStackTrace();
            return e;
        }
        if (cause instanceof RuntimeException e) {
            return e;
        }
        if (cause instanceof Error e) {
            throw e;
        }
        return new IllegalStateException(cause);
    }
}
