// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.users;

import io.grpc.Deadline;
import io.tintype.cluster.directory.DirectoryClient;
import io.tintype.cluster.map.ClusterView;
import io.tintype.cluster.placement.PoolRules;
import io.tintype.model.PoolId;
import io.tintype.model.Reason;
import io.tintype.model.ShardId;
import io.tintype.model.ShardInfo;
import io.tintype.model.TintypeException;
import io.tintype.model.UserId;
import io.tintype.proto.internal.v1.DescribeMoveResponse;
import io.tintype.proto.internal.v1.DirectoryEntry;
import io.tintype.proto.internal.v1.DirectoryState;
import io.tintype.proto.internal.v1.GetUserUsageResponse;
import io.tintype.proto.internal.v1.MoveEnd;
import io.tintype.proto.v1.ListMovesRequest;
import io.tintype.proto.v1.ListMovesResponse;
import io.tintype.proto.v1.ListUsersResponse;
import io.tintype.proto.v1.Move;
import io.tintype.proto.v1.MoveUserRequest;
import io.tintype.proto.v1.MoveUserResponse;
import io.tintype.proto.v1.UserOnShard;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Begins moves of users, looks after them for whoever asks, and gives them up. A move needs none of this to go on: the
 * shards do it among themselves. Thread-safe; never blocks.
 */
public final class Moves {
    private final Supplier<ClusterView> view;
    private final DirectoryClient directory;
    private final DataShards shards;
    private final Registrar registrar;

    /** Over parts that outlive this object. */
    public Moves(Supplier<ClusterView> view, DirectoryClient directory, DataShards shards, Registrar registrar) {
        this.view = view;
        this.directory = directory;
        this.shards = shards;
        this.registrar = registrar;
    }

    /**
     * Where a user is to go.
     *
     * @param pool the pool
     * @param shard the shard, if it matters which
     */
    private record Destination(PoolId pool, Optional<ShardId> shard) {
        boolean isAt(int home, String homePool) {
            return shard.map(wanted -> wanted.value() == home)
                    .orElse(pool.toString().equals(homePool));
        }
    }

    /** Begins a move, unless it is under way or there is nothing to move; of two who begin different ones, one wins. */
    public CompletableFuture<MoveUserResponse> move(UserId user, MoveUserRequest request, Deadline deadline) {
        if (request.getRegion().isEmpty() && request.getTier().isEmpty() && request.getShard() == 0) {
            throw new TintypeException(
                    Reason.INVALID_ARGUMENT,
                    "none of region, tier and shard is given; say where user '" + user + "' is to live");
        }
        return directory.entry(user, deadline).thenCompose(entry -> {
            var to = destination(request, entry);
            if (isMoving(entry)) {
                return underWay(user, entry, to, deadline);
            }
            if (to.isAt(entry.getHome(), entry.getPool())) {
                return answer(user, entry, false, deadline);
            }
            return begin(user, entry, to, deadline);
        });
    }

    private CompletableFuture<MoveUserResponse> underWay(
            UserId user, DirectoryEntry entry, Destination to, Deadline deadline) {
        return to.isAt(entry.getTo(), entry.getToPool())
                ? answer(user, entry, false, deadline)
                : CompletableFuture.failedFuture(new TintypeException(
                        Reason.MOVE_CONFLICT,
                        "User '" + user + "' is being moved to shard " + entry.getTo() + " of pool " + entry.getToPool()
                                + " already. Wait for that move to end, or abort it first."));
    }

    private CompletableFuture<MoveUserResponse> begin(
            UserId user, DirectoryEntry entry, Destination to, Deadline deadline) {
        var home = new ShardId(entry.getHome());
        return shards.claim(user, home, deadline)
                .thenCompose(claimed -> shards.usage(user, home, deadline))
                .thenAccept(usage -> checkQuota(user, to.pool(), usage))
                .thenCompose(fits -> target(to, home, deadline))
                .thenCompose(target -> directory
                        .beginMove(user, entry.getGeneration(), target, to.pool(), deadline)
                        .thenCompose(answer -> {
                            if (!answer.getBegun()) {
                                return notBegun(user, answer.getEntry(), to, deadline);
                            }
                            var unused = shards.settle(user, target, deadline).exceptionally(failure -> null);
                            return answer(user, answer.getEntry(), true, deadline);
                        }));
    }

    /** Somebody else has changed the entry meanwhile. */
    private CompletableFuture<MoveUserResponse> notBegun(
            UserId user, DirectoryEntry now, Destination to, Deadline deadline) {
        if (isMoving(now)) {
            return underWay(user, now, to, deadline);
        }
        return to.isAt(now.getHome(), now.getPool())
                ? answer(user, now, false, deadline)
                : CompletableFuture.failedFuture(new TintypeException(
                        Reason.MOVE_CONFLICT,
                        "User '" + user + "' was moved to shard " + now.getHome()
                                + " at the same moment. Look where he is, and move him again."));
    }

    private CompletableFuture<ShardId> target(Destination to, ShardId home, Deadline deadline) {
        var rules = registrar.rules(to.pool());
        if (to.shard().isPresent()) {
            var shard = to.shard().get();
            return shards.describe(shard, deadline).thenApply(held -> {
                if (held.getUsers() >= rules.usersPerShard()) {
                    throw full(shard, held.getUsers());
                }
                return shard;
            });
        }
        return registrar
                .room()
                .choose(rules, shard -> !shard.equals(home))
                .thenApply(shard -> shard.orElseThrow(() -> poolFull(rules)));
    }

    /** A quota of his own goes with him; else the target pool's has to be enough for what he has. */
    private void checkQuota(UserId user, PoolId pool, GetUserUsageResponse usage) {
        var quota = registrar.rules(pool).quota();
        boolean bytes = quota.bytes() != 0 && usage.getBytes() > quota.bytes();
        boolean blobs = quota.blobs() != 0 && usage.getBlobs() > quota.blobs();
        if (!usage.getOwnQuota() && (bytes || blobs)) {
            throw new TintypeException(
                    Reason.QUOTA_EXCEEDED,
                    "User '" + user + "' has " + usage.getBlobs() + " blobs of " + usage.getBytes()
                            + " bytes, and pool "
                            + pool + " grants " + quota.blobs() + " blobs and " + quota.bytes()
                            + " bytes (0: no limit). Raise the pool's quota, give him one of his own, or let him"
                            + " delete some first.");
        }
    }

    private Destination destination(MoveUserRequest request, DirectoryEntry entry) {
        var present = PoolId.parse(entry.getPool());
        if (request.getShard() == 0) {
            var pool = new PoolId(
                    request.getRegion().isEmpty() ? present.region() : request.getRegion(),
                    request.getTier().isEmpty() ? present.tier() : request.getTier());
            registrar.rules(pool);
            return new Destination(pool, Optional.empty());
        }
        var shard = dataShard(request.getShard());
        boolean otherRegion = !request.getRegion().isEmpty()
                && !request.getRegion().equals(shard.pool().region());
        boolean otherTier = !request.getTier().isEmpty()
                && !request.getTier().equals(shard.pool().tier());
        if (otherRegion || otherTier) {
            throw new TintypeException(
                    Reason.INVALID_ARGUMENT,
                    "shard " + shard.id() + " belongs to pool " + shard.pool()
                            + ", not to the region and tier given; leave these out");
        }
        return new Destination(shard.pool(), Optional.of(shard.id()));
    }

    private ShardInfo dataShard(int id) {
        var known = id <= 0 ? Optional.<ShardInfo>empty() : view.get().map().shard(new ShardId(id));
        if (known.isEmpty()) {
            throw new TintypeException(
                    Reason.SHARD_NOT_FOUND,
                    "There is no shard " + Integer.toUnsignedString(id)
                            + ". List the shards there are, and name one of them.");
        }
        if (known.get().directory()) {
            throw new TintypeException(
                    Reason.INVALID_ARGUMENT,
                    "shard is " + id + ", which keeps the directory; users live on the shards of pools");
        }
        return known.get();
    }

    /** How far a user's move is. */
    public CompletableFuture<Move> get(UserId user, Deadline deadline) {
        return directory.entry(user, deadline).thenCompose(entry -> show(user, entry, deadline));
    }

    /** Gives a move up. */
    public CompletableFuture<Move> abort(UserId user, Deadline deadline) {
        return directory.entry(user, deadline).thenCompose(entry -> {
            if (!isMoving(entry)) {
                return CompletableFuture.failedFuture(noMove(user, entry));
            }
            return directory
                    .abortMove(user, entry.getMove(), MoveEnd.MOVE_END_CANCELLED, deadline)
                    .thenCompose(answer -> {
                        var now = answer.getEntry();
                        if (now.getLastMove() != entry.getMove() || now.getLastEnd() == MoveEnd.MOVE_END_COMMITTED) {
                            return CompletableFuture.failedFuture(noMove(user, now));
                        }
                        // Both find out by themselves, only later.
                        var target = shards.settle(user, new ShardId(entry.getTo()), deadline);
                        var source = shards.settle(user, new ShardId(entry.getHome()), deadline);
                        var unused = CompletableFuture.allOf(target, source).exceptionally(failure -> null);
                        return show(user, now, deadline);
                    });
        });
    }

    /** Moves that are under way. */
    public CompletableFuture<ListMovesResponse> list(ListMovesRequest request, Deadline deadline) {
        var directories = view.get()
                .map()
                .shards()
                .filter(ShardInfo::directory)
                .map(ShardInfo::id)
                .sorted()
                .toList();
        return new MoveLists(directories, (shard, after, max) -> shards.moves(shard, after, max, deadline))
                .list(request);
    }

    /** Some of the users who live on a shard. */
    public CompletableFuture<ListUsersResponse> users(int shard, String after, Deadline deadline) {
        return shards.users(dataShard(shard).id(), after, deadline).thenApply(page -> {
            var list = ListUsersResponse.newBuilder();
            page.getUsersList()
                    .forEach(one -> list.addUsers(UserOnShard.newBuilder()
                            .setUser(one.getUser())
                            .setBlobs(one.getRecord().getBlobs())
                            .setBytes(one.getRecord().getBytes())));
            if (page.getMore() && page.getUsersCount() > 0) {
                list.setNextPageToken(page.getUsers(page.getUsersCount() - 1).getUser());
            }
            return list.build();
        });
    }

    private CompletableFuture<MoveUserResponse> answer(
            UserId user, DirectoryEntry entry, boolean begun, Deadline deadline) {
        return show(user, entry, deadline)
                .thenApply(move -> MoveUserResponse.newBuilder()
                        .setMove(move)
                        .setBegun(begun)
                        .build());
    }

    /** The entry, with what the target says where it can be asked. */
    private CompletableFuture<Move> show(UserId user, DirectoryEntry entry, Deadline deadline) {
        if (!isMoving(entry)) {
            return CompletableFuture.completedFuture(MoveViews.of(user, entry, null));
        }
        var soon = deadline.minimum(Deadline.after(1, TimeUnit.SECONDS));
        return shards.describeMove(user, new ShardId(entry.getTo()), soon)
                .exceptionally(failure -> DescribeMoveResponse.getDefaultInstance())
                .thenApply(target -> MoveViews.of(user, entry, target));
    }

    private static boolean isMoving(DirectoryEntry entry) {
        return entry.getState() == DirectoryState.DIRECTORY_STATE_MOVING;
    }

    private static TintypeException noMove(UserId user, DirectoryEntry entry) {
        return new TintypeException(
                Reason.MOVE_NOT_FOUND,
                "User '" + user + "' is not being moved; he lives on shard " + entry.getHome() + " of pool "
                        + entry.getPool() + ".");
    }

    private static TintypeException full(ShardId shard, long users) {
        return new TintypeException(
                Reason.SHARD_FULL,
                "Shard " + shard + " holds " + users
                        + " users, which is its limit. Name another shard, or only the pool.");
    }

    private static TintypeException poolFull(PoolRules rules) {
        return new TintypeException(
                Reason.POOL_FULL,
                "No other shard of pool " + rules.id()
                        + " has room for another user. Name another pool, or give this one"
                        + " more shards or more users per shard.");
    }
}
