// SPDX-License-Identifier: Apache-2.0
package io.tintype.client.internal.cache;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.Status;
import io.tintype.client.internal.net.CallFailure;
import io.tintype.client.internal.net.ChannelCache;
import io.tintype.client.internal.net.ClientThreads;
import io.tintype.client.internal.route.Primaries;
import io.tintype.heads.feed.HeadFeeds;
import io.tintype.model.Reason;
import io.tintype.proto.v1.BlobRetrievalGrpc;
import io.tintype.proto.v1.WatchHeadsRequest;
import io.tintype.proto.v1.WatchHeadsResponse;
import java.util.Optional;

/** Feeds of heads in a client: a feed that breaks also teaches who leads. Thread-safe; never blocks. */
public final class FeedSurroundings implements HeadFeeds.Surroundings {
    /** Most shards that a client watches. */
    public static final int MAX_FEEDS = 256;

    private final Primaries primaries;
    private final ChannelCache channels;
    private final ClientThreads threads;

    public FeedSurroundings(Primaries primaries, ChannelCache channels, ClientThreads threads) {
        this.primaries = primaries;
        this.channels = channels;
        this.threads = threads;
    }

    @Override
    public Optional<String> primary(int shard) {
        return primaries.primary(shard).map(Primaries.Leader::address);
    }

    @Override
    public ClientCall<WatchHeadsRequest, WatchHeadsResponse> call(String address) {
        return channels.to(address).newCall(BlobRetrievalGrpc.getWatchHeadsMethod(), CallOptions.DEFAULT);
    }

    @Override
    public void after(long nanos, Runnable task) {
        threads.after(nanos, task);
    }

    @Override
    public void broke(int shard, String address, Status status, Metadata trailers) {
        var failure = CallFailure.of(status, trailers, true);
        if (failure.reason() == Reason.NOT_PRIMARY) {
            var unused = primaries.learn(shard, failure.failure());
        } else if (failure.isUnreachable()) {
            primaries.forget(shard, address);
        }
    }
}
