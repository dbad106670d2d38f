// SPDX-License-Identifier: Apache-2.0
package io.tintype.heads.feed;

import io.grpc.ClientCall;
import io.grpc.Context;
import io.grpc.Metadata;
import io.grpc.Status;
import io.tintype.heads.HeadCache;
import io.tintype.heads.HeadFeed;
import io.tintype.proto.v1.WatchHeadsRequest;
import io.tintype.proto.v1.WatchHeadsResponse;
import io.tintype.wire.HeadMessages;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * Watches the heads of the shards that a cache holds heads of, at their primaries: so it mostly forgets within milliseconds what
 * was replaced, and not only when a lease is over. Thread-safe; never blocks.
 *
 * <p>A bounded number of shards is watched; of others leases end by time alone. A watch that nobody has wanted for {@link #IDLE} is
 * given up. One that breaks makes the cache forget the shard, and is taken up again after a wait that doubles.
 */
public final class HeadFeeds implements AutoCloseable {
    /** After how long a watch that nobody wants is given up. */
    public static final Duration IDLE = Duration.ofMinutes(1);

    private static final int MOST_DOUBLINGS = 20;

    private final HeadCache<?> heads;
    private final Bounds bounds;
    private final Surroundings surroundings;
    private final ConcurrentHashMap<Integer, Feed> feeds = new ConcurrentHashMap<>();
    private volatile boolean closed;

    /**
     * What feeds keep within.
     *
     * @param feeds most shards watched
     * @param firstPause the wait before a broken feed is taken up again; doubles with each failure in a row
     * @param longestPause the longest such wait
     */
    public record Bounds(int feeds, Duration firstPause, Duration longestPause) {}

    /** What feeds need of the process they are in. Thread-safe; never blocks. */
    public interface Surroundings {
        /** Address of who leads a shard; empty while that is not known. */
        Optional<String> primary(int shard);

        /** A call of {@code WatchHeads} to an address, not started. */
        ClientCall<WatchHeadsRequest, WatchHeadsResponse> call(String address);

        /** Runs a task after some time, or never where the process ends. */
        void after(long nanos, Runnable task);

        /** A feed broke: whoever was asked may lead no more. */
        default void broke(int shard, String address, Status status, Metadata trailers) {}
    }

    /** Watches nothing yet. */
    public HeadFeeds(HeadCache<?> heads, Bounds bounds, Surroundings surroundings) {
        this.heads = heads;
        this.bounds = bounds;
        this.surroundings = surroundings;
    }

    /** Heads of a shard are held: watches it from now on, if it is not watched already and there is room. */
    public void want(int shard) {
        if (shard <= 0 || closed) {
            return;
        }
        var feed = feeds.get(shard);
        if (feed != null) {
            feed.wantedNanos = System.nanoTime();
        } else if (feeds.size() < bounds.feeds()) {
            var mine = new Feed(shard);
            if (feeds.putIfAbsent(shard, mine) == null) {
                mine.connect();
            }
        }
    }

    /** Shards whose changes arrive now. */
    public long connected() {
        return feeds.values().stream().filter(Feed::isJoined).count();
    }

    @Override
    public void close() {
        closed = true;
        feeds.values().forEach(Feed::end);
        feeds.clear();
    }

    private final class Feed {
        private final int shard;
        private final HeadFeed feed;
        private volatile long wantedNanos = System.nanoTime();
        private @Nullable Watch watch; // guarded by this
        private boolean joined; // guarded by this
        private int failures; // guarded by this

        Feed(int shard) {
            this.shard = shard;
            this.feed = new HeadFeed(heads, shard);
        }

        void connect() {
            if (closed || isIdle()) {
                feeds.remove(shard, this);
                return;
            }
            try {
                if (!watches()) {
                    again();
                }
            } catch (RuntimeException
                    | Error e) { // of no concern to whoever reads; and nobody else would take it up again
                end();
                again();
            }
        }

        /** Whether who leads is known, and watched now. */
        private boolean watches() {
            var address = surroundings.primary(shard);
            if (address.isEmpty()) {
                return false;
            }
            Watch next;
            WatchHeadsRequest request;
            synchronized (this) {
                if (closed || watch != null) {
                    return true;
                }
                next = new Watch(this, address.get());
                watch = next;
                request = HeadMessages.goOn(feed);
            }
            next.begin(request);
            return true;
        }

        synchronized boolean isJoined() {
            return joined;
        }

        synchronized void take(Watch from, WatchHeadsResponse message) {
            if (from == watch) {
                failures = 0;
                HeadMessages.take(feed, message);
                joined = true;
            }
        }

        void ended(Watch from, Status status, Metadata trailers) {
            synchronized (this) {
                if (from != watch) {
                    return;
                }
                watch = null;
                joined = false;
                feed.lost();
            }
            surroundings.broke(shard, from.address, status, trailers);
            again();
        }

        private void again() {
            int count;
            synchronized (this) {
                count = failures++;
            }
            long longest = bounds.longestPause().toNanos();
            long doubled = bounds.firstPause().toNanos() << Math.min(count, MOST_DOUBLINGS);
            long pause = doubled <= 0 ? longest : Math.min(doubled, longest);
            try {
                surroundings.after(pause / 2 + ThreadLocalRandom.current().nextLong(pause / 2 + 1), this::connect);
            } catch (RuntimeException | Error e) { // whoever wants it next begins anew
                feeds.remove(shard, this);
            }
        }

        /** Nobody wants it for long: whoever watches for nothing costs the node memory. */
        boolean isIdle() {
            return System.nanoTime() - wantedNanos > IDLE.toNanos();
        }

        void end() {
            Watch last;
            synchronized (this) {
                last = watch;
                watch = null;
                joined = false;
                feed.lost();
            }
            if (last != null) {
                last.call.cancel("nobody wants it any more", null);
            }
        }
    }

    private final class Watch extends ClientCall.Listener<WatchHeadsResponse> {
        private final Feed feed;
        private final String address;
        private final ClientCall<WatchHeadsRequest, WatchHeadsResponse> call;

        Watch(Feed feed, String address) {
            this.feed = feed;
            this.address = address;
            call = surroundings.call(address);
        }

        void begin(WatchHeadsRequest request) {
            Context.ROOT.run(
                    () -> { // whoever read first does not end it by going away
                        call.start(this, new Metadata());
                        call.request(1);
                        call.sendMessage(request);
                        call.halfClose();
                    });
        }

        @Override
        public void onMessage(WatchHeadsResponse message) {
            feed.take(this, message);
            if (feed.isIdle()) {
                feeds.remove(feed.shard, feed);
                feed.end();
            } else {
                call.request(1);
            }
        }

        @Override
        public void onClose(Status status, Metadata trailers) {
            feed.ended(this, status, trailers);
        }
    }
}
