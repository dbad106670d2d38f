// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * Every place that holds something of a user. Immutable.
 *
 * @param user the user and his home
 * @param pinned whether his pool is pinned to its region
 * @param toShard the shard he is being moved to, if he is
 * @param places replicas of his home first, those of the directory last
 * @param caches caches of coordinators that keep bytes of him, and coordinators that could not be asked
 */
public record UserLocation(
        UserInfo user, boolean pinned, Optional<Integer> toShard, List<Place> places, List<CachePlace> caches) {
    public UserLocation {
        places = List.copyOf(places);
        caches = List.copyOf(caches);
    }

    /**
     * A cache that keeps bytes of him.
     *
     * @param coordinator the coordinator
     * @param region region it stands in
     * @param layer {@code memory} or {@code disk}; empty: it could not be asked
     * @param pieces pieces of at most 1 MiB; on disk, at most so many
     * @param bytes their bytes; on disk, at most so many
     * @param error why it could not be asked; empty: it answered
     */
    public record CachePlace(String coordinator, String region, String layer, long pieces, long bytes, String error) {}

    /**
     * A replica that holds something of him.
     *
     * @param node the node
     * @param region region it stands in
     * @param zone zone within the region
     * @param shard the shard; 0: the node could not be asked
     * @param holds what the shard is to him: {@code home}, {@code source} or {@code target} of a move, {@code left} behind by
     *     one, {@code refused}, {@code directory}, or {@code nothing} (bytes that are to be collected)
     * @param role {@code primary}, {@code in-sync}, {@code behind} or {@code observer}
     * @param blobs his blobs there, as far as the replica has come
     * @param bytes their bytes
     * @param since since when a copy is left behind, or a move has been under way there
     * @param error why it could not be asked; empty: it answered
     */
    public record Place(
            String node,
            String region,
            String zone,
            int shard,
            String holds,
            String role,
            long blobs,
            long bytes,
            Optional<Instant> since,
            String error) {}
}
