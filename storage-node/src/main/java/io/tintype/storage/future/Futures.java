// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.future;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Small help with futures. Stateless. */
public final class Futures {
    private Futures() {}

    /**
     * Begins something, and turns what it throws at once into a future that failed: an error too, for whoever waits has something to
     * give back then.
     */
    public static <T> CompletableFuture<T> begin(Supplier<CompletableFuture<T>> step) {
        try {
            return step.get();
        } catch (RuntimeException | Error e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    /** What a future failed with, to be thrown on. */
    public static RuntimeException unchecked(@Nullable Throwable failure) {
        if (failure == null) {
            return new IllegalStateException("a future ended with neither a value nor a failure");
        }
        Throwable cause = failure;
        while (cause instanceof CompletionException && cause.getCause() != null) {
            cause = cause.getCause();
        }
        return cause instanceof RuntimeException e ? e : new CompletionException(cause);
    }

    /** Throws what a future failed with, if it did. */
    public static void rethrow(@Nullable Throwable failure) {
        if (failure != null) {
            throw unchecked(failure);
        }
    }
}
