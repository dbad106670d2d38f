// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.control;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.cluster.placement.PoolRules;
import io.tintype.cluster.placement.Residency;
import io.tintype.cluster.placement.UserQuota;
import io.tintype.coordinator.control.Growth.Fill;
import io.tintype.model.PoolId;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** When a pool gets more shards. */
final class GrowthTest {
    @Test
    void aPoolGrowsBeforeItIsFull() {
        assertThat(Growth.wanted(pool(100, 0), shards(8, 80, 0), 20)).isZero();
        assertThat(Growth.wanted(pool(100, 0), shards(8, 81, 0), 20)).isEqualTo(2);
        assertThat(Growth.wanted(pool(100, 0), shards(2, 81, 0), 20)).isEqualTo(1);
        assertThat(Growth.wanted(pool(100, 0), shards(0, 0, 0), 20))
                .as("not placed yet")
                .isZero();
    }

    @Test
    void bytesCountAsMuchAsUsers() {
        assertThat(Growth.wanted(pool(100, 1_000), shards(8, 1, 800), 20)).isZero();
        assertThat(Growth.wanted(pool(100, 1_000), shards(8, 1, 801), 20)).isEqualTo(2);
        assertThat(Growth.wanted(pool(100, 0), shards(8, 1, Long.MAX_VALUE), 20))
                .isZero();
    }

    @Test
    void atZeroPercentItGrowsOnceThereIsNoRoomAtAll() {
        assertThat(Growth.wanted(pool(100, 0), shards(4, 99, 0), 0)).isZero();
        assertThat(Growth.wanted(pool(100, 0), shards(4, 100, 0), 0)).isEqualTo(1);
    }

    @Test
    void noMinuteSeesMoreThanItsAllowance() {
        var clock = new AtomicLong();
        var allowance = new Allowance(16, clock::get);
        allowance.take(10);
        clock.addAndGet(TimeUnit.SECONDS.toNanos(30));
        assertThat(allowance.left()).isEqualTo(6);
        allowance.take(6);
        assertThat(allowance.left()).isZero();
        clock.addAndGet(TimeUnit.SECONDS.toNanos(30));
        assertThat(allowance.left()).isEqualTo(10);
        clock.addAndGet(TimeUnit.SECONDS.toNanos(30));
        assertThat(allowance.left()).isEqualTo(16);
    }

    private static List<Fill> shards(int count, long users, long bytes) {
        return Collections.nCopies(count, new Fill(users, bytes));
    }

    private static PoolRules pool(int users, long bytes) {
        return new PoolRules(
                new PoolId("eu", "standard"),
                3,
                2,
                PoolRules.NodeRule.ANY,
                new PoolRules.Capacity(users, bytes, 4),
                UserQuota.NONE,
                Residency.PINNED,
                "",
                false);
    }
}
