// SPDX-License-Identifier: Apache-2.0
package io.tintype.heads;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.model.Limits;
import io.tintype.model.Version;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

final class LeaseClockTest {
    private static final HeadKey CAT = new HeadKey("alice", "cat.jpg");
    private static final long HOUR_MS = 3_600_000;

    private long nanos = Long.MAX_VALUE - 1_000_000_000L; // nanoTime may wrap around
    private long wallMillis = 1_790_000_000_000L;
    private final Deque<Runnable> amidLooks = new ArrayDeque<>();
    private final LeaseClock clock = new LeaseClock(() -> nanos, this::wall);

    private long wall() {
        long seen = wallMillis;
        var meanwhile = amidLooks.poll();
        if (meanwhile != null) {
            meanwhile.run();
        }
        return seen;
    }

    private void pass(long ms) {
        nanos += TimeUnit.MILLISECONDS.toNanos(ms);
        wallMillis += ms;
    }

    private long millisSince(long then) {
        return TimeUnit.NANOSECONDS.toMillis(clock.getAsLong() - then);
    }

    @Test
    void aLeaseEndsWhileTheMachineIsSuspended() {
        var cache = new HeadCache<>(HeadLimits.of(1 << 20), clock, String::length);
        cache.begin(CAT).found(7, new Version(1, 1), "one", 0);
        long anyAge = clock.getAsLong() - Limits.HEAD_LEASE.toNanos();
        assertThat(cache.find(CAT, anyAge)).isPresent();
        wallMillis += Limits.HEAD_LEASE.toMillis(); // the other clock stood still
        assertThat(cache.find(CAT, anyAge)).isEmpty();
    }

    @Test
    void timeSuspendedCountsOnceAndForAllLooksAfter() {
        long then = clock.getAsLong();
        pass(1_000);
        wallMillis += HOUR_MS;
        assertThat(millisSince(then)).isEqualTo(HOUR_MS + 1_000);
        pass(1_000);
        assertThat(millisSince(then)).isEqualTo(HOUR_MS + 2_000);
        wallMillis += HOUR_MS;
        pass(1_000);
        assertThat(millisSince(then)).isEqualTo(2 * HOUR_MS + 3_000);
    }

    @Test
    void aWallClockSetBackChangesNothingAndHidesNoSleepAfter() {
        long then = clock.getAsLong();
        wallMillis -= 3 * HOUR_MS;
        pass(1_000);
        assertThat(millisSince(then)).isEqualTo(1_000);
        wallMillis += HOUR_MS;
        assertThat(millisSince(then)).isEqualTo(HOUR_MS + 1_000);
    }

    @Test
    void clocksThatPartSlowlyAreFollowedToWithinTheGap() {
        long then = clock.getAsLong();
        for (int second = 1; second <= 1_000; second++) {
            pass(1_000);
            wallMillis += 1; // a thousandth too fast
            assertThat(millisSince(then)).isBetween(second * 1_000L, second * 1_001L);
        }
        assertThat(millisSince(then)).isGreaterThan(1_000_000 + 1_000 - LeaseClock.MAX_GAP_MS - 1);
        long slow = clock.getAsLong();
        for (int second = 1; second <= 1_000; second++) {
            pass(1_000);
            wallMillis -= 1;
            assertThat(millisSince(slow)).isEqualTo(second * 1_000L);
        }
    }

    @Test
    void whoIsHeldUpAmidItsLooksTakesThatForNoSleep() {
        long then = clock.getAsLong();
        amidLooks.add(() -> pass(500));
        clock.getAsLong();
        assertThat(millisSince(then)).isEqualTo(500);
        pass(10);
        assertThat(millisSince(then)).isEqualTo(510);
    }

    @Test
    void aSleepAmidTheLooksIsSeenByTheNext() {
        long then = clock.getAsLong();
        amidLooks.add(() -> wallMillis += HOUR_MS);
        clock.getAsLong();
        assertThat(millisSince(then)).isEqualTo(HOUR_MS);
    }

    @Test
    void whateverTheClocksDoItNeverGoesBackNorSlowerThanTheMonotonicOne() {
        for (long seed = 0; seed < 200; seed++) {
            var random = new SplittableRandom(seed);
            long last = clock.getAsLong();
            for (int i = 0; i < 100; i++) {
                long passes = random.nextLong(100);
                pass(passes);
                wallMillis += random.nextInt(4) == 0 ? random.nextLong(-HOUR_MS, HOUR_MS) : 0;
                if (random.nextInt(4) == 0) {
                    amidLooks.add(() -> pass(random.nextLong(100)));
                }
                long now = clock.getAsLong();
                assertThat(Duration.ofNanos(now - last))
                        .as("seed %d", seed)
                        .isGreaterThanOrEqualTo(Duration.ofMillis(passes));
                last = now;
            }
        }
    }
}
