// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ReplicaTimingTest {
    private static final long MILLI = 1_000_000;

    @Test
    void theGrantOutlivesTheLeaseOnAnyTwoClocks() {
        var timing = ReplicaTiming.DEFAULT;
        assertThat(timing.grantNanos()).isEqualTo(2_200 * MILLI);
    }

    @ParameterizedTest
    @CsvSource({
        "400, 1500, 2000, 4500, 2200, four heartbeats",
        "250, 2000, 2000, 4500, 2200, below the lease",
        "250, 1500, 2000, 2200, 2200, grant must end",
        "250, 2400, 2500, 3000, 2400, compare-and-set",
        "250, 1900, 2000, 3100, 2200, compare-and-set",
        "250, 1500, 2000, 4500, 1000, without an ephemeral node",
    })
    void timesThatDoNotFitTogetherAreRefusedWithTheRelation(
            long heartbeat, long lag, long lease, long suspect, long gone, String relation) {
        assertThatThrownBy(() -> new ReplicaTiming(
                        heartbeat * MILLI, lag * MILLI, lease * MILLI, suspect * MILLI, gone * MILLI, 300 * MILLI))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(relation);
    }
}
