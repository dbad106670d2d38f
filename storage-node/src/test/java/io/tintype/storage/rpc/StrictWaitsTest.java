// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Strict removals are bounded from when they begin until they are answered, however they end. */
final class StrictWaitsTest {
    private final StrictWaits waits = new StrictWaits();
    private final List<CompletableFuture<String>> removals = new ArrayList<>();
    private final AtomicInteger begun = new AtomicInteger();

    private CompletableFuture<String> remove() {
        return waits.remove(() -> {
            begun.incrementAndGet();
            var removal = new CompletableFuture<String>();
            removals.add(removal);
            return removal;
        });
    }

    private void fill() {
        for (int i = removals.size(); i < StrictWaits.MOST; i++) {
            assertThat(remove()).isNotDone();
        }
    }

    private void assertFull() {
        int before = begun.get();
        assertThatThrownBy(this::remove)
                .isInstanceOfSatisfying(
                        TintypeException.class, e -> assertThat(e.reason()).isEqualTo(Reason.OVERLOADED));
        assertThat(begun).as("nothing was removed").hasValue(before);
    }

    @Test
    void thoseThatComeAtOnceCount() {
        fill();
        assertFull();
    }

    @Test
    void thoseThatWaitForLeasesToEndCount() {
        fill();
        removals.forEach(removal -> removal.complete("removed"));
        assertFull();
    }

    @Test
    void thoseThatFailCountNoMore() {
        for (int i = 0; i <= StrictWaits.MOST; i++) {
            var failed = waits.<String>remove(() -> {
                throw new OutOfMemoryError("on purpose");
            });
            assertThat(failed).isCompletedExceptionally();
        }
        fill();
        removals.get(0).completeExceptionally(new IllegalStateException("on purpose"));
        assertThat(remove()).isNotDone();
        assertFull();
    }
}
