// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.retrieval;

import com.google.common.util.concurrent.MoreExecutors;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Context;
import io.grpc.Metadata;
import io.grpc.Status;
import io.tintype.cluster.channel.ChannelSource;
import io.tintype.heads.HeadCache;
import io.tintype.heads.HeadFeed;
import io.tintype.model.ShardId;
import io.tintype.proto.v1.BlobRetrievalGrpc;
import io.tintype.proto.v1.WatchHeadsRequest;
import io.tintype.proto.v1.WatchHeadsResponse;
import io.tintype.wire.HeadMessages;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Watches, at their primaries, the shards of which this coordinator holds heads. What it is told voids leases early; what it
 * is not told costs freshness within the lease, and never more. Thread-safe; never blocks.
 *
 * <p>At most {@link #MAX_FEEDS} shards are watched; of others leases end by time alone. A watch that nobody has wanted for {@link
 * #IDLE} is given up. One that breaks has the shard's heads forgotten, and is taken up again after a wait that doubles.
 */
final class HeadFeeds implements AutoCloseable {
    /** Most shards watched. */
    static final int MAX_FEEDS = 4_096;

    /** After how long a watch that nobody wants is given up. */
    static final Duration IDLE = Duration.ofMinutes(1);

    private static final long FIRST_PAUSE_MS = 50;
    private static final int DOUBLINGS = 6;

    private final HeadCache<?> heads;
    private final Function<ShardId, Optional<String>> primaries;
    private final ChannelSource channels;
    private final ConcurrentHashMap<Integer, Feed> feeds = new ConcurrentHashMap<>();
    private volatile boolean closed;

    /**
     * Watches nothing yet.
     *
     * @param primaries addresses of who leads a shard; empty while that is not known
     */
    HeadFeeds(HeadCache<?> heads, Function<ShardId, Optional<String>> primaries, ChannelSource channels) {
        this.heads = heads;
        this.primaries = primaries;
        this.channels = channels;
    }

    /** Heads of a shard are held: watches it from now on, if it is not watched already and there is room. */
    void want(ShardId shard) {
        if (closed) {
            return;
        }
        var feed = feeds.get(shard.value());
        if (feed != null) {
            feed.wantedNanos = System.nanoTime();
        } else if (feeds.size() < MAX_FEEDS) {
            var mine = new Feed(shard);
            if (feeds.putIfAbsent(shard.value(), mine) == null) {
                mine.connect();
            }
        }
    }

    /** Shards whose changes arrive now. */
    long connected() {
        return feeds.values().stream().filter(Feed::isJoined).count();
    }

    @Override
    public void close() {
        closed = true;
        feeds.values().forEach(Feed::end);
        feeds.clear();
    }

    private final class Feed {
        private final ShardId shard;
        private final HeadFeed feed;
        private volatile long wantedNanos = System.nanoTime();
        private @Nullable Watch watch; // guarded by this
        private boolean joined; // guarded by this
        private int failures; // guarded by this

        Feed(ShardId shard) {
            this.shard = shard;
            this.feed = new HeadFeed(heads, shard.value());
        }

        void connect() {
            if (closed || isIdle()) {
                feeds.remove(shard.value(), this);
                return;
            }
            var address = primaries.apply(shard);
            if (address.isEmpty()) {
                again();
                return;
            }
            Watch next;
            WatchHeadsRequest request;
            synchronized (this) {
                next = new Watch(this, address.get());
                watch = next;
                request = HeadMessages.goOn(feed);
            }
            next.begin(request);
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

        void ended(Watch from) {
            synchronized (this) {
                if (from != watch) {
                    return;
                }
                watch = null;
                joined = false;
                feed.lost();
            }
            again();
        }

        private void again() {
            int count;
            synchronized (this) {
                count = failures++;
            }
            long longest = FIRST_PAUSE_MS << Math.min(count, DOUBLINGS);
            long pause = longest / 2 + ThreadLocalRandom.current().nextLong(longest / 2 + 1);
            CompletableFuture.delayedExecutor(pause, TimeUnit.MILLISECONDS, MoreExecutors.directExecutor())
                    .execute(this::connect);
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
        private final ClientCall<WatchHeadsRequest, WatchHeadsResponse> call;

        Watch(Feed feed, String address) {
            this.feed = feed;
            call = channels.to(address)
                    .newCall(
                            BlobRetrievalGrpc.getWatchHeadsMethod(),
                            CallOptions.DEFAULT.withExecutor(MoreExecutors.directExecutor()));
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
                feeds.remove(feed.shard.value(), feed);
                feed.end();
            } else {
                call.request(1);
            }
        }

        @Override
        public void onClose(Status status, Metadata trailers) {
            feed.ended(this);
        }
    }
}
