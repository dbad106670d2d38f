// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.tintype.model.TintypeException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What stands still is given up, whatever becomes of others. */
@Timeout(60)
final class StallsTest {
    private static final Duration LIMIT = Duration.ofMillis(8);

    /** Has not moved for ever. */
    private static final class Standing implements Stalls.Transfer {
        final AtomicInteger told = new AtomicInteger();
        private final int failures;

        Standing(int failures) {
            this.failures = failures;
        }

        @Override
        public long movedAtNanos() {
            return 0;
        }

        @Override
        public void giveUp(TintypeException failure) {
            if (told.incrementAndGet() <= failures) {
                throw new IllegalStateException("call already closed");
            }
        }

        @Override
        public boolean isUpload() {
            return false;
        }
    }

    @Test
    void oneThatCannotBeGivenUpKeepsNobodyElseAndIsTriedAgain() {
        try (var stalls = new Stalls(LIMIT, () -> LIMIT.toNanos() * 2)) {
            var broken = new Standing(2);
            stalls.watch(broken);
            await("the first try").until(() -> broken.told.get() >= 1);
            var later = new Standing(0);
            stalls.watch(later);

            await("the one that came later").until(() -> later.told.get() == 1);
            await("the broken one").until(() -> stalls.givenUp() == 2);
            assertThat(broken.told).hasValue(3);
        }
    }
}
