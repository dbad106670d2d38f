// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.rpc;

import io.grpc.stub.StreamObserver;
import io.tintype.model.UserId;
import io.tintype.proto.internal.v1.ListStateRequest;
import io.tintype.proto.internal.v1.ListStateResponse;
import io.tintype.proto.internal.v1.StoredUser;
import io.tintype.proto.internal.v1.UserDataGrpc;
import io.tintype.storage.blob.ShardReader;
import io.tintype.storage.blob.UserExport;
import io.tintype.storage.shard.ReadDemand;

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
                            reader -> state(reader, user, request, box.clock().millis()))
                    .thenApply(Reads.Answer::value);
        });
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
        var known = reader.user(user).orElse(StoredUser.getDefaultInstance());
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
