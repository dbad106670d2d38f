// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import java.util.List;

/**
 * What a change of a pool does, or would do. Immutable.
 *
 * @param before the rules before
 * @param after the rules after
 * @param changed whether they were stored
 * @param shards what it does to each shard, in order of id; those it does nothing to are left out
 * @param usersOverQuota users who have more than they may have by the new rules, on shards that answered
 */
public record PoolEffect(
        PoolInfo before, PoolInfo after, boolean changed, List<ShardEffect> shards, long usersOverQuota) {
    public PoolEffect {
        shards = List.copyOf(shards);
    }

    /** Whether the change is refused unless limits may fall below what is used. */
    public boolean isOverLimit() {
        return usersOverQuota > 0
                || shards.stream().anyMatch(shard -> shard.usersOverLimit() > 0 || shard.bytesOverLimit() > 0);
    }

    /** The shards of which nobody knows what they hold, since they did not answer. */
    public List<ShardEffect> unanswered() {
        return shards.stream().filter(shard -> !shard.error().isEmpty()).toList();
    }

    /**
     * What it does to a shard.
     *
     * @param shard the shard's id
     * @param added nodes that get a replica
     * @param removed nodes that lose theirs, once the others have everything
     * @param bytes bytes each of the added replicas copies
     * @param usersOverLimit users it holds beyond the new limit
     * @param bytesOverLimit bytes it holds beyond the new limit
     * @param error why it did not say what it holds; empty: it did, or it does not matter
     */
    public record ShardEffect(
            int shard,
            List<String> added,
            List<String> removed,
            long bytes,
            long usersOverLimit,
            long bytesOverLimit,
            String error) {
        public ShardEffect {
            added = List.copyOf(added);
            removed = List.copyOf(removed);
        }
    }
}
