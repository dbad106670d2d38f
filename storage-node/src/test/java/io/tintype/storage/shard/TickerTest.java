// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.storage.replica.Restfulness;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class TickerTest {
    private final Ticker ticker = new Ticker();
    private final List<Long> told = new ArrayList<>();
    private boolean awake;
    private final List<Ticker.Ticked> replicas = List.of(
            tick -> {
                told.add(tick);
                return awake;
            },
            tick -> false);

    private List<Long> toldOf(int ticks) {
        told.clear();
        for (int i = 0; i < ticks; i++) {
            ticker.tick(replicas);
        }
        return told;
    }

    @Test
    void whileAllRestTheyAreToldOfTheTicksThatMayConcernThem() {
        assertThat(toldOf(3 * Restfulness.TICKS_AT_REST))
                .containsExactly(0L, (long) Restfulness.TICKS_AT_REST, 2L * Restfulness.TICKS_AT_REST);
    }

    @Test
    void asLongAsOneDoesNotRestAllAreToldOfEach() {
        awake = true;
        assertThat(toldOf(12)).hasSize(12);
        awake = false;
        toldOf(1);
        assertThat(toldOf(2 * Restfulness.TICKS_AT_REST)).hasSize(2);
    }

    @Test
    void oneThatStirsIsToldOfTheNextTick() {
        toldOf(1);
        assertThat(toldOf(1)).isEmpty();
        awake = true;
        ticker.stirred();
        assertThat(toldOf(3)).containsExactly(2L, 3L, 4L);
    }
}
