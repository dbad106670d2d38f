// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.placement;

import io.tintype.model.ShardId;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * Chooses the shard of a new user: of two shards with room, drawn at random, the emptier one. Pure but for the given
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
     */
    public record ShardLoad(ShardId shard, long users, long limit) {
        private boolean hasRoom() {
            return users < limit;
        }

        private double fill() {
            return (double) users / limit;
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
        return Optional.of(other.fill() < one.fill() ? other.shard() : one.shard());
    }
}
