// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.move;

import io.tintype.model.ShardId;
import io.tintype.model.UserId;
import io.tintype.proto.internal.v1.OwnershipState;
import io.tintype.proto.internal.v1.StoredUser;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.BiPredicate;
import java.util.function.LongSupplier;

/**
 * For how long users have been frozen, as this process saw it: by its monotonic clock, from when it first came upon each.
 * The record says when, but by the log's clock, and that may be hours behind the wall clock or ahead of it: users would be
 * thawed before anybody could copy the rest, or stay frozen for hours.
 *
 * <p>Thread-safe; never blocks.
 */
final class FrozenTimes {
    private record Key(ShardId shard, UserId user) {}

    private record Since(long move, long nanos) {}

    private final LongSupplier nanoTime;
    private final Map<Key, Since> seen = new ConcurrentHashMap<>();

    /** @param nanoTime the monotonic clock */
    FrozenTimes(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
    }

    /** For how many milliseconds a user has been frozen for his move; 0: he is not, or this is the first look. */
    long millis(ShardId shard, UserId user, StoredUser here) {
        var key = new Key(shard, user);
        if (here.getState() != OwnershipState.OWNERSHIP_STATE_FROZEN) {
            seen.remove(key);
            return 0;
        }
        long now = nanoTime.getAsLong();
        var since = seen.compute(
                key, (same, was) -> was != null && was.move() == here.getMove() ? was : new Since(here.getMove(), now));
        return TimeUnit.NANOSECONDS.toMillis(now - since.nanos());
    }

    /** Forgets all but those who are still frozen: what becomes of users whose shard is led elsewhere, nobody looks at here. */
    void keepOnly(BiPredicate<ShardId, UserId> frozen) {
        seen.keySet().removeIf(key -> !frozen.test(key.shard(), key.user()));
    }
}
