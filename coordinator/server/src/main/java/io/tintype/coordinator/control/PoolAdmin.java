// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.control;

import io.tintype.cluster.map.ClusterView;
import io.tintype.cluster.map.PoolZnodes;
import io.tintype.cluster.placement.PoolRules;
import io.tintype.cluster.zk.Versioned;
import io.tintype.coordinator.route.InBatches;
import io.tintype.model.NodeId;
import io.tintype.model.PoolId;
import io.tintype.model.Reason;
import io.tintype.model.ShardId;
import io.tintype.model.TintypeException;
import io.tintype.proto.v1.ChangePoolRequest;
import io.tintype.proto.v1.ChangePoolResponse;
import io.tintype.proto.v1.GetPoolResponse;
import io.tintype.proto.v1.PoolShardEffect;
import java.time.Duration;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What operators ask of pools. Thread-safe; never blocks. */
final class PoolAdmin {
    /** How often a change is tried again because somebody else changed the pool meanwhile. */
    private static final int MAX_TRIES = 5;

    /** Shards that a refusal names. */
    private static final int NAMED = 8;

    private static final Duration CHANGED_RETRY = Duration.ofSeconds(1);

    private static final Logger log = LoggerFactory.getLogger(PoolAdmin.class);

    private final Supplier<ClusterView> view;
    private final PoolZnodes pools;
    private final PoolQuestions questions;

    PoolAdmin(Supplier<ClusterView> view, PoolZnodes pools, PoolQuestions questions) {
        this.view = view;
        this.pools = pools;
        this.questions = questions;
    }

    /** The rules of a pool as they are now; fails with POOL_NOT_FOUND, which names the pools there are. */
    CompletableFuture<Versioned<PoolRules>> find(PoolId pool) {
        return pools.read(pool)
                .thenApply(found -> found.orElseThrow(() -> new TintypeException(
                        Reason.POOL_NOT_FOUND,
                        "There is no pool " + pool + ". There are: "
                                + view.get().pools().keySet().stream()
                                        .sorted()
                                        .map(PoolId::toString)
                                        .collect(Collectors.joining(", "))
                                + ".")));
    }

    // ---- show

    CompletableFuture<GetPoolResponse> get(PoolId pool) {
        return find(pool).thenCompose(rules -> {
            var now = view.get();
            var data = PoolChange.shards(now, pool).stream()
                    .filter(PoolChange::isData)
                    .toList();
            return InBatches.run(data, shard -> questions.show(now, shard))
                    .thenApply(shown -> GetPoolResponse.newBuilder()
                            .setPool(rules.value().toWire())
                            .addAllShards(shown)
                            .build());
        });
    }

    // ---- change

    CompletableFuture<ChangePoolResponse> change(ChangePoolRequest request) {
        return change(request, MAX_TRIES);
    }

    private CompletableFuture<ChangePoolResponse> change(ChangePoolRequest request, int tries) {
        var pool = new PoolId(request.getRegion(), request.getTier());
        return find(pool).thenCompose(found -> {
            var before = found.value();
            var after = PoolChange.merge(before, request);
            var now = view.get();
            PoolChange.requireNodes(now, before, after);
            return effect(now, before, after).thenCompose(effect -> {
                if (request.getPreview() || after.equals(before)) {
                    return CompletableFuture.completedFuture(effect.build());
                }
                if (!request.getAllowOverLimit()) {
                    requireRoom(effect);
                }
                return pools.replace(found.version(), after).thenCompose(made -> {
                    if (made) {
                        return CompletableFuture.completedFuture(
                                effect.setChanged(true).build());
                    }
                    if (tries == 1) {
                        throw new TintypeException(
                                Reason.UNAVAILABLE,
                                "Others keep changing pool " + pool + "; try again.",
                                CHANGED_RETRY);
                    }
                    return change(request, tries - 1);
                });
            });
        });
    }

    private CompletableFuture<ChangePoolResponse.Builder> effect(ClusterView now, PoolRules before, PoolRules after) {
        var data = PoolChange.shards(now, after.id()).stream()
                .filter(PoolChange::isData)
                .map(shard -> new ShardId(shard.getShard()))
                .collect(Collectors.toSet());
        var answer = ChangePoolResponse.newBuilder().setBefore(before.toWire()).setAfter(after.toWire());
        var effects = new TreeMap<ShardId, PoolShardEffect.Builder>();
        return InBatches.run(
                        PoolChange.moves(now, after),
                        moved -> effect(moved, before, after, data.contains(moved.shard())))
                .thenCompose(moved -> {
                    moved.forEach(effect -> effects.put(new ShardId(effect.getShard()), effect));
                    return overQuota(before, after, List.copyOf(data));
                })
                .thenApply(counts -> {
                    for (var over : counts) {
                        answer.setUsersOverQuota(answer.getUsersOverQuota() + over.users());
                        if (!over.error().isEmpty()) {
                            effects.computeIfAbsent(over.shard(), PoolAdmin::nothing)
                                    .setError(over.error());
                        }
                    }
                    effects.values().stream().filter(PoolAdmin::isAny).forEach(answer::addEffects);
                    return answer;
                });
    }

    private static PoolShardEffect.Builder nothing(ShardId shard) {
        return PoolShardEffect.newBuilder().setShard(shard.value());
    }

    /** The shard is asked only where what it holds matters. */
    private CompletableFuture<PoolShardEffect.Builder> effect(
            PoolChange.Moved moved, PoolRules before, PoolRules after, boolean isData) {
        var effect = nothing(moved.shard())
                .addAllAdded(moved.added().stream().map(NodeId::value).toList())
                .addAllRemoved(moved.removed().stream().map(NodeId::value).toList());
        if (moved.added().isEmpty() && !(isData && PoolChange.lowersLimits(before, after))) {
            return CompletableFuture.completedFuture(effect);
        }
        return questions.described(moved.shard()).thenApply(told -> {
            effect.setBytes(told.answer().getBytes()).setError(told.error());
            if (isData) {
                effect.setUsersOverLimit(over(
                                before.usersPerShard(),
                                after.usersPerShard(),
                                told.answer().getUsers()))
                        .setBytesOverLimit(over(
                                before.capacity().bytesPerShard(),
                                after.capacity().bytesPerShard(),
                                told.answer().getBytes()));
            }
            return effect;
        });
    }

    /** What is held beyond a limit that is lowered: one that is not is none the worse for it. */
    private static long over(long before, long after, long held) {
        return PoolChange.isLowered(before, after) ? Math.max(0, held - after) : 0;
    }

    private static boolean isAny(PoolShardEffect.Builder effect) {
        return effect.getAddedCount() + effect.getRemovedCount() > 0
                || effect.getUsersOverLimit() > 0
                || effect.getBytesOverLimit() > 0
                || !effect.getError().isEmpty();
    }

    private CompletableFuture<List<PoolQuestions.Over>> overQuota(
            PoolRules before, PoolRules after, List<ShardId> data) {
        return PoolChange.lowersQuota(before, after)
                ? InBatches.run(data, shard -> questions.countOver(shard, after.quota()))
                : CompletableFuture.completedFuture(List.of());
    }

    private static void requireRoom(ChangePoolResponse.Builder effect) {
        require(
                effect,
                "users_per_shard",
                effect.getAfter().getUsersPerShard(),
                PoolShardEffect::getUsersOverLimit,
                "users");
        require(
                effect,
                "bytes_per_shard",
                effect.getAfter().getBytesPerShard(),
                PoolShardEffect::getBytesOverLimit,
                "bytes");
        if (effect.getUsersOverQuota() > 0) {
            throw new TintypeException(
                    Reason.POOL_IN_USE,
                    effect.getUsersOverQuota()
                            + " users have more than the new quota. They would keep it and be refused"
                            + " more: pass allow_over_limit (--allow-over-limit) if that is meant.");
        }
    }

    private static void require(
            ChangePoolResponse.Builder effect,
            String field,
            long limit,
            Function<PoolShardEffect, Long> over,
            String what) {
        var full = effect.getEffectsList().stream()
                .filter(shard -> over.apply(shard) > 0)
                .toList();
        if (!full.isEmpty()) {
            throw new TintypeException(
                    Reason.POOL_IN_USE,
                    field + " is " + limit + ", but shards hold more already: "
                            + full.stream()
                                    .limit(NAMED)
                                    .map(shard -> "shard " + shard.getShard() + " " + (limit + over.apply(shard)))
                                    .collect(Collectors.joining(", "))
                            + (full.size() > NAMED ? " and " + (full.size() - NAMED) + " others" : "")
                            + " " + what + ". Nobody would be turned out, but they take nobody more: pass"
                            + " allow_over_limit (--allow-over-limit) if that is meant.");
        }
    }

    // ---- remove

    CompletableFuture<Void> delete(PoolId pool) {
        return find(pool).thenCompose(found -> {
            var there = PoolChange.shards(view.get(), pool);
            if (!there.isEmpty()) {
                throw inUse(
                        pool,
                        there.size() + " shards, the first of which is shard "
                                + there.get(0).getShard());
            }
            return pools.delete(pool, found.version()).thenAccept(removal -> {
                switch (removal) {
                    case REMOVED -> log.info("audit: pool {} is removed", pool);
                    case HAS_SHARDS -> throw inUse(pool, "shards since a moment ago");
                    case CHANGED ->
                        throw new TintypeException(
                                Reason.UNAVAILABLE,
                                "Pool " + pool + " was changed, or shards were made, at the same moment; try again.",
                                CHANGED_RETRY);
                }
            });
        });
    }

    private static TintypeException inUse(PoolId pool, String what) {
        return new TintypeException(
                Reason.POOL_IN_USE, "Pool " + pool + " has " + what + ". A pool is removed before it has shards only.");
    }
}
