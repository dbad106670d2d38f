// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import io.tintype.storage.replica.Now;
import org.jspecify.annotations.Nullable;

/**
 * The time that a shard's records carry, by which retries are forgotten, uploads given up and blobs expire: the wall clock's,
 * but never backwards, and never faster than {@value #FASTEST} times this process's monotonic clock since the newest record
 * came into the log here. So a wall clock that is set forward, or a new primary whose clock is ahead, does not age everything
 * at once: a retry some seconds old must find its outcome, which is kept for {@value #FASTEST} times as long as retries are
 * taken. A process that has just started, and cannot know how long it was away, goes by its wall clock or by ZooKeeper's,
 * whichever is behind: it takes two clocks that are set forward to age anything at once.
 *
 * <p>Records are made in the shard's loop alone; any thread may ask how far the clock is.
 */
final class LogClock {
    /** How much faster than time the log's clock may run, until it is where the wall clock is. */
    static final int FASTEST = 2;

    /** When the newest record came into the log, by its own time and by the monotonic clock. */
    private record Newest(long logTimeMs, long nanos) {}

    private volatile @Nullable Newest newest;

    /** A record came into the log, of this replica's making or another's. */
    void saw(long logTimeMs, Now now) {
        newest = new Newest(logTimeMs, now.nanos());
    }

    /**
     * The time of the record to make now, in milliseconds since 1970.
     *
     * @param lastMs that of the record in front of it
     * @param latestMs the latest that it can be by another clock ({@link Clock#latestMillis})
     */
    long next(long lastMs, Now now, long latestMs) {
        return Math.max(lastMs, Math.min(now.wallMillis(), latest(now, latestMs)));
    }

    /** The latest that a record made now can say, whatever the wall clock does; the same {@code latestMs}. */
    long latest(Now now, long latestMs) {
        var known = newest;
        return known == null ? latestMs : known.logTimeMs() + FASTEST * ((now.nanos() - known.nanos()) / 1_000_000);
    }
}
