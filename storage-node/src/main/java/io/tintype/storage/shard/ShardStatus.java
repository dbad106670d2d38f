// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import io.tintype.model.NodeId;
import io.tintype.model.PoolId;
import io.tintype.model.ShardId;
import io.tintype.storage.replica.ReplicaState;
import java.util.List;
import java.util.Optional;

/**
 * How a replica stands at some moment. Immutable.
 *
 * @param id the shard
 * @param directory whether it keeps directory entries instead of blobs
 * @param pool the pool it belongs to
 * @param rules what its pool allows its users, as far as it has been told
 * @param state what the replica is doing
 * @param serving it does its part: it leads, has applied everything that was ever acknowledged and can prove that nobody
 *     else leads; or it follows, hears its primary and applies what comes
 * @param epoch the highest epoch it knows
 * @param primary the node that leads, as far as it knows
 * @param inSync nodes that hold every acknowledged record, as far as it knows
 * @param minInSync how many of those a write needs
 * @param lastSeq last record of its log
 * @param committedSeq last record it knows to be committed
 * @param appliedSeq last record applied
 * @param failure why it failed, if it did
 */
public record ShardStatus(
        ShardId id,
        boolean directory,
        PoolId pool,
        ShardRules rules,
        ReplicaState state,
        boolean serving,
        long epoch,
        Optional<NodeId> primary,
        List<NodeId> inSync,
        int minInSync,
        long lastSeq,
        long committedSeq,
        long appliedSeq,
        Optional<String> failure) {

    /** Before anything is known. */
    static ShardStatus booting(ShardIdentity identity) {
        return new ShardStatus(
                identity.id(),
                identity.isDirectory(),
                identity.pool(),
                identity.rules(),
                ReplicaState.BOOTING,
                false,
                0,
                Optional.empty(),
                List.of(),
                0,
                0,
                0,
                0,
                Optional.empty());
    }

    /** Users it takes at most. */
    public int usersLimit() {
        return rules.usersLimit();
    }

    /** Whether the replica leads. */
    public boolean leads() {
        return state == ReplicaState.PRIMARY;
    }
}
