// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.control;

import io.grpc.stub.StreamObserver;
import io.tintype.cluster.directory.DirectoryClient;
import io.tintype.cluster.directory.UserHome;
import io.tintype.cluster.placement.UserQuota;
import io.tintype.coordinator.route.Answers;
import io.tintype.coordinator.route.UnaryProxy;
import io.tintype.coordinator.users.DataShards;
import io.tintype.coordinator.users.Erasures;
import io.tintype.coordinator.users.Exports;
import io.tintype.coordinator.users.Moves;
import io.tintype.coordinator.users.Places;
import io.tintype.coordinator.users.Registrar;
import io.tintype.model.PoolId;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.model.UserId;
import io.tintype.proto.internal.v1.GetUserUsageResponse;
import io.tintype.proto.v1.AbortMoveRequest;
import io.tintype.proto.v1.AbortMoveResponse;
import io.tintype.proto.v1.EraseUserRequest;
import io.tintype.proto.v1.EraseUserResponse;
import io.tintype.proto.v1.ExportUserRequest;
import io.tintype.proto.v1.ExportUserResponse;
import io.tintype.proto.v1.FreezeUserRequest;
import io.tintype.proto.v1.FreezeUserResponse;
import io.tintype.proto.v1.GetMoveRequest;
import io.tintype.proto.v1.GetMoveResponse;
import io.tintype.proto.v1.GetUsageRequest;
import io.tintype.proto.v1.GetUsageResponse;
import io.tintype.proto.v1.ListMovesRequest;
import io.tintype.proto.v1.ListMovesResponse;
import io.tintype.proto.v1.ListUsersRequest;
import io.tintype.proto.v1.ListUsersResponse;
import io.tintype.proto.v1.LocateUserRequest;
import io.tintype.proto.v1.LocateUserResponse;
import io.tintype.proto.v1.LookupUserRequest;
import io.tintype.proto.v1.LookupUserResponse;
import io.tintype.proto.v1.MoveUserRequest;
import io.tintype.proto.v1.MoveUserResponse;
import io.tintype.proto.v1.RegisterUserRequest;
import io.tintype.proto.v1.RegisterUserResponse;
import io.tintype.proto.v1.SetUserQuotaRequest;
import io.tintype.proto.v1.SetUserQuotaResponse;
import io.tintype.proto.v1.UnfreezeUserRequest;
import io.tintype.proto.v1.UnfreezeUserResponse;
import io.tintype.proto.v1.User;
import io.tintype.proto.v1.UsersGrpc;
import io.tintype.wire.Errors;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** The gRPC face of registration and the directory. */
public final class UsersService extends UsersGrpc.UsersImplBase {
    private final Registrar registrar;
    private final DirectoryClient directory;
    private final DataShards shards;
    private final Moves moves;
    private final Exports exports;
    private final Erasures erasures;
    private final Places places;

    /** Over parts that outlive this object. */
    public UsersService(
            Registrar registrar,
            DirectoryClient directory,
            DataShards shards,
            Moves moves,
            Exports exports,
            Erasures erasures,
            Places places) {
        this.places = places;
        this.moves = moves;
        this.exports = exports;
        this.erasures = erasures;
        this.registrar = registrar;
        this.directory = directory;
        this.shards = shards;
    }

    @Override
    public void registerUser(RegisterUserRequest request, StreamObserver<RegisterUserResponse> out) {
        Answers.send(out, () -> {
            var user = UserId.of(request.getUser());
            var policy = registrar.policy();
            var pool = new PoolId(
                    request.getRegion().isEmpty() ? policy.region() : request.getRegion(),
                    request.getTier().isEmpty() ? policy.tier() : request.getTier());
            registrar.rules(pool);
            var deadline = UnaryProxy.deadlineOfCaller();
            return directory
                    .lookupLatest(user, deadline)
                    .thenCompose(home -> registrar
                            .settle(user, home, differs(request, home.pool()) ? pool : home.pool(), deadline)
                            .thenApply(settled -> new DirectoryClient.Entered(settled, false)))
                    .exceptionallyCompose(failure -> Errors.fromWire(failure).reason() == Reason.USER_NOT_FOUND
                            ? registrar.register(user, pool, deadline)
                            : CompletableFuture.failedFuture(failure))
                    .thenApply(entered -> answer(request, user, pool, entered));
        });
    }

    private static RegisterUserResponse answer(
            RegisterUserRequest request, UserId user, PoolId pool, DirectoryClient.Entered entered) {
        if (differs(request, entered.home().pool())) {
            throw new TintypeException(
                    Reason.ALREADY_EXISTS,
                    "User '" + user + "' is registered in pool "
                            + entered.home().pool() + ", not " + pool
                            + ". Leave region and tier out to use him as he is.");
        }
        return RegisterUserResponse.newBuilder()
                .setUser(show(user, entered.home()))
                .setCreated(entered.created())
                .build();
    }

    private static boolean differs(RegisterUserRequest request, PoolId pool) {
        return (!request.getRegion().isEmpty() && !request.getRegion().equals(pool.region()))
                || (!request.getTier().isEmpty() && !request.getTier().equals(pool.tier()));
    }

    @Override
    public void lookupUser(LookupUserRequest request, StreamObserver<LookupUserResponse> out) {
        Answers.send(out, () -> {
            var user = UserId.of(request.getUser());
            var deadline = UnaryProxy.deadlineOfCaller();
            var found =
                    request.getHint() ? directory.lookupHint(user, deadline) : directory.lookupLatest(user, deadline);
            return found.thenApply(home ->
                    LookupUserResponse.newBuilder().setUser(show(user, home)).build());
        });
    }

    @Override
    public void locateUser(LocateUserRequest request, StreamObserver<LocateUserResponse> out) {
        Answers.send(out, () -> places.of(UserId.of(request.getUser()), UnaryProxy.deadlineOfCaller()));
    }

    @Override
    public void getUsage(GetUsageRequest request, StreamObserver<GetUsageResponse> out) {
        Answers.send(out, () -> {
            var user = UserId.of(request.getUser());
            var deadline = UnaryProxy.deadlineOfCaller();
            return directory
                    .lookupLatest(user, deadline)
                    .thenCompose(home -> shards.usage(user, home.shard(), deadline))
                    .thenApply(UsersService::show);
        });
    }

    @Override
    public void setUserQuota(SetUserQuotaRequest request, StreamObserver<SetUserQuotaResponse> out) {
        Answers.send(out, () -> {
            var user = UserId.of(request.getUser());
            boolean sets = request.hasBytesLimit() || request.hasBlobsLimit();
            if (sets == request.getFromPool()) {
                throw new TintypeException(
                        Reason.INVALID_ARGUMENT,
                        "give bytes_limit or blobs_limit or both, or else from_pool; not "
                                + (sets ? "all of them" : "nothing"));
            }
            var deadline = UnaryProxy.deadlineOfCaller();
            return directory
                    .lookupLatest(user, deadline)
                    .thenCompose(home -> shards.usage(user, home.shard(), deadline)
                            .thenCompose(now -> shards.setQuota(
                                    user,
                                    home.shard(),
                                    ownQuota(request, now),
                                    sets && !request.hasBytesLimit(),
                                    sets && !request.hasBlobsLimit(),
                                    deadline)))
                    .thenApply(usage -> SetUserQuotaResponse.newBuilder()
                            .setUsage(show(usage))
                            .build());
        });
    }

    private static Optional<UserQuota> ownQuota(SetUserQuotaRequest request, GetUserUsageResponse now) {
        return request.getFromPool()
                ? Optional.empty()
                : Optional.of(new UserQuota(
                        request.hasBytesLimit() ? request.getBytesLimit() : now.getBytesLimit(),
                        request.hasBlobsLimit() ? request.getBlobsLimit() : now.getBlobsLimit()));
    }

    private static GetUsageResponse show(GetUserUsageResponse usage) {
        return GetUsageResponse.newBuilder()
                .setBlobs(usage.getBlobs())
                .setBytes(usage.getBytes())
                .setBlobsLimit(usage.getBlobsLimit())
                .setBytesLimit(usage.getBytesLimit())
                .setOwnQuota(usage.getOwnQuota())
                .setFrozen(usage.getHalted())
                .build();
    }

    @Override
    public void moveUser(MoveUserRequest request, StreamObserver<MoveUserResponse> out) {
        Answers.send(out, () -> moves.move(UserId.of(request.getUser()), request, UnaryProxy.deadlineOfCaller()));
    }

    @Override
    public void getMove(GetMoveRequest request, StreamObserver<GetMoveResponse> out) {
        Answers.send(
                out,
                () -> moves.get(UserId.of(request.getUser()), UnaryProxy.deadlineOfCaller())
                        .thenApply(move ->
                                GetMoveResponse.newBuilder().setMove(move).build()));
    }

    @Override
    public void abortMove(AbortMoveRequest request, StreamObserver<AbortMoveResponse> out) {
        Answers.send(
                out,
                () -> moves.abort(UserId.of(request.getUser()), UnaryProxy.deadlineOfCaller())
                        .thenApply(move ->
                                AbortMoveResponse.newBuilder().setMove(move).build()));
    }

    @Override
    public void listMoves(ListMovesRequest request, StreamObserver<ListMovesResponse> out) {
        Answers.send(out, () -> moves.list(request, UnaryProxy.deadlineOfCaller()));
    }

    @Override
    public void listUsers(ListUsersRequest request, StreamObserver<ListUsersResponse> out) {
        Answers.send(out, () -> moves.users(request.getShard(), request.getPageToken(), UnaryProxy.deadlineOfCaller()));
    }

    @Override
    public void exportUser(ExportUserRequest request, StreamObserver<ExportUserResponse> out) {
        Answers.send(
                out,
                () -> exports.page(
                        UserId.of(request.getUser()), request.getPageToken(), UnaryProxy.deadlineOfCaller()));
    }

    @Override
    public void eraseUser(EraseUserRequest request, StreamObserver<EraseUserResponse> out) {
        Answers.send(
                out,
                () -> erasures.erase(
                        UserId.of(request.getUser()), request.getGeneration(), UnaryProxy.deadlineOfCaller()));
    }

    @Override
    public void freezeUser(FreezeUserRequest request, StreamObserver<FreezeUserResponse> out) {
        Answers.send(
                out,
                () -> halt(UserId.of(request.getUser()), true)
                        .thenApply(usage ->
                                FreezeUserResponse.newBuilder().setUsage(usage).build()));
    }

    @Override
    public void unfreezeUser(UnfreezeUserRequest request, StreamObserver<UnfreezeUserResponse> out) {
        Answers.send(
                out,
                () -> halt(UserId.of(request.getUser()), false)
                        .thenApply(usage -> UnfreezeUserResponse.newBuilder()
                                .setUsage(usage)
                                .build()));
    }

    private CompletableFuture<GetUsageResponse> halt(UserId user, boolean halted) {
        var deadline = UnaryProxy.deadlineOfCaller();
        return directory
                .lookupLatest(user, deadline)
                .thenCompose(home -> shards.halt(user, home.shard(), halted, deadline)
                        .thenCompose(done -> shards.usage(user, home.shard(), deadline)))
                .thenApply(UsersService::show);
    }

    private static User show(UserId user, UserHome home) {
        return User.newBuilder()
                .setId(user.value())
                .setRegion(home.pool().region())
                .setTier(home.pool().tier())
                .setShard(home.shard().value())
                .setGeneration(home.generation())
                .build();
    }
}
