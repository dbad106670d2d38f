// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.control;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.tintype.cluster.control.Term;
import io.tintype.cluster.log.RecurringFailures;
import io.tintype.cluster.map.ClusterView;
import io.tintype.cluster.placement.PoolRules;
import io.tintype.cluster.zk.CompareAndSet;
import io.tintype.cluster.zk.Paths;
import io.tintype.cluster.zk.Versioned;
import io.tintype.cluster.zk.ZkErrors;
import io.tintype.cluster.zk.ZkSession;
import io.tintype.cluster.zk.ZnodeCodec;
import io.tintype.cluster.zk.ZnodeFormatException;
import io.tintype.coordinator.users.DataShards;
import io.tintype.model.PoolId;
import io.tintype.model.ShardId;
import io.tintype.model.ShardInfo;
import io.tintype.proto.internal.v1.ShardAssignment;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps shards to the rules of their pools: brings assignments to rules that were changed, and finds out which pool needs
 * more shards. Confined to the controller's thread; never blocks.
 */
final class PoolKeeper {
    private static final Logger log = LoggerFactory.getLogger(PoolKeeper.class);

    /** Assignments that are changed at a time. */
    private static final int AT_ONCE = 64;

    /** An assignment that could not be read is not looked at again before. */
    private static final Duration LEFT_ALONE = Duration.ofMinutes(1);

    /** Of more than so many, some are looked at again sooner. */
    private static final int MAX_UNREADABLE = 10_000;

    /** Shards that are asked at a look how full they are. */
    private static final int ASKED_AT_ONCE = 200;

    private final RecurringFailures failures = new RecurringFailures(log, System::nanoTime);
    /** Assignments as they were seen before they vanished or could not be understood any more. Written by other threads too. */
    private final Cache<ShardAssignment, Boolean> unreadable = Caffeine.newBuilder()
            .maximumSize(MAX_UNREADABLE)
            .expireAfterWrite(LEFT_ALONE)
            .build();

    private final CompareAndSet<ShardAssignment> assignments;
    private final DataShards shards;
    private final ControlSettings settings;
    private final Allowance allowance;
    private ClusterView settled = ClusterView.EMPTY;
    private int askedUpTo;

    PoolKeeper(ZkSession session, DataShards shards, ControlSettings settings) {
        this.assignments = new CompareAndSet<>(session.znodes(), ZnodeCodec.ASSIGNMENT, ShardAssignment::equals);
        this.shards = shards;
        this.settings = settings;
        this.allowance = new Allowance(settings.newShardsPerMinute(), System::nanoTime);
    }

    /**
     * Brings some assignments to their pools' rules, if any differ.
     *
     * @return empty where none does
     */
    @SuppressWarnings("ReferenceEquality") // the very view: comparing two would cost more than looking at one
    Optional<CompletableFuture<Term.Outcome>> follow(ClusterView view, Term term) {
        if (view == settled) {
            return Optional.empty();
        }
        unreadable.cleanUp();
        var planning = new Assignments(view, new Occupancy(view));
        var outdated = view.assignments().values().stream()
                .filter(now -> unreadable.getIfPresent(now) == null
                        && followed(planning, view, now).isPresent())
                .limit(AT_ONCE)
                .toList();
        if (outdated.isEmpty()) {
            settled = unreadable.estimatedSize() == 0 ? view : ClusterView.EMPTY;
            return Optional.empty();
        }
        log.info(
                "bringing {} shards to the rules of their pools, among them {}",
                outdated.size(),
                outdated.get(0).getShard());
        return Optional.of(readAll(outdated).thenCompose(found -> replace(view, term, found)));
    }

    private CompletableFuture<List<Versioned<ShardAssignment>>> readAll(List<ShardAssignment> outdated) {
        var reads = outdated.stream().map(this::read).toList();
        return CompletableFuture.allOf(reads.toArray(CompletableFuture<?>[]::new))
                .thenApply(all -> reads.stream()
                        .map(CompletableFuture::join)
                        .flatMap(Optional::stream)
                        .toList());
    }

    /** Empty where it is gone or cannot be understood: then it is left alone for a while, and the others are not. */
    private CompletableFuture<Optional<Versioned<ShardAssignment>>> read(ShardAssignment seen) {
        return assignments.read(Paths.assignment(seen.getShard())).handle((found, failure) -> {
            if (failure != null && !(ZkErrors.unwrap(failure) instanceof ZnodeFormatException)) {
                throw new CompletionException(ZkErrors.unwrap(failure));
            }
            if (failure != null) {
                failures.error("shard " + seen.getShard() + " is left as it is; others follow their pools", failure);
            }
            if (found == null || found.isEmpty()) {
                unreadable.put(seen, true);
                return Optional.empty();
            }
            return found;
        });
    }

    /** What the rules of its pool make of an assignment, where that differs. What fails for one shard holds up no other. */
    private Optional<ShardAssignment> followed(Assignments planning, ClusterView view, ShardAssignment now) {
        try {
            return rules(view, now).map(rules -> planning.follow(now, rules)).filter(next -> !next.equals(now));
        } catch (RuntimeException e) {
            failures.error("shard " + now.getShard() + " cannot follow its pool; others do", e);
            return Optional.empty();
        }
    }

    /** Decides again on what was read just now: what the view knows may be older than the last write. */
    private CompletableFuture<Term.Outcome> replace(
            ClusterView view, Term term, List<Versioned<ShardAssignment>> found) {
        var planning = new Assignments(view, new Occupancy(view));
        var changed = found.stream()
                .flatMap(now ->
                        followed(planning, view, now.value())
                                .map(next -> new Versioned<>(next, now.version()))
                                .stream())
                .toList();
        return changed.isEmpty() ? CompletableFuture.completedFuture(Term.Outcome.DONE) : term.replace(changed);
    }

    private static Optional<PoolRules> rules(ClusterView view, ShardAssignment shard) {
        return Optional.ofNullable(view.pools().get(PoolId.parse(shard.getPool())));
    }

    /**
     * The next shards that a pool needs for want of room, if any does and they may be made; {@link #grew} once they are.
     */
    Optional<FirstPlacement.Plan> grow(ClusterView view) {
        var data = view.map().shards().filter(shard -> !shard.directory()).toList();
        askSome(data);
        int left = Math.min(allowance.left(), Term.MAX_SHARDS_PER_WRITE);
        if (left == 0) {
            return Optional.empty();
        }
        return view.pools().values().stream()
                .sorted(Comparator.comparing(PoolRules::id))
                .map(pool -> grow(view, pool, data, left))
                .flatMap(Optional::stream)
                .findFirst();
    }

    private Optional<FirstPlacement.Plan> grow(ClusterView view, PoolRules pool, List<ShardInfo> data, int most) {
        try {
            var fills = data.stream()
                    .filter(shard -> shard.pool().equals(pool.id()))
                    .filter(shard -> shard.primary().isPresent() || shard.epoch() == 0)
                    .map(shard -> fill(shard.id()))
                    .toList();
            int wanted = Math.min(most, Growth.wanted(pool, fills, settings.roomPercent()));
            var plan = wanted == 0 ? Optional.<FirstPlacement.Plan>empty() : FirstPlacement.more(view, pool, wanted);
            plan.ifPresent(more -> log.info(
                    "pool {} has less than {} % of room left: it gets {} more shards",
                    pool.id(), settings.roomPercent(), wanted));
            return plan;
        } catch (RuntimeException e) {
            failures.error("pool " + pool.id() + " cannot be given more shards; the others are", e);
            return Optional.empty();
        }
    }

    /** Shards that were planned for want of room were made. */
    void grew(FirstPlacement.Plan plan) {
        allowance.take(plan.shards().size());
    }

    /** A shard of which nothing was heard is new, or is about to be asked. */
    private Growth.Fill fill(ShardId shard) {
        return shards.loads()
                .lastHeard(shard)
                .map(held -> new Growth.Fill(held.users(), held.bytes()))
                .orElse(new Growth.Fill(0, 0));
    }

    private void askSome(List<ShardInfo> data) {
        for (int i = 0; i < Math.min(ASKED_AT_ONCE, data.size()); i++) {
            askedUpTo = (askedUpTo + 1) % data.size();
            if (data.get(askedUpTo).primary().isPresent()) {
                shards.loads().refresh(data.get(askedUpTo).id());
            }
        }
    }
}
