// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.directory;

import io.grpc.Deadline;
import io.tintype.cluster.channel.ChannelSource;
import io.tintype.cluster.channel.GrpcLimits;
import io.tintype.model.PoolId;
import io.tintype.model.ShardId;
import io.tintype.model.UserId;
import io.tintype.proto.internal.v1.AbortMoveRequest;
import io.tintype.proto.internal.v1.AbortMoveResponse;
import io.tintype.proto.internal.v1.BeginMoveRequest;
import io.tintype.proto.internal.v1.BeginMoveResponse;
import io.tintype.proto.internal.v1.CommitMoveRequest;
import io.tintype.proto.internal.v1.CreateEntryRequest;
import io.tintype.proto.internal.v1.DirectoryEntry;
import io.tintype.proto.internal.v1.DirectoryGrpc;
import io.tintype.proto.internal.v1.EndErasureRequest;
import io.tintype.proto.internal.v1.EraseEntryRequest;
import io.tintype.proto.internal.v1.ErasedPlace;
import io.tintype.proto.internal.v1.GetEntryRequest;
import io.tintype.proto.internal.v1.MoveEnd;
import io.tintype.proto.internal.v1.RehomeEntryRequest;
import io.tintype.proto.internal.v1.UserDataGrpc;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * Asks the directory shards where a user lives, enters users there, and notes their moves and erasures. Thread-safe;
 * never blocks.
 *
 * <p>What it remembers of earlier answers, in {@link RememberedHomes}, is bounded and only a hint: {@link #invalidate}
 * it when a shard says otherwise. Every call goes, by {@link DirectoryCalls}, to the directory shard's primary, finds a
 * new one when that changes, and repeats until its deadline; all of them may be repeated without harm. Where a hint
 * will do, the other replicas are asked too once the primary is silent: a user is found while one is being elected.
 * Futures fail with {@link io.tintype.model.TintypeException}.
 */
public final class DirectoryClient {
    private final DirectoryCalls calls;
    private final String clusterId;
    private final RememberedHomes homes = new RememberedHomes();

    /** Over a locator and channels that outlive this object. */
    public DirectoryClient(DirectoryLocator locator, ChannelSource channels, String clusterId) {
        this.calls = new DirectoryCalls(locator, channels);
        this.clusterId = clusterId;
    }

    /**
     * The entry there is now, and whether the call made it.
     *
     * @param home where the user lives
     * @param created true for one of all who enter the user, and for none where that one's answer was lost and he tried again
     */
    public record Entered(UserHome home, boolean created) {}

    /**
     * Where the user lives, perhaps as remembered, or as {@link #lookupHint} finds. Of several callers at a time one asks. Fails
     * with USER_NOT_FOUND where he is not entered.
     */
    public CompletableFuture<UserHome> lookup(UserId user) {
        return homes.getOrAsk(user, () -> lookupHint(user, deadline()));
    }

    /** Where the user lives, if that is remembered; asks nobody. */
    public Optional<UserHome> remembered(UserId user) {
        return homes.get(user);
    }

    /** Where the user lives by the word of the directory's primary, now; remembered from then on. */
    public CompletableFuture<UserHome> lookupLatest(UserId user, Deadline deadline) {
        return entry(user, deadline).thenApply(UserHome::of);
    }

    /**
     * The same; but while the primary is silent by the word of any replica, which may be a minute old. That a user is not there
     * only the primary can say. Remembered from then on.
     */
    public CompletableFuture<UserHome> lookupHint(UserId user, Deadline deadline) {
        var found = lookupLatest(user, deadline);
        calls.whileSilent(user, found, replica -> {
            var request = question(replica, user).build();
            // The first that knows the user completes the answer, if nobody did before.
            var unused = calls.send(replica, DirectoryGrpc.getGetEntryMethod(), request, deadline)
                    .thenAccept(said -> found.complete(homes.remember(user, UserHome.of(said.getEntry()))));
        });
        return found;
    }

    /** Forgets what was remembered of a user, unless it is of a higher generation than what turned out wrong. */
    public void invalidate(UserId user, UserHome wrong) {
        homes.forget(user, wrong);
    }

    /** Enters a user, unless he is there; either way his entry is the answer. */
    public CompletableFuture<Entered> create(UserId user, ShardId home, PoolId pool, Deadline deadline) {
        return calls.toPrimary(
                        user,
                        deadline,
                        DirectoryGrpc.getCreateEntryMethod(),
                        place -> CreateEntryRequest.newBuilder()
                                .setClusterId(clusterId)
                                .setShard(place.shard().value())
                                .setUser(user.value())
                                .setHome(home.value())
                                .setPool(pool.toString())
                                .build())
                .thenApply(said -> new Entered(homes.remember(user, UserHome.of(said.getEntry())), said.getCreated()));
    }

    /**
     * Gives a user who owns nothing yet another home, on a shard of this pool, if his entry still has this generation; either
     * way his entry is the answer.
     */
    public CompletableFuture<UserHome> rehome(
            UserId user, long generation, ShardId home, PoolId pool, Deadline deadline) {
        return calls.toPrimary(
                        user,
                        deadline,
                        DirectoryGrpc.getRehomeEntryMethod(),
                        place -> RehomeEntryRequest.newBuilder()
                                .setClusterId(clusterId)
                                .setShard(place.shard().value())
                                .setUser(user.value())
                                .setGeneration(generation)
                                .setHome(home.value())
                                .setPool(pool.toString())
                                .build())
                .thenApply(answer -> homes.remember(user, UserHome.of(answer.getEntry())));
    }

    /** All that the directory's primary says of a user, now. */
    public CompletableFuture<DirectoryEntry> entry(UserId user, Deadline deadline) {
        return calls.toPrimary(
                        user,
                        deadline,
                        DirectoryGrpc.getGetEntryMethod(),
                        place -> question(place, user).setLatest(true).build())
                .thenApply(answer -> homes.learn(user, answer.getEntry()));
    }

    /** What a replica is asked for a user's entry; as it is, any may answer. */
    private GetEntryRequest.Builder question(DirectoryLocator.Place place, UserId user) {
        return GetEntryRequest.newBuilder()
                .setClusterId(clusterId)
                .setShard(place.shard().value())
                .setUser(user.value());
    }

    /** As {@link #entry}, of users who were erased too. */
    public CompletableFuture<DirectoryEntry> entryEvenErased(UserId user, Deadline deadline) {
        return calls.toPrimary(
                        user,
                        deadline,
                        DirectoryGrpc.getGetEntryMethod(),
                        place -> question(place, user)
                                .setLatest(true)
                                .setEvenErased(true)
                                .build())
                .thenApply(answer -> homes.learn(user, answer.getEntry()));
    }

    /** Erases a user if his entry has this generation; either way the entry is the answer. */
    public CompletableFuture<DirectoryEntry> erase(
            UserId user, long generation, List<ErasedPlace> found, Deadline deadline) {
        return calls.toPrimary(
                        user,
                        deadline,
                        UserDataGrpc.getEraseEntryMethod(),
                        place -> EraseEntryRequest.newBuilder()
                                .setClusterId(clusterId)
                                .setShard(place.shard().value())
                                .setUser(user.value())
                                .setGeneration(generation)
                                .addAllFound(found)
                                .build())
                .thenApply(answer -> homes.learn(user, answer.getEntry()));
    }

    /** Notes that nothing is left of a user who is erased under this generation; either way the entry is the answer. */
    public CompletableFuture<DirectoryEntry> endErasure(UserId user, long generation, Deadline deadline) {
        return calls.toPrimary(
                        user,
                        deadline,
                        UserDataGrpc.getEndErasureMethod(),
                        place -> EndErasureRequest.newBuilder()
                                .setClusterId(clusterId)
                                .setShard(place.shard().value())
                                .setUser(user.value())
                                .setGeneration(generation)
                                .build())
                .thenApply(answer -> homes.learn(user, answer.getEntry()));
    }

    /** Begins a move if the entry has this generation and no move is under way; either way the entry is the answer. */
    public CompletableFuture<BeginMoveResponse> beginMove(
            UserId user, long generation, ShardId to, PoolId pool, Deadline deadline) {
        return calls.toPrimary(
                user,
                deadline,
                DirectoryGrpc.getBeginMoveMethod(),
                place -> BeginMoveRequest.newBuilder()
                        .setClusterId(clusterId)
                        .setShard(place.shard().value())
                        .setUser(user.value())
                        .setGeneration(generation)
                        .setTo(to.value())
                        .setPool(pool.toString())
                        .build());
    }

    /** Makes a move final if it is under way; either way the entry is the answer. Only for the target. */
    public CompletableFuture<DirectoryEntry> commitMove(UserId user, long move, Deadline deadline) {
        return calls.toPrimary(
                        user,
                        deadline,
                        DirectoryGrpc.getCommitMoveMethod(),
                        place -> CommitMoveRequest.newBuilder()
                                .setClusterId(clusterId)
                                .setShard(place.shard().value())
                                .setUser(user.value())
                                .setMove(move)
                                .build())
                .thenApply(answer -> homes.learn(user, answer.getEntry()));
    }

    /** Gives a move up if it is under way; either way the entry is the answer. */
    public CompletableFuture<AbortMoveResponse> abortMove(UserId user, long move, MoveEnd why, Deadline deadline) {
        return calls.toPrimary(
                user,
                deadline,
                DirectoryGrpc.getAbortMoveMethod(),
                place -> AbortMoveRequest.newBuilder()
                        .setClusterId(clusterId)
                        .setShard(place.shard().value())
                        .setUser(user.value())
                        .setMove(move)
                        .setWhy(why)
                        .build());
    }

    private static Deadline deadline() {
        return Deadline.after(GrpcLimits.UNARY_DEADLINE.toMillis(), TimeUnit.MILLISECONDS);
    }
}
