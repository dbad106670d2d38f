// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.rpc;

import io.grpc.stub.StreamObserver;
import io.tintype.model.UserId;
import io.tintype.proto.internal.v1.DirectoryErase;
import io.tintype.proto.internal.v1.DirectoryErased;
import io.tintype.proto.internal.v1.DirectoryState;
import io.tintype.proto.internal.v1.EndErasureRequest;
import io.tintype.proto.internal.v1.EndErasureResponse;
import io.tintype.proto.internal.v1.EraseEntryRequest;
import io.tintype.proto.internal.v1.EraseEntryResponse;
import io.tintype.proto.internal.v1.FindUserRequest;
import io.tintype.proto.internal.v1.FindUserResponse;
import io.tintype.proto.internal.v1.HaltUser;
import io.tintype.proto.internal.v1.HaltUserRequest;
import io.tintype.proto.internal.v1.HaltUserResponse;
import io.tintype.proto.internal.v1.ListStateRequest;
import io.tintype.proto.internal.v1.ListStateResponse;
import io.tintype.proto.internal.v1.StoredUser;
import io.tintype.proto.internal.v1.UserDataGrpc;
import io.tintype.proto.internal.v1.UserTrace;
import io.tintype.storage.blob.ShardReader;
import io.tintype.storage.blob.UserExport;
import io.tintype.storage.log.RecordType;
import io.tintype.storage.shard.ReadDemand;
import io.tintype.storage.shard.ShardReplica;
import java.util.concurrent.CompletableFuture;

/** What the primary of a user's shard tells of all that he has. Thread-safe; never blocks. */
final class UserDataService extends UserDataGrpc.UserDataImplBase {
    /** Blobs in one page. */
    private static final int PAGE = 500;

    private final Toolbox box;
    private final Replies replies;
    private final Callers callers;

    UserDataService(Toolbox box, String clusterId) {
        this.box = box;
        this.replies = new Replies(box.failures());
        this.callers = new Callers(clusterId);
    }

    @Override
    public void listState(ListStateRequest request, StreamObserver<ListStateResponse> out) {
        replies.send(out, "ListState", () -> {
            var user = callers.user(request.getClusterId(), request.getUser());
            var shard = box.routes().data(Callers.shard("shard", request.getShard()));
            return Reads.read(
                            shard,
                            new ReadDemand.Linearizable(),
                            box.readers(),
                            reader -> state(
                                    reader,
                                    user,
                                    request,
                                    reader.timeMs(box.clock().millis())))
                    .thenApply(Reads.Answer::value);
        });
    }

    @Override
    public void haltUser(HaltUserRequest request, StreamObserver<HaltUserResponse> out) {
        replies.send(out, "HaltUser", () -> {
            var user = callers.user(request.getClusterId(), request.getUser());
            var shard = Routes.leading(box.routes().data(Callers.shard("shard", request.getShard())));
            var halt = HaltUser.newBuilder().setHalted(request.getHalted()).build();
            return box.gate()
                    .claim(shard, user)
                    .thenCompose(claimed -> shard.propose(Writes.proposal(RecordType.USER_HALT, user, null, halt)))
                    .thenApply(committed -> {
                        committed.outcome().orThrow();
                        return HaltUserResponse.getDefaultInstance();
                    });
        });
    }

    @Override
    public void findUser(FindUserRequest request, StreamObserver<FindUserResponse> out) {
        replies.send(out, "FindUser", () -> {
            var user = callers.user(request.getClusterId(), request.getUser());
            return CompletableFuture.supplyAsync(() -> find(user), box.readers());
        });
    }

    private FindUserResponse find(UserId user) {
        var found = FindUserResponse.newBuilder();
        for (var shard : box.routes().all()) {
            var status = shard.status();
            var trace = UserTrace.newBuilder().setShard(shard.id().value()).setLeads(status.leads());
            if (status.directory()) {
                shard.reader().users().entry(user).ifPresent(entry -> found.addTraces(trace.setEntry(entry)));
                continue;
            }
            if (status.leads() && status.serving()) {
                found.addLeads(shard.id().value());
            }
            var traces = shard.reader().users().traces(user);
            traces.user().ifPresent(trace::setRecord);
            if (traces.any()) {
                found.addTraces(trace.setHeads(traces.heads())
                        .setChunks(traces.chunks())
                        .setOutcomes(traces.outcomes()));
            }
        }
        return found.build();
    }

    @Override
    public void eraseEntry(EraseEntryRequest request, StreamObserver<EraseEntryResponse> out) {
        replies.send(out, "EraseEntry", () -> {
            var user = callers.user(request.getClusterId(), request.getUser());
            var erase = DirectoryErase.newBuilder()
                    .setGeneration(request.getGeneration())
                    .addAllFound(request.getFoundList())
                    .build();
            return DirectoryService.entry(
                            directory(request.getShard()), Writes.proposal(RecordType.DIR_ERASE, user, null, erase))
                    .thenApply(entry -> EraseEntryResponse.newBuilder()
                            .setEntry(entry.entry())
                            .build());
        });
    }

    @Override
    public void endErasure(EndErasureRequest request, StreamObserver<EndErasureResponse> out) {
        replies.send(out, "EndErasure", () -> {
            var user = callers.user(request.getClusterId(), request.getUser());
            var directory = directory(request.getShard());
            return destroyKey(directory, user, request.getGeneration())
                    .thenCompose(gone -> {
                        var end = DirectoryErased.newBuilder()
                                .setGeneration(request.getGeneration())
                                .setKeyGone(gone)
                                .build();
                        return DirectoryService.entry(
                                directory, Writes.proposal(RecordType.DIR_ERASED, user, null, end));
                    })
                    .thenApply(entry -> EndErasureResponse.newBuilder()
                            .setEntry(entry.entry())
                            .build());
        });
    }

    /**
     * Before the erasure is noted to be over, for then his id may come to somebody else: so the key is looked for first, and is
     * his for certain if he is still being erased after that, by a read that no other primary can have overtaken.
     *
     * @return whether there is no key of his any more
     */
    private CompletableFuture<Boolean> destroyKey(ShardReplica directory, UserId user, long generation) {
        return CompletableFuture.supplyAsync(() -> box.keys().idOf(user), box.readers())
                .thenCompose(key -> Reads.read(
                                directory,
                                new ReadDemand.Linearizable(),
                                box.readers(),
                                reader -> isBeingErased(reader, user, generation))
                        .thenApplyAsync(
                                answer -> {
                                    if (answer.value()) {
                                        key.ifPresent(id -> box.keys().destroy(user, id));
                                    }
                                    return answer.value()
                                            && box.keys().hasSource()
                                            && box.keys().idOf(user).isEmpty();
                                },
                                box.readers()));
    }

    private static boolean isBeingErased(ShardReader directory, UserId user, long generation) {
        return directory
                .users()
                .entry(user)
                .filter(entry -> entry.getState() == DirectoryState.DIRECTORY_STATE_DELETED
                        && entry.getGeneration() == generation
                        && entry.getErasedAtMs() == 0)
                .isPresent();
    }

    private ShardReplica directory(int shard) {
        return box.routes().directory(Callers.shard("shard", shard));
    }

    private static ListStateResponse state(ShardReader reader, UserId user, ListStateRequest request, long nowMs) {
        var response = ListStateResponse.newBuilder();
        switch (request.getPartCase()) {
            case AFTER -> page(reader, user, request.getAfter(), nowMs, response);
            case CHANGED_SINCE -> changes(reader, user, request.getChangedSince(), nowMs, response);
            case PART_NOT_SET -> throw Requests.invalid("neither after nor changed_since is given");
        }
        // After the blobs: if he has not left by now, they were his.
        boolean his = reader.takesChanges(user);
        var known = reader.users().user(user).orElse(StoredUser.getDefaultInstance());
        return response.setGeneration(his ? known.getGeneration() : 0).build();
    }

    private static void page(
            ShardReader reader, UserId user, String after, long nowMs, ListStateResponse.Builder response) {
        response.setSequence(reader.appliedAt().seq()); // first
        var page = reader.exports().heads(user, after, "", PAGE);
        String last = "";
        for (var head : page.heads().entrySet()) {
            last = head.getKey();
            if (UserExport.isLive(head.getValue(), nowMs)) {
                response.addBlobs(Writes.head(user.value(), head.getKey(), head.getValue()));
            }
        }
        response.setMore(page.more()).setLast(last);
    }

    private static void changes(
            ShardReader reader, UserId user, long since, long nowMs, ListStateResponse.Builder response) {
        var changes = reader.changes().read(user, since);
        response.setTrimmed(changes.getTrimmed())
                .setSequence(changes.getSequence())
                .setMore(changes.getMore());
        for (var named : changes.getHeadsList()) {
            if (named.hasHead() && UserExport.isLive(named.getHead(), nowMs)) {
                response.addBlobs(Writes.head(user.value(), named.getName(), named.getHead()));
            } else {
                response.addRemoved(named.getName());
            }
        }
    }
}
