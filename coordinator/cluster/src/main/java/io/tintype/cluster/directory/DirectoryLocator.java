// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.directory;

import io.tintype.model.ShardId;
import io.tintype.model.UserId;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Finds whom to ask about a user. Thread-safe; never blocks. Answers are hints. */
public interface DirectoryLocator {
    /**
     * The directory shard of a user and where a replica of it takes calls of peers.
     *
     * @param shard the directory shard
     * @param peerAddress host:port of the replica's peer port
     */
    record Place(ShardId shard, String peerAddress) {}

    /**
     * Finds the primary.
     *
     * @param afresh true: what was found before has turned out wrong; look anew
     * @return fails with {@link io.tintype.model.TintypeException} UNAVAILABLE while there is no directory yet, NO_PRIMARY
     *     while nobody leads the shard
     */
    CompletableFuture<Place> locate(UserId user, boolean afresh);

    /**
     * Where all replicas of the user's directory shard take calls of peers, as far as that is known; empty where there is but
     * one, or only its primary is ever looked for.
     */
    default List<Place> replicas(UserId user) {
        return List.of();
    }
}
