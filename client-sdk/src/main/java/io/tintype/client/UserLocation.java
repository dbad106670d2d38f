// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import java.util.List;

/**
 * Every place that holds something of a user. Immutable.
 *
 * @param user the user and his home
 * @param pinned whether his pool is pinned to its region
 * @param places replicas of his shard, then those of the shard of the directory that has his entry
 */
public record UserLocation(UserInfo user, boolean pinned, List<Place> places) {
    public UserLocation {
        places = List.copyOf(places);
    }

    /**
     * A replica that holds something of him.
     *
     * @param node the node
     * @param region region it stands in
     * @param zone zone within the region
     * @param shard the shard
     * @param holds {@code blobs}, or {@code directory}: his id and where he lives
     * @param role {@code primary}, {@code voter}, {@code learner} or {@code observer}
     * @param state what the replica is doing; empty where it could not be asked
     * @param error why it could not be asked; empty: it answered
     * @param bytes bytes of his blobs, by his shard's primary; a replica that lags has as many as it has caught up with
     */
    public record Place(
            String node,
            String region,
            String zone,
            int shard,
            String holds,
            String role,
            String state,
            String error,
            long bytes) {}
}
