// SPDX-License-Identifier: Apache-2.0
package io.tintype.client.internal.cache;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.Status;
import io.tintype.client.internal.net.CallFailure;
import io.tintype.client.internal.net.ChannelCache;
import io.tintype.client.internal.net.ClientSettings;
import io.tintype.client.internal.net.ClientThreads;
import io.tintype.client.internal.route.Primaries;
import io.tintype.heads.HeadCache;
import io.tintype.heads.HeadFeed;
import io.tintype.model.Reason;
import io.tintype.proto.v1.BlobRetrievalGrpc;
import io.tintype.proto.v1.WatchHeadsRequest;
import io.tintype.proto.v1.WatchHeadsResponse;
import io.tintype.wire.HeadMessages;
import java.time.Duration;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * Watches the heads of the shards that a cache holds heads of, at their primaries: so it mostly forgets within milliseconds what
 * was replaced, and not only when a lease is over. Thread-safe; never blocks.
 *
 * <p>At most {@link #MAX_FEEDS} shards are watched; of others leases end by time alone. A watch that nobody has wanted for {@link
 * #IDLE} is given up. One that breaks makes the cache forget the shard, and is taken up again after a wait that doubles.
 */
public final class HeadFeeds implements AutoCloseable {
    /** Most shards watched. */
    public static final int MAX_FEEDS = 256;

    /** After how long a watch that nobody wants is given up. */
    public static final Duration IDLE = Duration.ofMinutes(1);

    private final HeadCache<?> heads;
    private final Primaries primaries;
    private final ChannelCache channels;
    private final ClientThreads threads;
    private final ClientSettings.Retry backoff;
    private final ConcurrentHashMap<Integer, Feed> feeds = new ConcurrentHashMap<>();
    private volatile boolean closed;

    public HeadFeeds(
            HeadCache<?> heads,
            Primaries primaries,
            ChannelCache channels,
            ClientThreads threads,
            ClientSettings.Retry backoff) {
        this.heads = heads;
        this.primaries = primaries;
        this.channels = channels;
        this.threads = threads;
        this.backoff = backoff;
    }

    /** Heads of a shard are held: watches it from now on, if it is not watched already and there is room. */
    public void want(int shard) {
        if (shard <= 0 || closed) {
            return;
        }
        var feed = feeds.get(shard);
        if (feed != null) {
            feed.wantedNanos = System.nanoTime();
        } else if (feeds.size() < MAX_FEEDS) {
            var mine = new Feed(shard);
            if (feeds.putIfAbsent(shard, mine) == null) {
                mine.connect();
            }
        }
    }

    /** Shards whose changes arrive now. */
    public long connected() {
        return feeds.values().stream().filter(feed -> feed.joined).count();
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
        private volatile boolean joined;
        private @Nullable Watch watch; // guarded by this
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
            var leader = primaries.primary(shard);
            if (leader.isEmpty()) {
                again();
                return;
            }
            Watch next;
            WatchHeadsRequest request;
            synchronized (this) {
                next = new Watch(this, leader.get().address());
                watch = next;
                request = HeadMessages.goOn(feed);
            }
            next.begin(request);
        }

        synchronized void take(Watch from, WatchHeadsResponse message) {
            if (from == watch) {
                failures = 0;
                HeadMessages.take(feed, message);
                joined = true;
            }
        }

        void ended(Watch from, CallFailure failure) {
            synchronized (this) {
                if (from != watch) {
                    return;
                }
                watch = null;
                joined = false;
                feed.lost();
            }
            if (failure.reason() == Reason.NOT_PRIMARY) {
                primaries.learn(shard, failure.failure());
            } else if (failure.isUnreachable()) {
                primaries.forget(shard, from.address);
            }
            again();
        }

        private void again() {
            int count;
            synchronized (this) {
                count = failures++;
            }
            long doubled = backoff.firstBackoff().toNanos() << Math.min(count, 20);
            long longest = backoff.maxBackoff().toNanos();
            long delay = doubled <= 0 ? longest : Math.min(doubled, longest);
            threads.after(delay / 2 + ThreadLocalRandom.current().nextLong(delay / 2 + 1), this::connect);
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
            call = channels.to(address).newCall(BlobRetrievalGrpc.getWatchHeadsMethod(), CallOptions.DEFAULT);
        }

        void begin(WatchHeadsRequest request) {
            call.start(this, new Metadata());
            call.request(1);
            call.sendMessage(request);
            call.halfClose();
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
            feed.ended(this, CallFailure.of(status, trailers, true));
        }
    }
}
