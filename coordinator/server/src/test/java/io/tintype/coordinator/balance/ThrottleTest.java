// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.balance;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class ThrottleTest {
    private static final long LIMIT = 32L << 20;

    private final Throttle throttle = new Throttle(LIMIT);

    @Test
    void halvesWhenReadersFeelItTwiceAndComesBackInSteps() {
        for (int i = 0; i < 20; i++) {
            throttle.rested(10_000);
        }
        assertThat(throttle.slowMicros()).isEqualTo(17_000);
        throttle.moved(1_000, 10);
        assertThat(throttle.rate()).as("no more than in quiet times").isEqualTo(LIMIT);
        throttle.moved(1_000, 11);
        assertThat(throttle.rate()).as("once may be a lead that is handed over").isEqualTo(LIMIT);
        throttle.moved(1_000, 11);
        assertThat(throttle.rate()).isEqualTo(LIMIT / 2);
        throttle.moved(1_000, 30);
        assertThat(throttle.rate())
                .as("what readers report may reach back to before the pace was halved")
                .isEqualTo(LIMIT / 2);
        throttle.moved(1_000, 30);
        assertThat(throttle.rate()).isEqualTo(LIMIT / 4);
        quickReads(3);
        throttle.moved(1_000, 0);
        assertThat(throttle.rate()).isEqualTo(LIMIT / 4 + LIMIT / 8);
        throttle.moved(1_000, 30);
        quickReads(1);
        throttle.moved(1_000, 0);
        throttle.moved(1_000, 30);
        assertThat(throttle.rate()).as("never twice in a row").isEqualTo(LIMIT / 4 + LIMIT / 8 * 2);
        for (int i = 0; i < 100; i++) {
            throttle.moved(1_000, 900);
        }
        assertThat(throttle.rate()).as("something must get on").isEqualTo(Throttle.LEAST);
        throttle.rested(10_000);
        assertThat(throttle.rate()).isEqualTo(LIMIT);
    }

    /** Nobody feels anything, and the pace stays as it is. */
    private void quickReads(int looks) {
        long before = throttle.rate();
        for (int i = 0; i < looks; i++) {
            throttle.moved(1_000, 0);
            assertThat(throttle.rate()).isEqualTo(before);
        }
    }

    /** A pace that is felt again as soon as it is raised: over the whole plan, one read of a hundred is to be slow. */
    @Test
    void oneReadOfAHundredIsSlowWhateverIsFeltAtThePlansPace() {
        throttle.rested(10_000);
        long slow = 0;
        int looks = 1_000;
        double copied = 0;
        for (int i = 0; i < looks; i++) {
            boolean felt = throttle.rate() > LIMIT * 5 / 8;
            throttle.moved(1_000, felt ? 50 : 0);
            slow += felt ? 50 : 0;
            copied += (double) throttle.rate() / LIMIT / looks;
        }
        assertThat(slow / (1_000.0 * looks)).as("part of slow reads").isLessThanOrEqualTo(0.0101);
        assertThat(copied).as("part of the limit").isBetween(0.3, 0.6);
    }

    /** Else a moment in which all was slow would hold the pace down for minutes. */
    @Test
    void whateverHappenedIsMadeUpForByTenLooks() {
        throttle.rested(10_000);
        for (int i = 0; i < 50; i++) {
            throttle.moved(1_000, 1_000);
        }
        assertThat(throttle.rate()).isEqualTo(Throttle.LEAST);
        for (int i = 0; i < 10; i++) {
            throttle.moved(1_000, 0);
        }
        assertThat(throttle.rate()).isGreaterThan(Throttle.LEAST);
    }

    @Test
    void twoSlowReadsAmongFewAreChance() {
        throttle.rested(10_000);
        for (int i = 0; i < 10; i++) {
            throttle.moved(20, 2);
        }
        assertThat(throttle.rate()).isEqualTo(LIMIT);
        throttle.moved(20, 3);
        throttle.moved(20, 3);
        assertThat(throttle.rate()).isEqualTo(LIMIT / 2);
    }

    @Test
    void goesAtFullPaceWhereNobodyReads() {
        throttle.moved(0, 0);
        throttle.moved(0, 0);
        assertThat(throttle.rate()).isEqualTo(LIMIT);
        assertThat(throttle.slowMicros()).as("nobody knows what is slow").isZero();
    }
}
