// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.move;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.model.ShardId;
import io.tintype.model.UserId;
import io.tintype.proto.internal.v1.OwnershipState;
import io.tintype.proto.internal.v1.StoredUser;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** How long somebody has been frozen is told by one clock, whatever the log's says. */
final class FrozenTimesTest {
    private static final ShardId SHARD = new ShardId(1);
    private static final UserId ALICE = UserId.of("alice");
    private static final long HOUR_MS = Duration.ofHours(1).toMillis();

    private final AtomicLong nanos = new AtomicLong(-5);
    private final FrozenTimes times = new FrozenTimes(nanos::get);

    private static StoredUser frozen(long move, long sinceMs) {
        return StoredUser.newBuilder()
                .setState(OwnershipState.OWNERSHIP_STATE_FROZEN)
                .setMove(move)
                .setSinceMs(sinceMs)
                .build();
    }

    private void pass(long millis) {
        nanos.addAndGet(Duration.ofMillis(millis).toNanos());
    }

    @Test
    void aLogWhoseClockIsBehindOrAheadMakesNobodyFrozenForLongerOrShorter() {
        for (long since : new long[] {
            System.currentTimeMillis() - HOUR_MS, System.currentTimeMillis(), System.currentTimeMillis() + HOUR_MS
        }) {
            var user = UserId.of("user-" + since);
            assertThat(times.millis(SHARD, user, frozen(7, since))).isZero();
            pass(2_001);
            assertThat(times.millis(SHARD, user, frozen(7, since))).isEqualTo(2_001);
        }
    }

    @Test
    void anotherMoveBeginsAfresh() {
        assertThat(times.millis(SHARD, ALICE, frozen(7, 1))).isZero();
        pass(10);
        assertThat(times.millis(SHARD, ALICE, frozen(8, 1)))
                .as("of the next move")
                .isZero();
        pass(10);
        assertThat(times.millis(SHARD, ALICE, StoredUser.getDefaultInstance()))
                .as("thawed")
                .isZero();
        assertThat(times.millis(SHARD, ALICE, frozen(8, 1))).isZero();
    }

    @Test
    void whoIsNotFrozenAnyMoreIsForgotten() {
        var bob = UserId.of("bob");
        assertThat(times.millis(SHARD, ALICE, frozen(7, 1))).isZero();
        assertThat(times.millis(SHARD, bob, frozen(7, 1))).isZero();
        pass(10);
        times.keepOnly((shard, user) -> shard.equals(SHARD) && user.equals(bob));
        assertThat(times.millis(SHARD, ALICE, frozen(7, 1))).isZero();
        assertThat(times.millis(SHARD, bob, frozen(7, 1))).isEqualTo(10);
    }
}
