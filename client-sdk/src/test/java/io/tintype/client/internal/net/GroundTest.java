// SPDX-License-Identifier: Apache-2.0
package io.tintype.client.internal.net;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class GroundTest {
    private final Ground ground = new Ground(0);

    @Test
    void bytesSentAgainAreProgressUntilTheAttemptFails() {
        ground.begin();
        ground.covered(10, 1);
        ground.lost();
        assertThat(ground.lastGainedNanos()).isEqualTo(1);

        ground.begin();
        ground.covered(9, 5);
        assertThat(ground.lastGainedNanos()).isEqualTo(5);
        ground.lost();
        assertThat(ground.lastGainedNanos()).isEqualTo(1);
    }

    @Test
    void anAttemptThatComesFurtherGainsByAllOfItsLast() {
        ground.begin();
        ground.covered(10, 1);
        ground.lost();

        ground.begin();
        ground.covered(10, 5);
        ground.covered(1, 6);
        ground.lost();
        assertThat(ground.lastGainedNanos()).isEqualTo(6);
    }

    @Test
    void whatGoesOnAfterABreakGainsFromTheFirstByte() {
        ground.begin();
        ground.covered(10, 1); // opened, and some of it read
        ground.begin(); // opened again behind it
        ground.lost();
        assertThat(ground.lastGainedNanos()).isEqualTo(1);

        ground.begin();
        ground.covered(3, 9);
        assertThat(ground.lastGainedNanos()).isEqualTo(9);
        ground.begin();
        ground.lost();
        assertThat(ground.lastGainedNanos()).isEqualTo(9);
    }
}
