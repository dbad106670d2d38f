// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.directory;

import com.github.benmanes.caffeine.cache.Caffeine;
import io.grpc.CallOptions;
import io.grpc.Deadline;
import io.grpc.MethodDescriptor;
import io.tintype.cluster.channel.ChannelSource;
import io.tintype.cluster.channel.GrpcLimits;
import io.tintype.cluster.channel.UnaryCalls;
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
import io.tintype.proto.internal.v1.DirectoryState;
import io.tintype.proto.internal.v1.EndErasureRequest;
import io.tintype.proto.internal.v1.EraseEntryRequest;
import io.tintype.proto.internal.v1.ErasedPlace;
import io.tintype.proto.internal.v1.GetEntryRequest;
import io.tintype.proto.internal.v1.GetEntryResponse;
import io.tintype.proto.internal.v1.MoveEnd;
import io.tintype.proto.internal.v1.RehomeEntryRequest;
import io.tintype.proto.internal.v1.UserDataGrpc;
import io.tintype.wire.Errors;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * Asks the directory shards where a user lives, and enters users there. Thread-safe; never blocks.
 *
 * <p>What it remembers of earlier answers is bounded and only a hint: {@link #invalidate} it when a shard says otherwise.
 * Every call goes to the directory shard's primary, finds a new one when that changes, and repeats until its deadline; all
 * of them may be repeated without harm. Where a hint will do, the other replicas are asked too once the primary is silent: a
 * user is found while one is being elected. Futures fail with {@link io.tintype.model.TintypeException}.
 */
public final class DirectoryClient {
    /** Most users remembered. */
    public static final int REMEMBERED_USERS = 100_000;

    /** For how long, at most. */
    public static final Duration REMEMBERED_FOR = Duration.ofMinutes(10);

    private static final Duration ONE_TRY = Duration.ofSeconds(2);

    /** The other replicas are asked after this time without an answer of the primary. */
    private static final Duration PATIENCE = Duration.ofMillis(150);

    private final DirectoryLocator locator;
    private final ChannelSource channels;
    private final String clusterId;
    private final ConcurrentMap<UserId, UserHome> remembered = Caffeine.newBuilder()
            .maximumSize(REMEMBERED_USERS)
            .expireAfterWrite(REMEMBERED_FOR)
            .<UserId, UserHome>build()
            .asMap();
    /** Questions under way; no more than there are callers waiting. */
    private final ConcurrentMap<UserId, CompletableFuture<UserHome>> asking = new ConcurrentHashMap<>();

    /** Over a locator and channels that outlive this object. */
    public DirectoryClient(DirectoryLocator locator, ChannelSource channels, String clusterId) {
        this.locator = locator;
        this.channels = channels;
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
        var known = remembered.get(user);
        if (known != null) {
            return CompletableFuture.completedFuture(known);
        }
        var mine = new CompletableFuture<UserHome>();
        var first = asking.putIfAbsent(user, mine);
        if (first != null) {
            return first.copy();
        }
        var unused = lookupHint(user, deadline()).whenComplete((home, failure) -> {
            asking.remove(user, mine);
            if (failure == null) {
                mine.complete(home);
            } else {
                mine.completeExceptionally(Errors.fromWire(failure));
            }
        });
        return mine.copy();
    }

    /** Where the user lives, if that is remembered; asks nobody. */
    public Optional<UserHome> remembered(UserId user) {
        return Optional.ofNullable(remembered.get(user));
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
        var replicas = locator.replicas(user);
        if (replicas.size() > 1) {
            CompletableFuture.delayedExecutor(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)
                    .execute(() -> askAll(replicas, user, deadline, found));
        }
        return found;
    }

    /** The first replica that knows the user completes the answer, if nobody did before. */
    private void askAll(
            List<DirectoryLocator.Place> replicas, UserId user, Deadline deadline, CompletableFuture<UserHome> answer) {
        if (answer.isDone()) {
            return;
        }
        for (var replica : replicas) {
            var unused = getEntry(replica, user, false, deadline)
                    .thenAccept(said -> answer.complete(remember(user, UserHome.of(said.getEntry()))));
        }
    }

    /** Forgets what was remembered of a user, unless it is of a higher generation than what turned out wrong. */
    public void invalidate(UserId user, UserHome wrong) {
        remembered.computeIfPresent(user, (key, home) -> home.generation() > wrong.generation() ? home : null);
    }

    /** Enters a user, unless he is there; either way his entry is the answer. */
    public CompletableFuture<Entered> create(UserId user, ShardId home, PoolId pool, Deadline deadline) {
        return call(
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
                .thenApply(answer -> new Entered(remember(user, UserHome.of(answer.getEntry())), answer.getCreated()));
    }

    /**
     * Gives a user who owns nothing yet another home, on a shard of this pool, if his entry still has this generation; either
     * way his entry is the answer.
     */
    public CompletableFuture<UserHome> rehome(
            UserId user, long generation, ShardId home, PoolId pool, Deadline deadline) {
        return call(
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
                .thenApply(answer -> remember(user, UserHome.of(answer.getEntry())));
    }

    /** All that the directory's primary says of a user, now. */
    public CompletableFuture<DirectoryEntry> entry(UserId user, Deadline deadline) {
        return Retries.run(
                        deadline,
                        attempt -> locator.locate(user, attempt > 0)
                                .thenCompose(place -> getEntry(place, user, true, deadline)))
                .thenApply(answer -> remembered(user, answer.getEntry()));
    }

    private CompletableFuture<GetEntryResponse> getEntry(
            DirectoryLocator.Place place, UserId user, boolean latest, Deadline deadline) {
        return send(
                place,
                DirectoryGrpc.getGetEntryMethod(),
                GetEntryRequest.newBuilder()
                        .setClusterId(clusterId)
                        .setShard(place.shard().value())
                        .setUser(user.value())
                        .setLatest(latest)
                        .build(),
                deadline);
    }

    /** As {@link #entry}, of users who were erased too. */
    public CompletableFuture<DirectoryEntry> entryEvenErased(UserId user, Deadline deadline) {
        return call(
                        user,
                        deadline,
                        DirectoryGrpc.getGetEntryMethod(),
                        place -> GetEntryRequest.newBuilder()
                                .setClusterId(clusterId)
                                .setShard(place.shard().value())
                                .setUser(user.value())
                                .setLatest(true)
                                .setEvenErased(true)
                                .build())
                .thenApply(answer -> remembered(user, answer.getEntry()));
    }

    /** Erases a user if his entry has this generation; either way the entry is the answer. */
    public CompletableFuture<DirectoryEntry> erase(
            UserId user, long generation, List<ErasedPlace> found, Deadline deadline) {
        return call(
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
                .thenApply(answer -> remembered(user, answer.getEntry()));
    }

    /** Notes that nothing is left of a user who is erased under this generation; either way the entry is the answer. */
    public CompletableFuture<DirectoryEntry> endErasure(UserId user, long generation, Deadline deadline) {
        return call(
                        user,
                        deadline,
                        UserDataGrpc.getEndErasureMethod(),
                        place -> EndErasureRequest.newBuilder()
                                .setClusterId(clusterId)
                                .setShard(place.shard().value())
                                .setUser(user.value())
                                .setGeneration(generation)
                                .build())
                .thenApply(answer -> remembered(user, answer.getEntry()));
    }

    /** Begins a move if the entry has this generation and no move is under way; either way the entry is the answer. */
    public CompletableFuture<BeginMoveResponse> beginMove(
            UserId user, long generation, ShardId to, PoolId pool, Deadline deadline) {
        return call(
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
        return call(
                        user,
                        deadline,
                        DirectoryGrpc.getCommitMoveMethod(),
                        place -> CommitMoveRequest.newBuilder()
                                .setClusterId(clusterId)
                                .setShard(place.shard().value())
                                .setUser(user.value())
                                .setMove(move)
                                .build())
                .thenApply(answer -> remembered(user, answer.getEntry()));
    }

    /** Gives a move up if it is under way; either way the entry is the answer. */
    public CompletableFuture<AbortMoveResponse> abortMove(UserId user, long move, MoveEnd why, Deadline deadline) {
        return call(
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

    private DirectoryEntry remembered(UserId user, DirectoryEntry entry) {
        if (entry.getState() == DirectoryState.DIRECTORY_STATE_DELETED) {
            remembered.remove(user);
        } else {
            remember(user, UserHome.of(entry));
        }
        return entry;
    }

    private <Q, A> CompletableFuture<A> call(
            UserId user,
            Deadline deadline,
            MethodDescriptor<Q, A> method,
            Function<DirectoryLocator.Place, Q> request) {
        return Retries.run(
                deadline,
                attempt -> locator.locate(user, attempt > 0)
                        .thenCompose(place -> send(place, method, request.apply(place), deadline)));
    }

    private <Q, A> CompletableFuture<A> send(
            DirectoryLocator.Place place, MethodDescriptor<Q, A> method, Q request, Deadline deadline) {
        return UnaryCalls.start(
                channels.to(place.peerAddress()),
                method,
                CallOptions.DEFAULT.withDeadline(
                        deadline.minimum(Deadline.after(ONE_TRY.toMillis(), TimeUnit.MILLISECONDS))),
                request);
    }

    private UserHome remember(UserId user, UserHome home) {
        return remembered.merge(user, home, (known, news) -> news.generation() >= known.generation() ? news : known);
    }

    private static Deadline deadline() {
        return Deadline.after(GrpcLimits.UNARY_DEADLINE.toMillis(), TimeUnit.MILLISECONDS);
    }
}
