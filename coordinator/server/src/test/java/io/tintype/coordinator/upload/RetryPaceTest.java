// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.upload;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

final class RetryPaceTest {
    private static final long SECOND = 1_000_000_000;

    private final AtomicLong now = new AtomicLong();
    private final RetryPace pace = new RetryPace(now::get);

    /** All are refused for five minutes; each comes back when he is told to, or up to twice as late. Returns refusals after one. */
    private int refusedAfterTheFirstMinute(int clients, Random random) {
        var due = new PriorityQueue<Long>();
        for (int i = 0; i < clients; i++) {
            due.add((long) (random.nextDouble() * SECOND));
        }
        int late = 0;
        while (!due.isEmpty() && due.peek() < 300 * SECOND) {
            now.set(due.remove());
            late += now.get() > 60 * SECOND ? 1 : 0;
            due.add(now.get() + (long) (pace.refuse().toNanos() * (1 + random.nextDouble())));
        }
        return late;
    }

    @Test
    void thousandsComeBackNoOftenerThanCanBeBorne() {
        long seed = new Random().nextLong();
        int refused = refusedAfterTheFirstMinute(5_000, new Random(seed));
        assertThat(refused / 240).as("a second; seed %d", seed).isBetween(20, 3 * RetryPace.COMING_BACK);
    }

    @Test
    void aFewComeBackSoon() {
        for (int i = 0; i < 1_000; i++) {
            now.addAndGet(SECOND / 20);
            assertThat(pace.refuse()).isEqualTo(RetryPace.SHORTEST);
        }
    }

    @Test
    void afterACrowdItIsSoonAsBefore() {
        refusedAfterTheFirstMinute(20_000, new Random(1));
        assertThat(pace.refuse()).isGreaterThan(Duration.ofSeconds(5)).isLessThanOrEqualTo(RetryPace.LONGEST);
        for (int i = 0; i < 8; i++) {
            now.addAndGet(2 * SECOND);
            pace.refuse();
        }
        assertThat(pace.refuse()).isEqualTo(RetryPace.SHORTEST);
    }
}
