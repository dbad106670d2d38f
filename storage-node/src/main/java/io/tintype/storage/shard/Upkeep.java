// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import io.tintype.cluster.zk.Versioned;
import io.tintype.model.NodeId;
import io.tintype.model.ShardId;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks after the replicas of a node that are not well: has those that failed rebuilt, and those dropped that nobody wants
 * here any more, as soon as {@link Redundancy} says that it loses nothing. A replica that keeps failing is rebuilt ever
 * more seldom.
 *
 * <p>Thread-safe; never blocks.
 */
final class Upkeep {
    private static final Logger log = LoggerFactory.getLogger(Upkeep.class);

    /** How often to look. */
    static final Duration EVERY = Duration.ofSeconds(1);

    private static final long FIRST_PAUSE_NANOS = Duration.ofSeconds(10).toNanos();
    private static final long LONGEST_PAUSE_NANOS = Duration.ofMinutes(10).toNanos();

    /** Rebuilt so often, and not to be again before. */
    private record Rebuilt(long pauseNanos, long notBeforeNanos) {}

    private final ShardContext context;
    private final ShardRegistry registry;
    private final ShardOpener opener;
    private final Predicate<ShardId> assigned;
    private final Set<ShardId> strangers = ConcurrentHashMap.newKeySet();
    private final Set<ShardId> underWay = ConcurrentHashMap.newKeySet();
    private final Map<ShardId, Rebuilt> rebuilt = new ConcurrentHashMap<>();

    /** @param assigned whether the controller wants a shard on this node, as far as is known */
    Upkeep(ShardContext context, ShardRegistry registry, ShardOpener opener, Predicate<ShardId> assigned) {
        this.context = context;
        this.registry = registry;
        this.opener = opener;
        this.assigned = assigned;
    }

    /** The disk holds something of a shard that does not name this node. */
    void stranger(ShardId id) {
        strangers.add(id);
    }

    /** One look at everything. */
    void round() {
        if (context.disk().committer().failed()) {
            return; // the node stops: nothing here could be written
        }
        for (var shard : registry.running()) {
            if (shard.status().failure().isPresent()) {
                considerRebuilding(shard.identity());
            } else if (!assigned.test(shard.id())) {
                considerDropping(shard.id());
            }
        }
        opener.broken().values().forEach(broken -> considerRebuilding(broken.identity()));
        strangers.removeIf(id -> assigned.test(id) || registry.runtime(id).isPresent());
        strangers.forEach(this::considerDropping);
    }

    private void considerRebuilding(ShardIdentity identity) {
        var id = identity.id();
        long now = context.clock().now().nanos();
        var last = rebuilt.get(id);
        if ((last != null && now - last.notBeforeNanos() < 0) || !underWay.add(id)) {
            return;
        }
        var checked = context.znodes()
                .read(id)
                .thenCompose(found -> found.isEmpty()
                        ? CompletableFuture.completedFuture(false)
                        : primary(id, found.get().value().getPrimary())
                                .thenApply(primary -> Redundancy.mayRebuild(
                                        context.self(), found.get().value(), primary)));
        finish(id, checked, () -> {
            note(id, now, last);
            opener.rebuild(identity);
        });
    }

    private CompletableFuture<Optional<Peers.Found>> primary(ShardId id, String primary) {
        return primary.isEmpty() || primary.equals(context.self().value())
                ? CompletableFuture.completedFuture(Optional.empty())
                : context.peers().describe(id, new NodeId(primary));
    }

    private void note(ShardId id, long now, @Nullable Rebuilt last) {
        long pause = last == null || now - last.notBeforeNanos() > LONGEST_PAUSE_NANOS
                ? FIRST_PAUSE_NANOS
                : Math.min(2 * last.pauseNanos(), LONGEST_PAUSE_NANOS);
        rebuilt.put(id, new Rebuilt(pause, now + pause));
    }

    private void considerDropping(ShardId id) {
        if (!underWay.add(id)) {
            return;
        }
        var checked = context.znodes()
                .read(id)
                .thenCombine(
                        context.znodes().readAssignment(id),
                        (record, assignment) -> Redundancy.mayDrop(
                                context.self(), record.map(Versioned::value), assignment.map(Versioned::value)));
        finish(id, checked, () -> {
            if (!assigned.test(id)) {
                strangers.add(id); // if it ends and cannot be thrown away, nobody else knows of what the disk still has
                opener.drop(id);
                strangers.remove(id);
            }
        });
    }

    private void finish(ShardId id, CompletableFuture<Boolean> checked, Runnable then) {
        var unused = checked.whenComplete((may, failure) -> {
            if (failure != null) {
                log.debug("shard {}: nothing can be said about it yet", id, failure);
            }
            if (may != null && may) {
                opener.submit(() -> {
                    try {
                        then.run();
                    } finally {
                        underWay.remove(id);
                    }
                });
            } else {
                underWay.remove(id);
            }
        });
    }
}
