// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

final class PacerTest {
    private static final long SECOND = 1_000_000_000L;

    private final AtomicLong now = new AtomicLong(Long.MAX_VALUE - SECOND); // the clock may run over
    private final Pacer pacer = new Pacer(1_000, now::get);

    @Test
    void whoTookSoManyBytesRestsAsLongAsTheyTake() {
        assertThat(pacer.took(500)).isEqualTo(SECOND / 2);
        assertThat(pacer.took(500)).as("those in front count too").isEqualTo(SECOND);
        now.addAndGet(SECOND);
        assertThat(pacer.took(100)).isEqualTo(SECOND / 10);
    }

    @Test
    void timeInWhichNobodyTookAnythingIsNotSavedUp() {
        now.addAndGet(100 * SECOND);
        assertThat(pacer.took(1_000)).as("but for a moment").isEqualTo(SECOND - Pacer.CATCH_UP_NANOS);
    }

    @Test
    void whoWorksAndRestsInTurnReachesThePace() {
        long began = now.get();
        for (int i = 0; i < 100; i++) {
            now.addAndGet(SECOND / 20); // the work takes 50 ms, and 100 bytes a tenth of a second
            now.addAndGet(pacer.took(100));
        }
        assertThat(now.get() - began).isBetween(10 * SECOND - Pacer.CATCH_UP_NANOS, 10 * SECOND);
    }

    @Test
    void nothingMovesAtNoSpeed() {
        assertThatThrownBy(() -> new Pacer(0, now::get)).isInstanceOf(IllegalArgumentException.class);
    }
}
