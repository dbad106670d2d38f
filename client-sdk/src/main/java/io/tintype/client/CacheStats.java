// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

/**
 * What the near cache did since the client was made. Immutable.
 *
 * @param hits reads answered with cached bytes
 * @param leaseHits those of the hits that asked nobody, because a lease ran still
 * @param misses reads whose bytes had to travel
 * @param evictions entries pushed out by others
 * @param savedBytes bytes that did not have to travel
 * @param entries entries now held
 * @param heldBytes bytes now held, overhead included
 * @param heads names of which it is now known which version is, or was, current
 * @param changes changes that made it forget a head: heard from feeds, or made by this client
 * @param feeds shards whose changes arrive now
 */
public record CacheStats(
        long hits,
        long leaseHits,
        long misses,
        long evictions,
        long savedBytes,
        long entries,
        long heldBytes,
        long heads,
        long changes,
        long feeds) {
    /** Of a client without a near cache. */
    static final CacheStats OFF = new CacheStats(0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
}
