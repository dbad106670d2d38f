// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.placement;

import io.tintype.model.ShardId;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * Chooses the shard of a new user: of two shards with room, drawn at random, the emptier one by
 * users and bytes together. Pure but for the given
 * randomness.
 *
 * <p>Two choices instead of the best of all, because many coordinators choose at once on figures that are a little old:
 * all of them would pick the same best one (Mitzenmacher, "How useful is old information?", 2000).
 */
public final class ShardChoice {
    private ShardChoice() {}

    /**
     * What is known of a shard.
     *
     * @param shard the shard
     * @param users users it holds, as last heard
     * @param limit users it takes at most
     * @param bytes bytes of their blobs, as last heard
     * @param bytesLimit bytes beyond which it is given no more users; 0: no limit
     */
    public record ShardLoad(ShardId shard, long users, long limit, long bytes, long bytesLimit) {
        /** A shard of a pool without a limit of bytes, of whose bytes nothing is known. */
        public ShardLoad(ShardId shard, long users, long limit) {
            this(shard, users, limit, 0, 0);
        }

        /** Whether it may be given another user. */
        public boolean hasRoom() {
            return users < limit && (bytesLimit == 0 || bytes < bytesLimit);
        }

        /** How full it is; where bytes have no limit, they are measured by those of the fullest shard. */
        private double fill(long mostBytes) {
            long room = bytesLimit == 0 ? Math.max(1, mostBytes) : bytesLimit;
            return (double) users / limit + (double) bytes / room;
        }
    }

    /** A shard with room; empty where none has any. */
    public static Optional<ShardId> choose(List<ShardLoad> shards, RandomGenerator random) {
        var withRoom = shards.stream().filter(ShardLoad::hasRoom).toList();
        if (withRoom.isEmpty()) {
            return Optional.empty();
        }
        var one = withRoom.get(random.nextInt(withRoom.size()));
        var other = withRoom.get(random.nextInt(withRoom.size()));
        long mostBytes = withRoom.stream().mapToLong(ShardLoad::bytes).max().orElse(0);
        return Optional.of(other.fill(mostBytes) < one.fill(mostBytes) ? other.shard() : one.shard());
    }
}
