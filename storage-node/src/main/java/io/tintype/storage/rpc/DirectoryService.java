// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.rpc;

import io.grpc.stub.StreamObserver;
import io.tintype.model.Limits;
import io.tintype.model.PoolId;
import io.tintype.model.ShardId;
import io.tintype.model.UserId;
import io.tintype.proto.internal.v1.AbortMoveRequest;
import io.tintype.proto.internal.v1.AbortMoveResponse;
import io.tintype.proto.internal.v1.BeginMoveRequest;
import io.tintype.proto.internal.v1.BeginMoveResponse;
import io.tintype.proto.internal.v1.ChangeUserQuota;
import io.tintype.proto.internal.v1.ClaimUserRequest;
import io.tintype.proto.internal.v1.ClaimUserResponse;
import io.tintype.proto.internal.v1.CommitMoveRequest;
import io.tintype.proto.internal.v1.CommitMoveResponse;
import io.tintype.proto.internal.v1.CountUsersOverRequest;
import io.tintype.proto.internal.v1.CountUsersOverResponse;
import io.tintype.proto.internal.v1.CreateEntryRequest;
import io.tintype.proto.internal.v1.CreateEntryResponse;
import io.tintype.proto.internal.v1.DirectoryAbort;
import io.tintype.proto.internal.v1.DirectoryBegin;
import io.tintype.proto.internal.v1.DirectoryCommit;
import io.tintype.proto.internal.v1.DirectoryCreate;
import io.tintype.proto.internal.v1.DirectoryEntry;
import io.tintype.proto.internal.v1.DirectoryGrpc;
import io.tintype.proto.internal.v1.DirectoryRehome;
import io.tintype.proto.internal.v1.GetEntryRequest;
import io.tintype.proto.internal.v1.GetEntryResponse;
import io.tintype.proto.internal.v1.GetUserUsageRequest;
import io.tintype.proto.internal.v1.GetUserUsageResponse;
import io.tintype.proto.internal.v1.ListMovesRequest;
import io.tintype.proto.internal.v1.ListMovesResponse;
import io.tintype.proto.internal.v1.RehomeEntryRequest;
import io.tintype.proto.internal.v1.RehomeEntryResponse;
import io.tintype.proto.internal.v1.SetUserQuotaRequest;
import io.tintype.proto.internal.v1.SetUserQuotaResponse;
import io.tintype.storage.blob.DirectoryErasure;
import io.tintype.storage.blob.Outcome;
import io.tintype.storage.blob.Proposal;
import io.tintype.storage.blob.Quota;
import io.tintype.storage.blob.ShardReader;
import io.tintype.storage.log.RecordType;
import io.tintype.storage.shard.ReadDemand;
import io.tintype.storage.shard.ShardReplica;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** Entries of the directory shards this node holds, and users of its data shards. Thread-safe; never blocks. */
final class DirectoryService extends DirectoryGrpc.DirectoryImplBase {
    /** How old the word of any replica may be: what it says is a hint anyway. */
    private static final Duration HINT_AGE = Duration.ofMinutes(1);

    private final Toolbox box;
    private final Replies replies;
    private final Callers callers;
    private final UserQuotas quotas;

    DirectoryService(Toolbox box, String clusterId) {
        this.box = box;
        this.replies = new Replies(box.failures());
        this.callers = new Callers(clusterId);
        this.quotas = new UserQuotas(box);
    }

    @Override
    public void getEntry(GetEntryRequest request, StreamObserver<GetEntryResponse> out) {
        replies.send(out, "GetEntry", () -> {
            var user = checked(request.getClusterId(), request.getUser());
            var demand =
                    request.getLatest() ? new ReadDemand.Linearizable() : new ReadDemand.BoundedStaleness(HINT_AGE);
            return Reads.read(
                            directory(request.getShard()),
                            demand,
                            box.readers(),
                            reader -> entry(reader, user, request.getEvenErased()))
                    .thenApply(answer -> GetEntryResponse.newBuilder()
                            .setEntry(answer.value())
                            .build());
        });
    }

    @Override
    public void createEntry(CreateEntryRequest request, StreamObserver<CreateEntryResponse> out) {
        replies.send(out, "CreateEntry", () -> {
            var user = checked(request.getClusterId(), request.getUser());
            var payload = DirectoryCreate.newBuilder()
                    .setHome(shardId("home", request.getHome()).value())
                    .setPool(PoolId.parse(request.getPool()).toString())
                    .setRefuseMs(Limits.ERASED_ID_REFUSED.toMillis())
                    .build();
            return entry(directory(request.getShard()), Writes.proposal(RecordType.DIR_CREATE, user, null, payload))
                    .thenApply(entry -> CreateEntryResponse.newBuilder()
                            .setEntry(entry.entry())
                            .setCreated(entry.changed())
                            .build());
        });
    }

    @Override
    public void rehomeEntry(RehomeEntryRequest request, StreamObserver<RehomeEntryResponse> out) {
        replies.send(out, "RehomeEntry", () -> {
            var user = checked(request.getClusterId(), request.getUser());
            var payload = DirectoryRehome.newBuilder()
                    .setGeneration(request.getGeneration())
                    .setHome(shardId("home", request.getHome()).value())
                    .setPool(
                            request.getPool().isEmpty()
                                    ? ""
                                    : PoolId.parse(request.getPool()).toString())
                    .build();
            return entry(directory(request.getShard()), Writes.proposal(RecordType.DIR_REHOME, user, null, payload))
                    .thenApply(entry -> notErased(user, entry))
                    .thenApply(entry -> RehomeEntryResponse.newBuilder()
                            .setEntry(entry.entry())
                            .build());
        });
    }

    @Override
    public void getUserUsage(GetUserUsageRequest request, StreamObserver<GetUserUsageResponse> out) {
        replies.send(out, "GetUserUsage", () -> {
            var user = checked(request.getClusterId(), request.getUser());
            return quotas.usage(box.routes().data(shardId("shard", request.getShard())), user);
        });
    }

    @Override
    public void setUserQuota(SetUserQuotaRequest request, StreamObserver<SetUserQuotaResponse> out) {
        replies.send(out, "SetUserQuota", () -> {
            var user = checked(request.getClusterId(), request.getUser());
            var shard = Routes.leading(box.routes().data(shardId("shard", request.getShard())));
            return quotas.set(
                    shard,
                    user,
                    ChangeUserQuota.newBuilder()
                            .setOwn(request.getOwn())
                            .setBytes(notNegative("bytes", request.getBytes()))
                            .setBlobs(notNegative("blobs", request.getBlobs()))
                            .build(),
                    request.getKeepBytes(),
                    request.getKeepBlobs());
        });
    }

    @Override
    public void countUsersOver(CountUsersOverRequest request, StreamObserver<CountUsersOverResponse> out) {
        replies.send(out, "CountUsersOver", () -> {
            callers.checkCluster(request.getClusterId());
            var quota = new Quota(notNegative("bytes", request.getBytes()), notNegative("blobs", request.getBlobs()));
            return Reads.read(
                            box.routes().data(shardId("shard", request.getShard())),
                            new ReadDemand.Linearizable(),
                            box.readers(),
                            reader -> reader.users().countOver(quota))
                    .thenApply(answer -> CountUsersOverResponse.newBuilder()
                            .setUsers(answer.value())
                            .build());
        });
    }

    private static long notNegative(String field, long value) {
        if (value < 0) {
            throw Requests.invalid(
                    field + " is " + Long.toUnsignedString(value) + "; give 0 (no limit) to " + Long.MAX_VALUE);
        }
        return value;
    }

    @Override
    public void claimUser(ClaimUserRequest request, StreamObserver<ClaimUserResponse> out) {
        replies.send(out, "ClaimUser", () -> {
            var user = checked(request.getClusterId(), request.getUser());
            var shard = Routes.leading(box.routes().data(shardId("shard", request.getShard())));
            return box.gate()
                    .claim(shard, user)
                    .thenApply(generation -> ClaimUserResponse.newBuilder()
                            .setGeneration(generation)
                            .build());
        });
    }

    @Override
    public void beginMove(BeginMoveRequest request, StreamObserver<BeginMoveResponse> out) {
        replies.send(out, "BeginMove", () -> {
            var user = checked(request.getClusterId(), request.getUser());
            var payload = DirectoryBegin.newBuilder()
                    .setGeneration(request.getGeneration())
                    .setTo(shardId("to", request.getTo()).value())
                    .setPool(PoolId.parse(request.getPool()).toString())
                    .build();
            return entry(directory(request.getShard()), Writes.proposal(RecordType.DIR_BEGIN, user, null, payload))
                    .thenApply(entry -> notErased(user, entry))
                    .thenApply(entry -> BeginMoveResponse.newBuilder()
                            .setEntry(entry.entry())
                            .setBegun(entry.changed())
                            .build());
        });
    }

    @Override
    public void commitMove(CommitMoveRequest request, StreamObserver<CommitMoveResponse> out) {
        replies.send(out, "CommitMove", () -> {
            var user = checked(request.getClusterId(), request.getUser());
            var payload =
                    DirectoryCommit.newBuilder().setMove(request.getMove()).build();
            return entry(directory(request.getShard()), Writes.proposal(RecordType.DIR_COMMIT, user, null, payload))
                    .thenApply(entry -> CommitMoveResponse.newBuilder()
                            .setEntry(entry.entry())
                            .build());
        });
    }

    @Override
    public void abortMove(AbortMoveRequest request, StreamObserver<AbortMoveResponse> out) {
        replies.send(out, "AbortMove", () -> {
            var user = checked(request.getClusterId(), request.getUser());
            var payload = DirectoryAbort.newBuilder()
                    .setMove(request.getMove())
                    .setWhy(request.getWhy())
                    .build();
            return entry(directory(request.getShard()), Writes.proposal(RecordType.DIR_ABORT, user, null, payload))
                    .thenApply(entry -> AbortMoveResponse.newBuilder()
                            .setEntry(entry.entry())
                            .setAborted(entry.changed())
                            .build());
        });
    }

    @Override
    public void listMoves(ListMovesRequest request, StreamObserver<ListMovesResponse> out) {
        replies.send(out, "ListMoves", () -> {
            callers.checkCluster(request.getClusterId());
            var page = MovesPage.of(request);
            return Reads.read(directory(request.getShard()), new ReadDemand.Linearizable(), box.readers(), page::read)
                    .thenApply(Reads.Answer::value);
        });
    }

    private DirectoryEntry entry(ShardReader reader, UserId user, boolean evenErased) {
        var entry = reader.users().entry(user).orElseThrow(() -> Routes.unknown(user));
        if (!evenErased) {
            notErased(user, new Outcome.Entry(entry, false));
        }
        return entry;
    }

    private Outcome.Entry notErased(UserId user, Outcome.Entry entry) {
        long refuseMs = Limits.ERASED_ID_REFUSED.toMillis();
        var refusal = DirectoryErasure.refusal(
                user, entry.entry(), refuseMs, box.clock().millis());
        refusal.ifPresent(Outcome.Refused::orThrow);
        return entry;
    }

    static CompletableFuture<Outcome.Entry> entry(ShardReplica shard, Proposal proposal) {
        return Routes.leading(shard).propose(proposal).thenApply(committed -> {
            if (committed.outcome().orThrow() instanceof Outcome.Entry entry) {
                return entry;
            }
            throw new IllegalStateException("a directory record ended with " + committed.outcome());
        });
    }

    private ShardReplica directory(int shard) {
        return box.routes().directory(shardId("shard", shard));
    }

    private UserId checked(String callersCluster, String user) {
        return callers.user(callersCluster, user);
    }

    private static ShardId shardId(String field, int shard) {
        return Callers.shard(field, shard);
    }
}
