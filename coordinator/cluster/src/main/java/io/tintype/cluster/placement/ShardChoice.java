// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.placement;

import io.tintype.model.ShardId;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * Chooses the shard of a new user: of two shards with room, drawn at random, the one with less by users, bytes and calls
 * together. Pure but for the given randomness.
 *
 * <p>Two choices instead of the best of all, because many coordinators choose at once on figures that are a little old:
 * all of them would pick the same best one (Mitzenmacher, "How useful is old information?", 2000).
 */
public final class ShardChoice {
    /** Where no shard is asked more often in a second, calls hardly count: chance would decide. */
    static final double FEW_CALLS = 100;

    private ShardChoice() {}

    /**
     * What is known of a shard.
     *
     * @param shard the shard
     * @param users users it holds, as last heard
     * @param limit users it takes at most
     * @param bytes bytes of their blobs, as last heard
     * @param bytesLimit bytes beyond which it is given no more users; 0: no limit
     * @param calls reads and writes a second, as last heard
     */
    public record ShardLoad(ShardId shard, long users, long limit, long bytes, long bytesLimit, double calls) {
        /** A shard of a pool without a limit of bytes, of whose bytes and calls nothing is known. */
        public ShardLoad(ShardId shard, long users, long limit) {
            this(shard, users, limit, 0, 0, 0);
        }

        /** Whether it may be given another user. */
        public boolean hasRoom() {
            return users < limit && (bytesLimit == 0 || bytes < bytesLimit);
        }

        /** Three shares: of its limits, and where there is none, of what the shard with the most has. */
        private double load(long mostBytes, double mostCalls) {
            long room = bytesLimit == 0 ? Math.max(1, mostBytes) : bytesLimit;
            return (double) users / limit + (double) bytes / room + calls / Math.max(FEW_CALLS, mostCalls);
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
        double mostCalls = withRoom.stream().mapToDouble(ShardLoad::calls).max().orElse(0);
        return Optional.of(
                other.load(mostBytes, mostCalls) < one.load(mostBytes, mostCalls) ? other.shard() : one.shard());
    }
}
