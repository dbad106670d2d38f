// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * A pool and what it holds. Immutable.
 *
 * @param pool its rules
 * @param shards its shards, in order of id
 */
public record PoolDetail(PoolInfo pool, List<ShardFill> shards) {
    public PoolDetail {
        shards = List.copyOf(shards);
    }

    /**
     * One shard of a pool.
     *
     * @param shard the shard's id
     * @param error why its primary could not be asked; empty: it answered
     * @param users users it holds
     * @param usersLimit users it takes at most, as its primary has been told
     * @param blobs blobs it holds
     * @param bytes their bytes
     * @param copies its copies in other regions
     */
    public record ShardFill(
            int shard, String error, long users, int usersLimit, long blobs, long bytes, List<Copy> copies) {
        public ShardFill {
            copies = List.copyOf(copies);
        }
    }

    /**
     * A copy in another region.
     *
     * @param node the node
     * @param region the region it stands in
     * @param error why it, or its primary, could not be asked; empty: both answered
     * @param lagRecords records it has yet to apply of those its primary has; 0 where one of them could not be asked
     * @param asOf every write that was acknowledged before is in this copy; empty: not known
     */
    public record Copy(String node, String region, String error, long lagRecords, Optional<Instant> asOf) {}
}
