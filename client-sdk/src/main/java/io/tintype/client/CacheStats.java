// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

/**
 * What the near cache did since the client was made. Immutable.
 *
 * @param hits reads answered with cached bytes after the cluster confirmed their version
 * @param misses reads whose bytes had to travel
 * @param evictions entries pushed out by others
 * @param savedBytes bytes that did not have to travel
 * @param entries entries now held
 * @param heldBytes bytes now held, overhead included
 */
public record CacheStats(long hits, long misses, long evictions, long savedBytes, long entries, long heldBytes) {}
