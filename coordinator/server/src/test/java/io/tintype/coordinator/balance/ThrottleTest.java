// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.balance;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class ThrottleTest {
    private static final long LIMIT = 32L << 20;

    @Test
    void halvesWhenReadersFeelItAndComesBackInSteps() {
        var throttle = new Throttle(LIMIT);
        for (int i = 0; i < 20; i++) {
            throttle.felt(false, 10_000);
        }
        throttle.felt(true, 12_000);
        assertThat(throttle.rate()).isEqualTo(LIMIT);
        throttle.felt(true, 30_000);
        assertThat(throttle.rate()).as("once may be a lead that is handed over").isEqualTo(LIMIT);
        throttle.felt(true, 30_000);
        assertThat(throttle.rate()).isEqualTo(LIMIT / 2);
        throttle.felt(true, 30_000);
        assertThat(throttle.rate())
                .as("what readers report may reach back to before the pace was halved")
                .isEqualTo(LIMIT / 2);
        throttle.felt(true, 30_000);
        assertThat(throttle.rate()).isEqualTo(LIMIT / 4);
        throttle.felt(true, 10_000);
        assertThat(throttle.rate()).isEqualTo(LIMIT / 4 + LIMIT / 8);
        throttle.felt(true, 30_000);
        throttle.felt(true, 10_000);
        throttle.felt(true, 30_000);
        assertThat(throttle.rate()).as("never twice in a row").isEqualTo(LIMIT / 4 + LIMIT / 8 * 2);
        for (int i = 0; i < 100; i++) {
            throttle.felt(true, 90_000);
        }
        assertThat(throttle.rate()).as("something must get on").isEqualTo(Throttle.LEAST);
        throttle.felt(false, 10_000);
        assertThat(throttle.rate()).isEqualTo(LIMIT);
    }

    @Test
    void goesAtFullPaceWhereNobodyReads() {
        var throttle = new Throttle(LIMIT);
        throttle.felt(true, 0);
        assertThat(throttle.rate()).isEqualTo(LIMIT);
    }
}
