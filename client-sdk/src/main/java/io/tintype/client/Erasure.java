// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * How far the erasure of a user is, and what it found. Immutable.
 *
 * @param begun when it began
 * @param erased when nothing was left on any shard; empty: something is
 * @param idRefusedUntil from when on his id may be registered anew; empty: not known yet
 * @param found what the shards had when it began; at most 64
 * @param replicas every replica that has something of him now, and every node that could not be asked
 * @param caches once no shard has anything of him: the coordinators that were told to forget him
 * @param keyGone whether there is no key of his any more, so that nothing that was sealed can be read wherever copies of it lie
 */
public record Erasure(
        Instant begun,
        Optional<Instant> erased,
        Optional<Instant> idRefusedUntil,
        List<Shard> found,
        List<Replica> replicas,
        List<Cache> caches,
        boolean keyGone) {
    public Erasure {
        caches = List.copyOf(caches);
        found = List.copyOf(found);
        replicas = List.copyOf(replicas);
    }

    /** Whether nothing is left on any shard, on no replica that could be asked, and in no cache. */
    public boolean isDone() {
        return erased.isPresent()
                && caches.stream().allMatch(cache -> cache.error().isEmpty())
                && replicas.stream().noneMatch(replica -> replica.named() || replica.bytes());
    }

    /**
     * What a shard had.
     *
     * @param shard the shard
     * @param what {@code home}, {@code source} or {@code target} of a move, {@code left} behind by one, {@code refused}
     * @param blobs his blobs there
     * @param bytes their bytes
     */
    public record Shard(int shard, String what, long blobs, long bytes) {}

    /**
     * What a replica has still.
     *
     * @param node the node
     * @param region its region
     * @param shard the shard; 0: the node could not be asked
     * @param named whether blobs, or the shard's record of him, are there still
     * @param bytes whether bytes are there still that wait to be collected
     * @param error why it could not be asked; empty: it answered
     */
    public record Replica(String node, String region, int shard, boolean named, boolean bytes, String error) {}

    /**
     * A coordinator that was told to forget him.
     *
     * @param coordinator the coordinator
     * @param region its region
     * @param error why it is not known to have forgotten him; empty: it has
     */
    public record Cache(String coordinator, String region, String error) {}
}
