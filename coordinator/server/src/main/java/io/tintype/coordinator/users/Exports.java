// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.users;

import io.grpc.Deadline;
import io.tintype.cluster.directory.DirectoryClient;
import io.tintype.cluster.directory.UserHome;
import io.tintype.model.ShardId;
import io.tintype.model.UserId;
import io.tintype.proto.internal.v1.ExportPlace;
import io.tintype.proto.internal.v1.ListStateRequest;
import io.tintype.proto.internal.v1.ListStateResponse;
import io.tintype.proto.v1.ExportUserResponse;
import io.tintype.proto.v1.User;
import java.util.concurrent.CompletableFuture;

/**
 * Lists all that a user has at one moment: first his blobs in order, then, again and again until nothing is left, what
 * records of his shard's log touched since the first page was read. Keeps nothing between pages. Thread-safe; never blocks.
 */
public final class Exports {
    private final DirectoryClient directory;
    private final DataShards shards;
    private final ExportTokens tokens;

    /** Over parts that outlive this object. */
    public Exports(DirectoryClient directory, DataShards shards, String clusterId) {
        this.directory = directory;
        this.shards = shards;
        this.tokens = new ExportTokens(clusterId);
    }

    /** A page; {@code token} says which, empty: the first. */
    public CompletableFuture<ExportUserResponse> page(UserId user, String token, Deadline deadline) {
        var place = token.isEmpty() ? null : tokens.read(user, token);
        return directory.lookupLatest(user, deadline).thenCompose(home -> {
            if (place == null) {
                return listed(
                        user,
                        home,
                        ExportPlace.newBuilder().setShard(home.shard().value()),
                        true,
                        deadline);
            }
            if (place.getShard() != home.shard().value()) {
                throw ExportTokens.refusal("the user was moved to another shard meanwhile");
            }
            return place.getChanges()
                    ? changed(user, home, place.toBuilder(), deadline)
                    : listed(user, home, place.toBuilder(), false, deadline);
        });
    }

    private CompletableFuture<ExportUserResponse> listed(
            UserId user, UserHome home, ExportPlace.Builder place, boolean first, Deadline deadline) {
        var request = ListStateRequest.newBuilder().setUser(user.value()).setAfter(place.getAfter());
        return shards.listState(new ShardId(place.getShard()), request, deadline)
                .thenApply(part -> {
                    if (first) {
                        place.setSequence(part.getSequence()).setGeneration(part.getGeneration());
                    }
                    checkOwner(place, part);
                    if (part.getMore()) {
                        place.setAfter(part.getLast());
                    } else {
                        place.setChanges(true).clearAfter();
                    }
                    return page(user, home)
                            .addAllBlobs(part.getBlobsList())
                            .setNextPageToken(tokens.write(user, place))
                            .build();
                });
    }

    private CompletableFuture<ExportUserResponse> changed(
            UserId user, UserHome home, ExportPlace.Builder place, Deadline deadline) {
        var request = ListStateRequest.newBuilder().setUser(user.value()).setChangedSince(place.getSequence());
        return shards.listState(new ShardId(place.getShard()), request, deadline)
                .thenApply(part -> {
                    checkOwner(place, part);
                    if (part.getTrimmed()) {
                        throw ExportTokens.refusal("the log behind the first page was trimmed meanwhile");
                    }
                    var page = page(user, home).addAllBlobs(part.getBlobsList()).addAllRemoved(part.getRemovedList());
                    return part.getMore()
                            ? page.setNextPageToken(tokens.write(user, place.setSequence(part.getSequence())))
                                    .build()
                            : page.setSequence(part.getSequence()).build();
                });
    }

    /** Under another generation he has been away, and the log tells nothing of what happened there. */
    private static void checkOwner(ExportPlace.Builder place, ListStateResponse part) {
        if (place.getGeneration() != part.getGeneration()) {
            throw ExportTokens.refusal("the user was moved, or first wrote, meanwhile");
        }
    }

    private static ExportUserResponse.Builder page(UserId user, UserHome home) {
        return ExportUserResponse.newBuilder()
                .setUser(User.newBuilder()
                        .setId(user.value())
                        .setRegion(home.pool().region())
                        .setTier(home.pool().tier())
                        .setShard(home.shard().value())
                        .setGeneration(home.generation()));
    }
}
