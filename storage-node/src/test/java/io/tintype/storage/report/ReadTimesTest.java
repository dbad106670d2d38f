// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

final class ReadTimesTest {
    private final AtomicLong now = new AtomicLong(1);
    private final ReadTimes times = new ReadTimes(now::get);

    @Test
    void tellsTheTimeThatNinetyNineOfAHundredStayBelow() {
        for (int i = 1; i <= 1_000; i++) {
            times.record(Duration.ofMillis(i).toNanos());
        }
        assertThat((double) times.p99Micros()).isBetween(990_000.0, 990_000.0 * 1.13);
    }

    @Test
    void saysNothingOfTooFewAndForgetsWhatIsOld() {
        for (int i = 0; i < 19; i++) {
            times.record(1_000_000);
        }
        assertThat(times.p99Micros()).isZero();
        times.record(1_000_000);
        assertThat(times.p99Micros()).isBetween(1_000L, 1_130L);
        now.addAndGet(Duration.ofSeconds(11).toNanos());
        assertThat(times.p99Micros()).as("the former ten seconds count").isBetween(1_000L, 1_130L);
        now.addAndGet(Duration.ofSeconds(25).toNanos());
        assertThat(times.p99Micros()).isZero();
    }

    @Test
    void oneSlowCallAmongFewTellsNothingAndTwoDo() {
        for (int i = 0; i < 39; i++) {
            times.record(1_000_000);
        }
        times.record(50_000_000);
        assertThat(times.p99Micros()).isBetween(1_000L, 1_130L);
        times.record(40_000_000);
        assertThat(times.p99Micros()).isBetween(40_000L, 45_200L);
    }

    @Test
    void tellsOnceOfWhatWasSlowInTheTimeThatIsOver() {
        for (int i = 0; i < 98; i++) {
            times.record(1_000_000);
        }
        times.record(20_000_000);
        times.record(30_000_000);
        assertThat(times.recent(5_000)).as("it is not over").isEqualTo(new ReadTimes.Recent(0, 0));
        now.addAndGet(Duration.ofSeconds(2).toNanos());
        assertThat(times.recent(5_000)).isEqualTo(new ReadTimes.Recent(100, 2));
        assertThat(times.recent(25_000)).isEqualTo(new ReadTimes.Recent(100, 1));
        times.record(1_000_000);
        now.addAndGet(Duration.ofSeconds(2).toNanos());
        assertThat(times.recent(5_000))
                .as("who asks every two seconds is told of what passes once")
                .isEqualTo(new ReadTimes.Recent(1, 0));
    }
}
