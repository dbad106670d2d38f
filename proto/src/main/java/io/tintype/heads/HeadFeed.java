// SPDX-License-Identifier: Apache-2.0
package io.tintype.heads;

import java.util.List;

/**
 * One shard's feed on its way into a cache: notices gaps. Not thread-safe: messages of a feed come one at a time.
 *
 * <p>A feed that misses something, or whose shard has got another primary, drops all heads of the shard, and goes on from
 * where it is. So does one that ends ({@link #lost}); a later one may ask to begin {@link #sequence} later, and where the
 * server still can, nothing more is dropped.
 */
public final class HeadFeed {
    private final HeadCache<?> cache;
    private final int shard;
    private long epoch;
    private long sequence;

    /** A feed that has heard nothing yet. */
    public HeadFeed(HeadCache<?> cache, int shard) {
        this.cache = cache;
        this.shard = shard;
    }

    /** The shard. */
    public int shard() {
        return shard;
    }

    /** The epoch of the last message; 0: there was none. */
    public long epoch() {
        return epoch;
    }

    /** All changes up to this place in the shard's log are known; 0: nothing is. */
    public long sequence() {
        return sequence;
    }

    /**
     * Takes a message in.
     *
     * @param now the epoch of the primary that sends
     * @param after the message tells all changes behind this place in the log ...
     * @param upTo ... up to this one, both included in what is known from now on
     * @param changes in order of the log
     * @return whether it joined on to the one before; if not, the shard's heads were dropped
     */
    public boolean take(long now, long after, long upTo, List<HeadChange> changes) {
        boolean continuous = now == epoch && after == sequence && upTo >= after;
        // The changes first: what a dropped head showed must not come back by a late fill.
        for (var change : changes) {
            if (change instanceof HeadChange.OfBlob blob) {
                cache.changed(blob.key(), blob.version());
            } else if (change instanceof HeadChange.OfUser user) {
                cache.dropUser(user.user());
            }
        }
        if (!continuous) {
            cache.drop(shard);
        }
        epoch = now;
        sequence = upTo;
        return continuous;
    }

    /** The stream broke: from now on changes may be missed. */
    public void lost() {
        cache.drop(shard);
    }
}
