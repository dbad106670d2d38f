// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.move;

import com.google.protobuf.ByteString;
import io.grpc.CallOptions;
import io.grpc.MethodDescriptor;
import io.tintype.cluster.channel.ChannelSource;
import io.tintype.cluster.channel.UnaryCalls;
import io.tintype.cluster.directory.ZnodeLocator;
import io.tintype.model.Reason;
import io.tintype.model.ShardId;
import io.tintype.model.UserId;
import io.tintype.proto.internal.v1.FreezeUserRequest;
import io.tintype.proto.internal.v1.FreezeUserResponse;
import io.tintype.proto.internal.v1.ReadChangesRequest;
import io.tintype.proto.internal.v1.ReadChangesResponse;
import io.tintype.proto.internal.v1.ReadHeadsRequest;
import io.tintype.proto.internal.v1.ReadHeadsResponse;
import io.tintype.proto.internal.v1.ReadOutcomesRequest;
import io.tintype.proto.internal.v1.ReadOutcomesResponse;
import io.tintype.proto.internal.v1.SettleUserRequest;
import io.tintype.proto.internal.v1.SettleUserResponse;
import io.tintype.proto.internal.v1.UserMovesGrpc;
import io.tintype.storage.future.Futures;
import io.tintype.wire.Errors;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/** Calls the primaries of other shards about users. Thread-safe; never blocks. */
final class Source {
    private static final Duration ONE_TRY = Duration.ofSeconds(5);
    private static final int TRIES = 4;
    private static final long PAUSE_MS = 30;

    private final ZnodeLocator locator;
    private final ChannelSource channels;
    private final String clusterId;

    Source(ZnodeLocator locator, ChannelSource channels, String clusterId) {
        this.locator = locator;
        this.channels = channels;
        this.clusterId = clusterId;
    }

    CompletableFuture<SettleUserResponse> settle(ShardId shard, UserId user) {
        var request = SettleUserRequest.newBuilder()
                .setClusterId(clusterId)
                .setShard(shard.value())
                .setUser(user.value())
                .build();
        return call(shard, UserMovesGrpc.getSettleUserMethod(), request);
    }

    CompletableFuture<FreezeUserResponse> freeze(ShardId shard, UserId user, long generation, long move, ShardId to) {
        var request = FreezeUserRequest.newBuilder()
                .setClusterId(clusterId)
                .setShard(shard.value())
                .setUser(user.value())
                .setGeneration(generation)
                .setMove(move)
                .setTo(to.value())
                .build();
        return call(shard, UserMovesGrpc.getFreezeUserMethod(), request);
    }

    CompletableFuture<ReadHeadsResponse> heads(ShardId shard, UserId user, String after) {
        var request = ReadHeadsRequest.newBuilder()
                .setClusterId(clusterId)
                .setShard(shard.value())
                .setUser(user.value())
                .setAfter(after)
                .build();
        return call(shard, UserMovesGrpc.getReadHeadsMethod(), request);
    }

    CompletableFuture<ReadOutcomesResponse> outcomes(ShardId shard, UserId user, ByteString after) {
        var request = ReadOutcomesRequest.newBuilder()
                .setClusterId(clusterId)
                .setShard(shard.value())
                .setUser(user.value())
                .setAfter(after)
                .build();
        return call(shard, UserMovesGrpc.getReadOutcomesMethod(), request);
    }

    CompletableFuture<ReadChangesResponse> changes(ShardId shard, UserId user, long after) {
        var request = ReadChangesRequest.newBuilder()
                .setClusterId(clusterId)
                .setShard(shard.value())
                .setUser(user.value())
                .setAfter(after)
                .build();
        return call(shard, UserMovesGrpc.getReadChangesMethod(), request);
    }

    private <Q, A> CompletableFuture<A> call(ShardId shard, MethodDescriptor<Q, A> method, Q request) {
        return attempt(
                afresh -> locator.locate(shard, afresh)
                        .thenCompose(place -> UnaryCalls.start(
                                channels.to(place.peerAddress()),
                                method,
                                CallOptions.DEFAULT.withDeadlineAfter(ONE_TRY.toMillis(), TimeUnit.MILLISECONDS),
                                request)),
                0);
    }

    /** Calls with false, and where that fails for a while, or came to the wrong node, again with true. */
    static <A> CompletableFuture<A> attempt(Function<Boolean, CompletableFuture<A>> call, int number) {
        return Futures.begin(() -> call.apply(number > 0)).exceptionallyCompose(failure -> {
            var cause = Errors.fromWire(failure);
            boolean again = cause.reason().isTransient() || cause.reason() == Reason.NOT_PRIMARY;
            if (!again || number + 1 >= TRIES) {
                return CompletableFuture.failedFuture(cause);
            }
            var pause = CompletableFuture.delayedExecutor(PAUSE_MS << number, TimeUnit.MILLISECONDS);
            return CompletableFuture.runAsync(() -> {}, pause).thenCompose(paused -> attempt(call, number + 1));
        });
    }
}
