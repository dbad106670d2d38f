// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.move;

import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.tintype.cluster.log.Bugs;
import io.tintype.model.Reason;
import io.tintype.model.ShardId;
import io.tintype.model.TintypeException;
import io.tintype.model.UserId;
import io.tintype.proto.internal.v1.CopiedOutcomes;
import io.tintype.proto.internal.v1.DescribeMoveRequest;
import io.tintype.proto.internal.v1.DescribeMoveResponse;
import io.tintype.proto.internal.v1.EraseHereRequest;
import io.tintype.proto.internal.v1.EraseHereResponse;
import io.tintype.proto.internal.v1.FreezeUserRequest;
import io.tintype.proto.internal.v1.FreezeUserResponse;
import io.tintype.proto.internal.v1.ListShardUsersRequest;
import io.tintype.proto.internal.v1.ListShardUsersResponse;
import io.tintype.proto.internal.v1.NamedHead;
import io.tintype.proto.internal.v1.ReadChangesRequest;
import io.tintype.proto.internal.v1.ReadChangesResponse;
import io.tintype.proto.internal.v1.ReadHeadsRequest;
import io.tintype.proto.internal.v1.ReadHeadsResponse;
import io.tintype.proto.internal.v1.ReadOutcomesRequest;
import io.tintype.proto.internal.v1.ReadOutcomesResponse;
import io.tintype.proto.internal.v1.SettleUserRequest;
import io.tintype.proto.internal.v1.SettleUserResponse;
import io.tintype.proto.internal.v1.ShardUser;
import io.tintype.proto.internal.v1.StoredUser;
import io.tintype.proto.internal.v1.UserMovesGrpc;
import io.tintype.storage.shard.ReadDemand;
import io.tintype.storage.shard.ShardReplica;
import io.tintype.storage.shard.Shards;
import io.tintype.trace.Trace;
import io.tintype.wire.Errors;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What other shards, and coordinators, ask the primaries of this node about users in a move. Thread-safe; never blocks. */
final class MoveService extends UserMovesGrpc.UserMovesImplBase {
    private static final Logger log = LoggerFactory.getLogger(MoveService.class);

    /** Heads in one page. */
    private static final int PAGE = 1_000;

    private final String clusterId;
    private final Shards shards;
    private final UserMover mover;
    private final UserEraser eraser;
    private final Pulls pulls;
    private final Executor blocking;

    MoveService(String clusterId, Shards shards, UserMover mover, UserEraser eraser, Pulls pulls, Executor blocking) {
        this.eraser = eraser;
        this.clusterId = clusterId;
        this.shards = shards;
        this.mover = mover;
        this.pulls = pulls;
        this.blocking = blocking;
    }

    @Override
    public void settleUser(SettleUserRequest request, StreamObserver<SettleUserResponse> out) {
        send(
                out,
                () -> mover.settle(leading(request.getClusterId(), request.getShard()), UserId.of(request.getUser()))
                        .thenApply(user ->
                                SettleUserResponse.newBuilder().setUser(user).build()));
    }

    @Override
    public void freezeUser(FreezeUserRequest request, StreamObserver<FreezeUserResponse> out) {
        send(
                out,
                () -> mover.freeze(
                                leading(request.getClusterId(), request.getShard()),
                                UserId.of(request.getUser()),
                                request.getGeneration(),
                                request.getMove(),
                                new ShardId(request.getTo()))
                        .thenApply(sequence -> FreezeUserResponse.newBuilder()
                                .setSequence(sequence)
                                .build()));
    }

    @Override
    public void eraseHere(EraseHereRequest request, StreamObserver<EraseHereResponse> out) {
        send(
                out,
                () -> eraser.erase(leading(request.getClusterId(), request.getShard()), UserId.of(request.getUser()))
                        .thenApply(done ->
                                EraseHereResponse.newBuilder().setDone(done).build()));
    }

    @Override
    public void readHeads(ReadHeadsRequest request, StreamObserver<ReadHeadsResponse> out) {
        read(out, request.getClusterId(), request.getShard(), shard -> {
            var user = UserId.of(request.getUser());
            var response = ReadHeadsResponse.newBuilder()
                    .setSequence(shard.reader().appliedAt().seq()); // first
            shard.reader().users().user(user).ifPresent(response::setUser);
            var page = shard.reader().exports().heads(user, request.getAfter(), "", PAGE);
            page.heads()
                    .forEach((name, head) -> response.addHeads(
                            NamedHead.newBuilder().setName(name).setHead(head)));
            return response.setMore(page.more()).build();
        });
    }

    @Override
    public void readOutcomes(ReadOutcomesRequest request, StreamObserver<ReadOutcomesResponse> out) {
        read(out, request.getClusterId(), request.getShard(), shard -> {
            long nowMs = shard.reader().logTimeMs();
            var page = shard.reader()
                    .exports()
                    .outcomes(
                            UserId.of(request.getUser()),
                            nowMs,
                            request.getAfter().toByteArray(),
                            PAGE);
            return ReadOutcomesResponse.newBuilder()
                    .setOutcomes(CopiedOutcomes.newBuilder().setAsOfMs(nowMs).addAllOutcomes(page.outcomes()))
                    .setLast(page.last())
                    .setMore(page.more())
                    .build();
        });
    }

    @Override
    public void readChanges(ReadChangesRequest request, StreamObserver<ReadChangesResponse> out) {
        read(
                out,
                request.getClusterId(),
                request.getShard(),
                shard -> shard.reader().changes().readForMove(UserId.of(request.getUser()), request.getAfter()));
    }

    @Override
    public void describeMove(DescribeMoveRequest request, StreamObserver<DescribeMoveResponse> out) {
        read(out, request.getClusterId(), request.getShard(), shard -> {
            var user = UserId.of(request.getUser());
            var response = DescribeMoveResponse.newBuilder()
                    .setUser(shard.reader().users().user(user).orElse(StoredUser.getDefaultInstance()));
            pulls.progress(shard.id(), user)
                    .ifPresent(progress -> response.setBlobsTotal(progress.blobsTotal())
                            .setBlobsDone(progress.blobsDone())
                            .setBytesTotal(progress.bytesTotal())
                            .setBytesDone(progress.bytesDone())
                            .setBytesPerSecond(progress.bytesPerSecond()));
            return response.build();
        });
    }

    @Override
    public void listShardUsers(ListShardUsersRequest request, StreamObserver<ListShardUsersResponse> out) {
        read(out, request.getClusterId(), request.getShard(), shard -> {
            var page = shard.reader().exports().users(request.getAfter(), PAGE);
            var response = ListShardUsersResponse.newBuilder().setMore(page.more());
            page.users()
                    .forEach((user, record) -> response.addUsers(
                            ShardUser.newBuilder().setUser(user).setRecord(record)));
            return response.build();
        });
    }

    private interface Read<T> {
        T from(ShardReplica shard);
    }

    /**
     * Only a primary that has applied whatever was acknowledged before it led is read: who copies goes from page to page, and what
     * one primary had told already must not be missing in what its successor tells.
     */
    private <T> void read(StreamObserver<T> out, String cluster, int id, Read<T> read) {
        send(out, () -> {
            var shard = leading(cluster, id);
            return shard.begin(new ReadDemand.Linearizable()).thenApplyAsync(point -> read.from(shard), blocking);
        });
    }

    private ShardReplica leading(String cluster, int id) {
        if (!cluster.equals(clusterId)) {
            throw new TintypeException(
                    Reason.INVALID_ARGUMENT,
                    "cluster_id is '" + cluster + "', but this node belongs to cluster " + clusterId);
        }
        var shard = id <= 0 ? null : shards.find(new ShardId(id)).orElse(null);
        if (shard == null || !shard.status().leads()) {
            throw new TintypeException(
                    Reason.NOT_PRIMARY,
                    "this node does not lead shard " + Integer.toUnsignedString(id),
                    Map.of(TintypeException.SHARD, Integer.toUnsignedString(id)));
        }
        return shard;
    }

    private static <T> void send(StreamObserver<T> out, Supplier<CompletableFuture<T>> step) {
        // Without a handler, sending to a client who is gone would throw.
        ((ServerCallStreamObserver<T>) out).setOnCancelHandler(() -> {});
        CompletableFuture<T> answer;
        try {
            answer = step.get();
        } catch (RuntimeException e) {
            answer = CompletableFuture.failedFuture(e);
        }
        var unused = answer.whenComplete((value, failure) -> {
            if (failure == null) {
                out.onNext(value);
                out.onCompleted();
                return;
            }
            out.onError(Errors.toWire(
                    Errors.isBug(failure)
                            ? Bugs.logged(log, "A call about a move", null, Trace.current(), failure)
                            : failure));
        });
    }
}
