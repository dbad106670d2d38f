// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.retrieval;

import com.google.common.util.concurrent.MoreExecutors;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.tintype.cluster.channel.ChannelSource;
import io.tintype.heads.feed.HeadFeeds;
import io.tintype.model.ShardId;
import io.tintype.proto.v1.BlobRetrievalGrpc;
import io.tintype.proto.v1.WatchHeadsRequest;
import io.tintype.proto.v1.WatchHeadsResponse;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/** Feeds of heads in a coordinator, which hears from ZooKeeper who leads. Thread-safe; never blocks. */
final class FeedSurroundings implements HeadFeeds.Surroundings {
    /** 4,096 shards at most; a broken feed is taken up again after 50 ms to 3.2 s. */
    static final HeadFeeds.Bounds BOUNDS = new HeadFeeds.Bounds(4_096, Duration.ofMillis(50), Duration.ofMillis(3_200));

    private final Function<ShardId, Optional<String>> primaries;
    private final ChannelSource channels;

    /** @param primaries addresses of who leads a shard; empty while that is not known */
    FeedSurroundings(Function<ShardId, Optional<String>> primaries, ChannelSource channels) {
        this.primaries = primaries;
        this.channels = channels;
    }

    @Override
    public Optional<String> primary(int shard) {
        return primaries.apply(new ShardId(shard));
    }

    @Override
    public ClientCall<WatchHeadsRequest, WatchHeadsResponse> call(String address) {
        return channels.to(address)
                .newCall(
                        BlobRetrievalGrpc.getWatchHeadsMethod(),
                        CallOptions.DEFAULT.withExecutor(MoreExecutors.directExecutor()));
    }

    @Override
    public void after(long nanos, Runnable task) {
        CompletableFuture.delayedExecutor(nanos, TimeUnit.NANOSECONDS, MoreExecutors.directExecutor())
                .execute(task);
    }
}
