// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.control;

import io.tintype.cluster.map.ClusterView;
import io.tintype.cluster.map.DirectoryLayout;
import io.tintype.cluster.placement.PoolRules;
import io.tintype.model.ShardId;
import io.tintype.proto.internal.v1.ShardAssignment;
import io.tintype.proto.internal.v1.ShardType;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Plans the shards that a cluster lacks: those of the directory, the first ones of each pool, and more of them. Pure. */
final class FirstPlacement {
    private final ClusterView view;
    private final Assignments assignments;
    private int lastId;

    /** What is to be written together: new shards and, with the first directory shards, which of them keeps what. */
    record Plan(List<ShardAssignment> shards, @Nullable DirectoryLayout layout) {}

    private FirstPlacement(ClusterView view) {
        this.view = view;
        this.assignments = new Assignments(view, new Occupancy(view));
        for (var assignment : view.assignments().values()) {
            lastId = Math.max(lastId, assignment.getShard());
        }
        lastId = Math.max(
                lastId,
                view.map().shards().mapToInt(shard -> shard.id().value()).max().orElse(0));
    }

    /**
     * The next thing to write, if anything is lacking and there are nodes enough for it.
     *
     * @param directoryShards how many directory shards a cluster begins with; they follow the rules of its first pool
     */
    static Optional<Plan> next(ClusterView view, int directoryShards) {
        var pools = view.pools().values().stream()
                .sorted(Comparator.comparing(PoolRules::id))
                .toList();
        for (var pool : pools) {
            var plan = new FirstPlacement(view).plan(pool, directoryShards);
            if (plan.isPresent()) {
                return plan;
            }
        }
        return Optional.empty();
    }

    /**
     * More shards for a pool that has some; empty where there are too few nodes for any.
     *
     * @param count how many
     */
    static Optional<Plan> more(ClusterView view, PoolRules pool, int count) {
        return new FirstPlacement(view)
                .place(pool, ShardType.SHARD_TYPE_DATA, count)
                .map(shards -> new Plan(shards, null));
    }

    private Optional<Plan> plan(PoolRules pool, int directoryShards) {
        if (view.directory().isEmpty()) {
            return place(pool, ShardType.SHARD_TYPE_DIRECTORY, directoryShards).map(shards -> {
                var ids = shards.stream()
                        .map(shard -> new ShardId(shard.getShard()))
                        .toList();
                return new Plan(shards, DirectoryLayout.even(ids));
            });
        }
        boolean hasShards = view.assignments().values().stream()
                .anyMatch(shard -> shard.getType() == ShardType.SHARD_TYPE_DATA
                        && shard.getPool().equals(pool.id().toString()));
        return hasShards
                ? Optional.empty()
                : place(pool, ShardType.SHARD_TYPE_DATA, pool.initialShards()).map(shards -> new Plan(shards, null));
    }

    private Optional<List<ShardAssignment>> place(PoolRules pool, ShardType type, int count) {
        var shards = new ArrayList<ShardAssignment>(count);
        for (int i = 0; i < count; i++) {
            var shard = assignments.place(new ShardId(++lastId), type, pool);
            if (shard.isEmpty()) {
                return Optional.empty();
            }
            shards.add(shard.get());
        }
        return Optional.of(shards);
    }
}
