// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** Whoever waits hears of the end, whatever is thrown on the way to him. */
final class FuturesTest {
    private static final Error ERROR = new NoClassDefFoundError("on purpose");

    private final CompletableFuture<String> work = new CompletableFuture<>();

    @Test
    void whatCannotBeShapedFails() {
        var shaped = Futures.map(work, value -> {
            throw ERROR;
        });
        work.complete("done");
        assertThat(failureOf(shaped)).isSameAs(ERROR);
    }

    @Test
    void whatCannotBeLookedAtFails() {
        var observed = Futures.observed(
                work,
                value -> {
                    throw ERROR;
                },
                failure -> {});
        work.complete("done");
        assertThat(failureOf(observed)).isSameAs(ERROR);
    }

    @Test
    void aFailureThatCannotBeLookedAtIsAFailure() {
        var observed = Futures.observed(work, value -> {}, failure -> {
            throw ERROR;
        });
        work.completeExceptionally(new IllegalStateException("first"));
        assertThat(failureOf(observed)).isSameAs(ERROR);
    }

    private static Throwable failureOf(CompletableFuture<?> future) {
        assertThat(future).isDone();
        return future.<Throwable>handle((value, thrown) -> thrown == null ? new AssertionError("none") : thrown)
                .join();
    }
}
