// SPDX-License-Identifier: Apache-2.0
package io.tintype.heads;

/**
 * What a {@link HeadCache} did since it was made. Immutable.
 *
 * @param hits finds that a running lease answered, absent ones included
 * @param misses all other finds
 * @param kept fills that were kept
 * @param refused fills that came too late to be kept: something newer was known, or their lease was over
 * @param changes changes that a feed or an own write told
 * @param drops times that all heads of a shard were dropped
 * @param evictions entries pushed out because of the weight
 * @param entries entries now held
 * @param weight bytes now held, overhead included
 */
public record HeadStats(
        long hits,
        long misses,
        long kept,
        long refused,
        long changes,
        long drops,
        long evictions,
        long entries,
        long weight) {}
