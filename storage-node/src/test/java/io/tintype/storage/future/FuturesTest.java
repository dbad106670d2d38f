// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.future;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

final class FuturesTest {
    @Test
    void whateverAStepThrowsWhoeverWaitsForItGivesBackWhatHeTook() {
        for (var thrown : new Throwable[] {new IllegalStateException("a step"), new LinkageError("a step")}) {
            var given = new AtomicBoolean();

            CompletableFuture<String> failed = Futures.<String>begin(() -> {
                        if (thrown instanceof Error e) {
                            throw e;
                        }
                        throw (RuntimeException) thrown;
                    })
                    .whenComplete((done, failure) -> given.set(true));

            assertThat(failed).isCompletedExceptionally();
            assertThat(failed.handle((done, failure) -> failure).join()).hasRootCause(thrown);
            assertThat(given).isTrue();
        }
    }
}
