// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** Whoever waits hears of the end, whatever is thrown on the way to him. */
final class FuturesTest {
    private final Error error = new NoClassDefFoundError("on purpose");

    private final CompletableFuture<String> work = new CompletableFuture<>();

    @Test
    void whatCannotBeShapedFails() {
        var shaped = Futures.map(work, value -> {
            throw error;
        });
        work.complete("done");
        assertThat(failureOf(shaped)).isSameAs(error);
    }

    @Test
    void whatCannotBeLookedAtFails() {
        var observed = Futures.observed(
                work,
                value -> {
                    throw error;
                },
                failure -> {});
        work.complete("done");
        assertThat(failureOf(observed)).isSameAs(error);
    }

    @Test
    void aFailureThatCannotBeLookedAtIsAFailure() {
        var observed = Futures.observed(work, value -> {}, failure -> {
            throw error;
        });
        work.completeExceptionally(new IllegalStateException("first"));
        assertThat(failureOf(observed)).isSameAs(error);
    }

    private static Throwable failureOf(CompletableFuture<?> future) {
        assertThat(future).isDone();
        return future.<Throwable>handle((value, thrown) -> thrown == null ? new AssertionError("none") : thrown)
                .join();
    }
}
