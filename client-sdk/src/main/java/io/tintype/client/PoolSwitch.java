// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * What it does to a pool's shards that another region serves it. Immutable.
 *
 * @param before the rules before
 * @param after the rules after
 * @param changed whether it was done, or only told
 * @param shards what it does to each shard, those of the directory that belong to the pool included, in order of id
 */
public record PoolSwitch(PoolInfo before, PoolInfo after, boolean changed, List<Shard> shards) {
    public PoolSwitch {
        shards = List.copyOf(shards);
    }

    /** How a shard comes to be led in the other region. */
    public enum Way {
        /** It is led there already. */
        THERE,
        /** Its primary hands it over once the replicas there are in sync; nothing is lost. */
        HAND_OVER,
        /** Its primary cannot be asked: the copy there leads from now on as it is. */
        FORCE,
        /** There is no copy there that could lead. */
        NONE
    }

    /**
     * One shard.
     *
     * @param shard its id
     * @param directory whether it is one of the directory
     * @param way how it comes to be led there
     * @param node the node whose replica is to lead it; empty: not known yet
     * @param asOf every write that was acknowledged before is in that replica; empty: not known
     * @param lastSequence FORCE: last record in that replica's log
     * @param lagRecords HAND_OVER: records that replica has yet to apply
     * @param error why it is not done; empty: it is, or is under way
     */
    public record Shard(
            int shard,
            boolean directory,
            Way way,
            String node,
            Optional<Instant> asOf,
            long lastSequence,
            long lagRecords,
            String error) {}

    /** Whether acknowledged writes may be lost by it. */
    public boolean mayLose() {
        return shards.stream().anyMatch(shard -> shard.way() == Way.FORCE);
    }

    /** Whether each shard is led there, or about to be. */
    public boolean isWhole() {
        return shards.stream().allMatch(shard -> shard.error().isEmpty());
    }
}
