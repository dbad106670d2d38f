// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import io.tintype.cluster.map.ShardZnodes;
import io.tintype.cluster.placement.Residency;
import io.tintype.cluster.zk.Versioned;
import io.tintype.model.PoolId;
import io.tintype.model.ShardId;
import io.tintype.proto.internal.v1.ShardAssignment;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where the shards of this node should be: has a replica opened for every one that is to be here, and keeps all replicas told
 * of their assignments. Also those that should be elsewhere: as long as such a one leads, it is for it to bring the others in
 * and to hand over to them.
 *
 * <p>Thread-safe; never blocks. Replicas are told on the opener's thread alone, so the last word is always the newest.
 */
final class Assignments implements ShardZnodes.AssignmentListener {
    private static final Logger log = LoggerFactory.getLogger(Assignments.class);

    private final ShardHostConfig config;
    private final ShardZnodes znodes;
    private final ShardRegistry registry;
    private final ShardOpener opener;
    private final Runnable allTold;
    private final Map<ShardId, ShardAssignment> here = new ConcurrentHashMap<>();

    /** Of replicas that run here and should not; empty: nobody says where they should be instead. */
    private final Map<ShardId, Optional<ShardAssignment>> elsewhere = new ConcurrentHashMap<>();

    private final Set<ShardId> asking = ConcurrentHashMap.newKeySet();
    private volatile boolean known;

    /** @param allTold runs whenever all assignments that there are have been told */
    Assignments(
            ShardHostConfig config, ShardZnodes znodes, ShardRegistry registry, ShardOpener opener, Runnable allTold) {
        this.config = config;
        this.znodes = znodes;
        this.registry = registry;
        this.opener = opener;
        this.allTold = allTold;
    }

    /** Whether the shard is to be here, as far as is known. */
    boolean isHere(ShardId shard) {
        return here.containsKey(shard);
    }

    /** The assignment of a shard that is to be here; null: it is not. */
    @Nullable
    ShardAssignment here(ShardId shard) {
        return here.get(shard);
    }

    /** All shards that are to be here; none before all are known. */
    Set<ShardId> allHere() {
        return known ? Set.copyOf(here.keySet()) : Set.of();
    }

    // ---- what ZooKeeper tells

    @Override
    public void assigned(ShardAssignment assignment) {
        var id = new ShardId(assignment.getShard());
        if (!mayStandHere(assignment)) {
            here.remove(id);
            log.error(
                    "shard {} is assigned to this node, but its pool {} is pinned to its region, and this node stands in"
                            + " {}: refused",
                    id,
                    assignment.getPool(),
                    config.region());
            return;
        }
        here.put(id, assignment);
        elsewhere.remove(id);
        opener.submit(() -> {
            var shard = opener.open(ShardIdentity.of(assignment));
            if (shard != null) {
                tell(shard);
            }
        });
    }

    /** Whoever assigns keeps to the same rule; a node does not take his word for it. */
    private boolean mayStandHere(ShardAssignment assignment) {
        return config.region().isEmpty()
                || Residency.allows(assignment.getUnpinned(), PoolId.parse(assignment.getPool()), config.region());
    }

    @Override
    public void unassigned(ShardId shard) {
        var last = here.remove(shard);
        if (last != null) {
            elsewhere.put(shard, Optional.of(last)); // until it is told where it should be now
        }
        log.info("shard {} is no longer assigned to this node; its replica goes when it is needed no more", shard);
    }

    @Override
    public void elsewhere(ShardAssignment assignment) {
        var id = new ShardId(assignment.getShard());
        if (elsewhere.containsKey(id) || registry.runtime(id).isPresent()) {
            elsewhere.put(id, Optional.of(assignment));
            tellLater(id);
        }
    }

    @Override
    public void loaded() {
        known = true;
        allTold.run();
    }

    // ---- what replicas are told

    /** Asks where replicas should be that came up after it was told, and forgets those that went. Called now and then. */
    void round() {
        elsewhere.keySet().removeIf(id -> registry.runtime(id).isEmpty());
        if (known) {
            for (var shard : registry.running()) {
                if (!here.containsKey(shard.id()) && !elsewhere.containsKey(shard.id())) {
                    ask(shard.id());
                }
            }
        }
    }

    private void ask(ShardId id) {
        if (!asking.add(id)) {
            return;
        }
        var unused = znodes.readAssignment(id).whenComplete((found, failure) -> {
            if (failure == null) {
                // One that names this node is told of by itself, or was refused.
                elsewhere.putIfAbsent(
                        id,
                        found.map(Versioned::value)
                                .filter(assignment -> !ShardZnodes.names(assignment, config.self())));
                tellLater(id);
            }
            asking.remove(id);
        });
    }

    private void tellLater(ShardId id) {
        opener.submit(() -> registry.runtime(id).ifPresent(this::tell));
    }

    /** Tells a replica where its shard should be, if anybody says. Opener's thread only. */
    void tell(ShardRuntime shard) {
        var assignment = here.get(shard.id());
        if (assignment == null) {
            assignment = elsewhere.getOrDefault(shard.id(), Optional.empty()).orElse(null);
        }
        if (assignment != null) {
            shard.assignmentSeen(assignment);
        }
    }
}
