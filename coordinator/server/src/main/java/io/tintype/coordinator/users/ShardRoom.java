// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.users;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.grpc.Deadline;
import io.tintype.cluster.map.ClusterView;
import io.tintype.cluster.placement.PoolRules;
import io.tintype.cluster.placement.ShardChoice;
import io.tintype.cluster.placement.ShardChoice.ShardLoad;
import io.tintype.model.PoolId;
import io.tintype.model.ShardId;
import io.tintype.model.ShardInfo;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * Finds shards with room for a user: by what they were last heard to hold, and where that says that there is none, by asking
 * them. Only a hint: whether a shard has room is the shard's to say. Thread-safe; never blocks.
 */
final class ShardRoom {
    /** Most shards and pools of which anything is remembered. */
    private static final int REMEMBERED = 100_000;

    /** A shard that said it was full is left alone for this long, unless it says otherwise. */
    private static final Duration FULL_FOR = Duration.ofSeconds(30);

    /** Of a pool that seems full, so many shards are asked: those that were the emptiest. */
    private static final int ASKED = 8;

    /** They are not asked again before this time, however many users come. */
    private static final Duration BETWEEN_ASKING = Duration.ofSeconds(1);

    /** How long they are waited for. */
    private static final Duration ANSWERED_WITHIN = Duration.ofSeconds(2);

    private final Supplier<ClusterView> view;
    private final DataShards shards;
    private final Cache<ShardId, Boolean> full = Caffeine.newBuilder()
            .maximumSize(REMEMBERED)
            .expireAfterWrite(FULL_FOR)
            .build();
    private final Cache<PoolId, CompletableFuture<Void>> asked = Caffeine.newBuilder()
            .maximumSize(REMEMBERED)
            .expireAfterWrite(BETWEEN_ASKING)
            .build();

    /** Over parts that outlive this object. */
    ShardRoom(Supplier<ClusterView> view, DataShards shards) {
        this.view = view;
        this.shards = shards;
    }

    /** A shard has said that it has no room. */
    void markFull(ShardId shard) {
        full.put(shard, true);
    }

    /** Whether the pool has any shard, with room or without. */
    boolean hasShards(PoolRules pool) {
        return shardsOf(pool).findAny().isPresent();
    }

    /** A shard of the pool that seems to have room, of those that will do; empty: there is none. */
    CompletableFuture<Optional<ShardId>> choose(PoolRules pool, Predicate<ShardId> willDo) {
        var known = chooseByWhatWasHeard(pool, willDo);
        return known.isPresent()
                ? CompletableFuture.completedFuture(known)
                : asked.get(pool.id(), id -> ask(pool)).thenApply(done -> chooseByWhatWasHeard(pool, willDo));
    }

    private Optional<ShardId> chooseByWhatWasHeard(PoolRules pool, Predicate<ShardId> willDo) {
        var loads =
                loads(pool).stream().filter(load -> willDo.test(load.shard())).toList();
        return ShardChoice.choose(loads, ThreadLocalRandom.current());
    }

    /** Once it is done, what shards say is what was last heard of them. */
    private CompletableFuture<Void> ask(PoolRules pool) {
        var soon = Deadline.after(ANSWERED_WITHIN.toMillis(), TimeUnit.MILLISECONDS);
        return CompletableFuture.allOf(loads(pool).stream()
                .map(load -> new Heard(load.shard(), held(load.shard()).users()))
                .sorted(Comparator.comparingLong(Heard::users))
                .limit(ASKED)
                .map(heard -> shards.describe(heard.shard(), soon)
                        .thenAccept(answer -> full.invalidate(heard.shard()))
                        .exceptionally(failure -> null))
                .toArray(CompletableFuture<?>[]::new));
    }

    /** How many users a shard was last heard to hold. */
    private record Heard(ShardId shard, long users) {}

    private ShardLoads.Held held(ShardId shard) {
        return shards.loads().lastHeard(shard).orElse(ShardLoads.Held.NOTHING);
    }

    /** How full the pool's shards are, as last heard; those nobody leads are left out while any is led. */
    private List<ShardLoad> loads(PoolRules pool) {
        var all = shardsOf(pool).toList();
        boolean anyLed = all.stream().anyMatch(shard -> shard.primary().isPresent());
        return all.stream()
                .filter(shard -> !anyLed || shard.primary().isPresent())
                .map(ShardInfo::id)
                .map(shard -> load(shard, pool.capacity()))
                .toList();
    }

    private Stream<ShardInfo> shardsOf(PoolRules pool) {
        return view.get()
                .map()
                .shards()
                .filter(shard -> !shard.directory() && shard.pool().equals(pool.id()));
    }

    private ShardLoad load(ShardId shard, PoolRules.Capacity capacity) {
        shards.loads().refresh(shard);
        var held = held(shard);
        long limit = capacity.usersPerShard();
        long users = full.getIfPresent(shard) != null ? limit : held.users();
        return new ShardLoad(shard, users, limit, held.bytes(), capacity.bytesPerShard(), held.callsPerSecond());
    }
}
