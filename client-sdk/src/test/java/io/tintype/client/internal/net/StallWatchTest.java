// SPDX-License-Identifier: Apache-2.0
package io.tintype.client.internal.net;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Transfers that stand still are ended, one as the other. */
final class StallWatchTest {
    private static final Duration PATIENCE = Duration.ofMillis(50);

    /** A transfer that has waited for ever; what is done about it is done here. */
    private record Still(CompletableFuture<Duration> told, Runnable then) implements StallWatch.Watched {
        Still(Runnable then) {
            this(new CompletableFuture<>(), then);
        }

        @Override
        public long waitingSinceNanos() {
            return System.nanoTime() - Duration.ofHours(1).toNanos();
        }

        @Override
        public void stalled(Duration timeout) {
            told.complete(timeout);
            then.run();
        }
    }

    @Test
    void oneThatCannotBeEndedIsNotTheLast() throws Exception {
        try (var threads = new ClientThreads()) {
            var stalls = new StallWatch(PATIENCE, threads);
            var stubborn = new Still(() -> {
                throw new NoClassDefFoundError("on purpose");
            });
            stalls.add(stubborn);
            assertThat(stubborn.told.get(60, TimeUnit.SECONDS)).isEqualTo(PATIENCE);

            var next = new Still(() -> {});
            stalls.add(next);
            assertThat(next.told.get(60, TimeUnit.SECONDS)).isEqualTo(PATIENCE);
        }
    }
}
