// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.users;

import io.grpc.CallOptions;
import io.grpc.Deadline;
import io.grpc.MethodDescriptor;
import io.tintype.cluster.channel.ChannelSource;
import io.tintype.cluster.channel.GrpcLimits;
import io.tintype.cluster.channel.UnaryCalls;
import io.tintype.cluster.directory.Retries;
import io.tintype.cluster.map.Addresses;
import io.tintype.cluster.map.ClusterView;
import io.tintype.cluster.placement.UserQuota;
import io.tintype.model.Reason;
import io.tintype.model.ShardId;
import io.tintype.model.ShardInfo;
import io.tintype.model.TintypeException;
import io.tintype.model.UserId;
import io.tintype.proto.internal.v1.ClaimUserRequest;
import io.tintype.proto.internal.v1.ClaimUserResponse;
import io.tintype.proto.internal.v1.CountUsersOverRequest;
import io.tintype.proto.internal.v1.CountUsersOverResponse;
import io.tintype.proto.internal.v1.DescribeMoveRequest;
import io.tintype.proto.internal.v1.DescribeMoveResponse;
import io.tintype.proto.internal.v1.DescribeReplicaRequest;
import io.tintype.proto.internal.v1.DescribeReplicaResponse;
import io.tintype.proto.internal.v1.DirectoryGrpc;
import io.tintype.proto.internal.v1.EraseHereRequest;
import io.tintype.proto.internal.v1.EraseHereResponse;
import io.tintype.proto.internal.v1.GetUserUsageRequest;
import io.tintype.proto.internal.v1.GetUserUsageResponse;
import io.tintype.proto.internal.v1.HaltUserRequest;
import io.tintype.proto.internal.v1.HaltUserResponse;
import io.tintype.proto.internal.v1.ListMovesRequest;
import io.tintype.proto.internal.v1.ListMovesResponse;
import io.tintype.proto.internal.v1.ListShardUsersRequest;
import io.tintype.proto.internal.v1.ListShardUsersResponse;
import io.tintype.proto.internal.v1.ListStateRequest;
import io.tintype.proto.internal.v1.ListStateResponse;
import io.tintype.proto.internal.v1.ReplicationGrpc;
import io.tintype.proto.internal.v1.SetUserQuotaRequest;
import io.tintype.proto.internal.v1.SetUserQuotaResponse;
import io.tintype.proto.internal.v1.SettleUserRequest;
import io.tintype.proto.internal.v1.SettleUserResponse;
import io.tintype.proto.internal.v1.StoredUser;
import io.tintype.proto.internal.v1.UserDataGrpc;
import io.tintype.proto.internal.v1.UserMovesGrpc;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Asks the primaries of data shards what concerns users. Thread-safe; never blocks.
 */
public final class DataShards {
    private static final Duration ELECTION_RETRY = Duration.ofMillis(300);

    private final Supplier<ClusterView> view;
    private final ChannelSource channels;
    private final String clusterId;
    private final ShardLoads loads = new ShardLoads(this);

    /** Over parts that outlive this object. */
    public DataShards(Supplier<ClusterView> view, ChannelSource channels, String clusterId) {
        this.view = view;
        this.channels = channels;
        this.clusterId = clusterId;
    }

    /** Has a shard claim a user whom the directory sends there; yields the generation under which it owns him. */
    public CompletableFuture<Long> claim(UserId user, ShardId shard, Deadline deadline) {
        return call(
                        shard,
                        deadline,
                        DirectoryGrpc.getClaimUserMethod(),
                        ClaimUserRequest.newBuilder()
                                .setClusterId(clusterId)
                                .setShard(shard.value())
                                .setUser(user.value())
                                .build())
                .thenApply(ClaimUserResponse::getGeneration);
    }

    /** What a user has stored, by his shard's word. */
    public CompletableFuture<GetUserUsageResponse> usage(UserId user, ShardId shard, Deadline deadline) {
        return call(
                shard,
                deadline,
                DirectoryGrpc.getGetUserUsageMethod(),
                GetUserUsageRequest.newBuilder()
                        .setClusterId(clusterId)
                        .setShard(shard.value())
                        .setUser(user.value())
                        .build());
    }

    /** Has a shard look after a user who may be in a move; what it has of him then. */
    CompletableFuture<StoredUser> settle(UserId user, ShardId shard, Deadline deadline) {
        return call(
                        shard,
                        deadline,
                        UserMovesGrpc.getSettleUserMethod(),
                        SettleUserRequest.newBuilder()
                                .setClusterId(clusterId)
                                .setShard(shard.value())
                                .setUser(user.value())
                                .build())
                .thenApply(SettleUserResponse::getUser);
    }

    /** How far the target of a move is. */
    CompletableFuture<DescribeMoveResponse> describeMove(UserId user, ShardId target, Deadline deadline) {
        return call(
                target,
                deadline,
                UserMovesGrpc.getDescribeMoveMethod(),
                DescribeMoveRequest.newBuilder()
                        .setClusterId(clusterId)
                        .setShard(target.value())
                        .setUser(user.value())
                        .build());
    }

    /** Freezes a user, or lets him go on. */
    public CompletableFuture<HaltUserResponse> halt(UserId user, ShardId shard, boolean halted, Deadline deadline) {
        return call(
                shard,
                deadline,
                UserDataGrpc.getHaltUserMethod(),
                HaltUserRequest.newBuilder()
                        .setClusterId(clusterId)
                        .setShard(shard.value())
                        .setUser(user.value())
                        .setHalted(halted)
                        .build());
    }

    /** Has a shard remove what it has of a user who is erased; whether nothing is left there. */
    CompletableFuture<Boolean> erase(UserId user, ShardId shard, Deadline deadline) {
        return call(
                        shard,
                        deadline,
                        UserMovesGrpc.getEraseHereMethod(),
                        EraseHereRequest.newBuilder()
                                .setClusterId(clusterId)
                                .setShard(shard.value())
                                .setUser(user.value())
                                .build())
                .thenApply(EraseHereResponse::getDone);
    }

    /** A part of the list of a user's blobs. */
    CompletableFuture<ListStateResponse> listState(ShardId shard, ListStateRequest.Builder request, Deadline deadline) {
        return call(
                shard,
                deadline,
                UserDataGrpc.getListStateMethod(),
                request.setClusterId(clusterId).setShard(shard.value()).build());
    }

    /** Some of the moves that a directory shard knows: those of users behind one, so many at most; 0: as many as it tells. */
    CompletableFuture<ListMovesResponse> moves(ShardId directory, String after, int max, Deadline deadline) {
        return call(
                directory,
                deadline,
                DirectoryGrpc.getListMovesMethod(),
                ListMovesRequest.newBuilder()
                        .setClusterId(clusterId)
                        .setShard(directory.value())
                        .setAfter(after)
                        .setMax(max)
                        .build());
    }

    /** Some of the users who live on a shard. */
    CompletableFuture<ListShardUsersResponse> users(ShardId shard, String after, Deadline deadline) {
        return call(
                shard,
                deadline,
                UserMovesGrpc.getListShardUsersMethod(),
                ListShardUsersRequest.newBuilder()
                        .setClusterId(clusterId)
                        .setShard(shard.value())
                        .setAfter(after)
                        .build());
    }

    /**
     * Gives a user another quota, or his pool's again; yields what he has, and may have from then on.
     *
     * @param own his own; empty: his pool's
     * @param keepBytes whether bytes stay as they are by then, and {@code own} has them as they were read, for older nodes
     * @param keepBlobs whether blobs do
     */
    public CompletableFuture<GetUserUsageResponse> setQuota(
            UserId user,
            ShardId shard,
            Optional<UserQuota> own,
            boolean keepBytes,
            boolean keepBlobs,
            Deadline deadline) {
        var quota = own.orElse(UserQuota.NONE);
        return call(
                        shard,
                        deadline,
                        DirectoryGrpc.getSetUserQuotaMethod(),
                        SetUserQuotaRequest.newBuilder()
                                .setClusterId(clusterId)
                                .setShard(shard.value())
                                .setUser(user.value())
                                .setOwn(own.isPresent())
                                .setBytes(quota.bytes())
                                .setBlobs(quota.blobs())
                                .setKeepBytes(keepBytes)
                                .setKeepBlobs(keepBlobs)
                                .build())
                .thenApply(SetUserQuotaResponse::getUsage);
    }

    /** How many users of a shard have no quota of their own and more than this one. */
    public CompletableFuture<Long> countOver(ShardId shard, UserQuota quota, Deadline deadline) {
        return call(
                        shard,
                        deadline,
                        DirectoryGrpc.getCountUsersOverMethod(),
                        CountUsersOverRequest.newBuilder()
                                .setClusterId(clusterId)
                                .setShard(shard.value())
                                .setBytes(quota.bytes())
                                .setBlobs(quota.blobs())
                                .build())
                .thenApply(CountUsersOverResponse::getUsers);
    }

    /** What a shard's primary says of it, now. */
    public CompletableFuture<DescribeReplicaResponse> describe(ShardId shard, Deadline deadline) {
        return call(
                        shard,
                        deadline,
                        ReplicationGrpc.getDescribeReplicaMethod(),
                        DescribeReplicaRequest.newBuilder()
                                .setClusterId(clusterId)
                                .setShard(shard.value())
                                .build())
                .whenComplete((answer, failure) -> {
                    if (failure == null) {
                        loads.heard(shard, answer);
                    }
                });
    }

    /** How full shards are, as they said last. */
    public ShardLoads loads() {
        return loads;
    }

    private <Q, A> CompletableFuture<A> call(
            ShardId shard, Deadline deadline, MethodDescriptor<Q, A> method, Q request) {
        return Retries.run(deadline, attempt -> {
            var address = peerAddress(shard);
            var oneTry = Deadline.after(GrpcLimits.UNARY_DEADLINE.toMillis(), TimeUnit.MILLISECONDS);
            return UnaryCalls.start(
                    channels.to(address), method, CallOptions.DEFAULT.withDeadline(oneTry.minimum(deadline)), request);
        });
    }

    private String peerAddress(ShardId shard) {
        var map = view.get().map();
        return map.shard(shard)
                .flatMap(ShardInfo::primary)
                .flatMap(map::node)
                .flatMap(Addresses::knownToPeers)
                .orElseThrow(() -> new TintypeException(
                        Reason.NO_PRIMARY,
                        "Shard " + shard + " has no primary at the moment; one is being elected. Try again.",
                        ELECTION_RETRY));
    }
}
