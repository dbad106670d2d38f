// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.users;

import io.grpc.Deadline;
import io.tintype.cluster.directory.DirectoryClient;
import io.tintype.cluster.directory.UserHome;
import io.tintype.cluster.map.ClusterView;
import io.tintype.cluster.placement.PoolRules;
import io.tintype.coordinator.route.HomeMaker;
import io.tintype.model.PoolId;
import io.tintype.model.Reason;
import io.tintype.model.ShardId;
import io.tintype.model.TintypeException;
import io.tintype.model.UserId;
import io.tintype.wire.Errors;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * Registers users: enters them in the directory and has the chosen shard claim them. Thread-safe; never blocks.
 *
 * <p>Of several coordinators that register one user at a time, the directory lets one win and all answer his home. Whether
 * a shard has room is the shard's to say: where it has none, the user gets another home.
 */
public final class Registrar implements HomeMaker {
    /** Full shards that one registration puts up with before it gives up. */
    private static final int MAX_REHOMINGS = 16;

    private static final Duration SHARDS_RETRY = Duration.ofSeconds(1);

    private final Supplier<ClusterView> view;
    private final DirectoryClient directory;
    private final DataShards shards;
    private final ShardRoom room;
    private final PoolId policy;

    /**
     * @param view the map and pools, kept current by others
     * @param directory where users are entered
     * @param shards how shards are asked and what is known of their room
     * @param policy the pool of users who were not registered with one
     */
    public Registrar(Supplier<ClusterView> view, DirectoryClient directory, DataShards shards, PoolId policy) {
        this.view = view;
        this.directory = directory;
        this.shards = shards;
        this.room = new ShardRoom(view, shards);
        this.policy = policy;
    }

    /** The pool of users who were not registered with one. */
    public PoolId policy() {
        return policy;
    }

    /** What is known of the room in shards. */
    ShardRoom room() {
        return room;
    }

    @Override
    public CompletableFuture<UserHome> register(UserId user, Deadline deadline) {
        return register(user, policy, deadline).thenApply(DirectoryClient.Entered::home);
    }

    /**
     * Registers a user in a pool, unless he is registered; either way his entry is the answer, and his shard has claimed
     * him. Fails with POOL_NOT_FOUND or POOL_FULL, with the remedy in the text.
     */
    public CompletableFuture<DirectoryClient.Entered> register(UserId user, PoolId pool, Deadline deadline) {
        return choose(pool)
                .thenCompose(home -> directory.create(user, home, pool, deadline))
                .thenCompose(entered -> claim(user, entered.home(), pool, deadline, 0)
                        .thenApply(home -> new DirectoryClient.Entered(home, entered.created())));
    }

    /**
     * Has the home of a user who is entered claim him, unless it has: whoever entered him may have died in between, or
     * found it full. Yields his home, which is another one, of the wanted pool, where the first was full.
     */
    public CompletableFuture<UserHome> settle(UserId user, UserHome home, PoolId wanted, Deadline deadline) {
        return claim(user, home, wanted, deadline, 0);
    }

    @Override
    public CompletableFuture<UserHome> rehome(UserId user, UserHome full, Deadline deadline) {
        return rehome(user, full, full.pool(), deadline, 0);
    }

    /** Perhaps to the same shard: that it refused him under one generation it keeps, whatever room it has by now. */
    private CompletableFuture<UserHome> rehome(
            UserId user, UserHome full, PoolId pool, Deadline deadline, int rehomings) {
        room.markFull(full.shard());
        if (rehomings >= MAX_REHOMINGS) {
            return CompletableFuture.failedFuture(poolFull(pool));
        }
        return choose(pool)
                .thenCompose(shard -> {
                    RecordGate.requireRehomeToPool(view.get(), user, full.pool(), pool);
                    return directory.rehome(user, full.generation(), shard, pool, deadline);
                })
                .thenCompose(home -> claim(user, home, pool, deadline, rehomings + 1));
    }

    private CompletableFuture<UserHome> claim(
            UserId user, UserHome home, PoolId pool, Deadline deadline, int rehomings) {
        return shards.claim(user, home.shard(), deadline)
                .thenApply(generation -> home)
                .exceptionallyCompose(failure -> {
                    var cause = Errors.fromWire(failure);
                    return switch (cause.reason()) {
                        case SHARD_FULL -> rehome(user, home, pool, deadline, rehomings);
                        case WRONG_SHARD ->
                            directory
                                    .lookupLatest(user, deadline)
                                    .thenCompose(latest ->
                                            latest.generation() > home.generation() && rehomings < MAX_REHOMINGS
                                                    ? claim(user, latest, pool, deadline, rehomings + 1)
                                                    : CompletableFuture.failedFuture(cause));
                        default -> CompletableFuture.failedFuture(cause);
                    };
                });
    }

    /** The rules of a pool; throws {@link TintypeException} POOL_NOT_FOUND, with the remedy, where there is none. */
    public PoolRules rules(PoolId pool) {
        var now = view.get();
        var rules = now.pools().get(pool);
        if (rules == null) {
            throw new TintypeException(
                    Reason.POOL_NOT_FOUND,
                    "There is no pool " + pool + ". Create it, or register the user with a region and tier of: "
                            + known(now) + ".");
        }
        return rules;
    }

    private CompletableFuture<ShardId> choose(PoolId pool) {
        PoolRules rules;
        try {
            rules = rules(pool);
        } catch (TintypeException e) {
            return CompletableFuture.failedFuture(e);
        }
        if (!room.hasShards(rules)) {
            return CompletableFuture.failedFuture(new TintypeException(
                    Reason.UNAVAILABLE,
                    "Pool " + pool + " has no shards yet. The controller makes them as soon as "
                            + rules.replicationFactor() + " storage nodes are live in region " + rules.servingRegion()
                            + (rules.labels().isEmpty() ? "" : " with labels " + String.join(", ", rules.labels()))
                            + (rules.zonesRequired() ? ", each in a zone of its own." : "."),
                    SHARDS_RETRY));
        }
        return room.choose(rules, shard -> true).thenApply(shard -> shard.orElseThrow(() -> poolFull(pool)));
    }

    private static String known(ClusterView view) {
        return view.pools().isEmpty()
                ? "(none yet: the controller makes the first pool once as many storage nodes are live as it is to have replicas,"
                        + " control.replicationFactor)"
                : view.pools().keySet().stream().sorted().map(PoolId::toString).collect(Collectors.joining(", "));
    }

    private static TintypeException poolFull(PoolId pool) {
        return new TintypeException(
                Reason.POOL_FULL,
                "No shard of pool " + pool + " has room for another user. The controller adds shards while region "
                        + pool.region() + " has nodes for them: try again in a minute. Else raise --users-per-shard or"
                        + " --bytes-per-shard by 'tintype pool change', or register the user in another pool.");
    }
}
