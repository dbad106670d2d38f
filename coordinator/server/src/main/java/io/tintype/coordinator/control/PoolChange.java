// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.control;

import io.tintype.cluster.map.ClusterView;
import io.tintype.cluster.placement.PoolRules;
import io.tintype.model.NodeId;
import io.tintype.model.NodeInfo;
import io.tintype.model.PoolId;
import io.tintype.model.Reason;
import io.tintype.model.ShardId;
import io.tintype.model.TintypeException;
import io.tintype.proto.internal.v1.ShardAssignment;
import io.tintype.proto.internal.v1.ShardType;
import io.tintype.proto.v1.ChangePoolRequest;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** What a change of a pool's rules asks for, and what it would move. Pure. */
final class PoolChange {
    private PoolChange() {}

    /**
     * Where one shard's replicas go.
     *
     * @param shard the shard
     * @param added nodes that get a replica
     * @param removed nodes that lose theirs
     */
    record Moved(ShardId shard, List<NodeId> added, List<NodeId> removed) {}

    /** The rules with what is asked for; throws {@link TintypeException} INVALID_ARGUMENT naming field and limits. */
    static PoolRules merge(PoolRules now, ChangePoolRequest change) {
        var pool = now.toWire().toBuilder();
        if (change.hasReplicationFactor()) {
            pool.setReplicationFactor(change.getReplicationFactor());
        }
        if (change.hasMinInsync()) {
            pool.setMinInsync(change.getMinInsync());
        }
        if (change.hasUsersPerShard()) {
            pool.setUsersPerShard(change.getUsersPerShard());
        }
        if (change.hasBytesPerShard()) {
            pool.setBytesPerShard(change.getBytesPerShard());
        }
        if (change.hasUserBytes()) {
            pool.setUserBytes(change.getUserBytes());
        }
        if (change.hasUserBlobs()) {
            pool.setUserBlobs(change.getUserBlobs());
        }
        if (change.hasZonesRequired()) {
            pool.setZonesRequired(change.getZonesRequired());
        }
        if (change.hasUnpinned()) {
            pool.setUnpinned(change.getUnpinned());
        }
        if (change.hasObservers()) {
            pool.clearObservers().addAllObservers(change.getObservers().getNamesList());
        }
        if (change.hasLabels()) {
            pool.clearLabels().addAllLabels(change.getLabels().getNamesList());
        }
        if (change.hasCacheControl()) {
            pool.setCacheControl(change.getCacheControl());
        }
        if (change.hasSealed()) {
            pool.setSealed(change.getSealed());
        }
        return PoolRules.of(pool.build());
    }

    /**
     * Refuses what the nodes there are cannot give; only what the change asks for anew. A node in maintenance keeps what it has,
     * and takes more once it is back: it counts. One that is to be drained does neither.
     */
    static void requireNodes(ClusterView view, PoolRules before, PoolRules after) {
        var zones = new TreeMap<String, Integer>();
        var fitting = view.map()
                .nodes()
                .filter(NodeInfo::live)
                .filter(node -> node.region().equals(after.servingRegion())
                        && node.labels().containsAll(after.labels()))
                .toList();
        fitting.stream()
                .filter(node -> !view.intent(node.id()).getDraining())
                .forEach(node -> zones.merge(node.zone(), 1, Integer::sum));
        int live = zones.values().stream().mapToInt(Integer::intValue).sum();
        boolean asksForMore = after.replicationFactor() > before.replicationFactor()
                || !before.labels().containsAll(after.labels());
        if (asksForMore && after.replicationFactor() > live) {
            throw invalid("replication_factor is " + after.replicationFactor() + ", but region " + after.servingRegion()
                    + " has " + live + " live storage nodes" + labelled(after)
                    + (live == fitting.size() ? "" : " that are not to be drained") + "; add nodes first");
        }
        boolean spreadsMore = after.zonesRequired() && (!before.zonesRequired() || asksForMore);
        if (spreadsMore && after.replicationFactor() > zones.size()) {
            throw invalid("zones_required asks for " + after.replicationFactor()
                    + " zones, but the live nodes of region " + after.servingRegion() + labelled(after)
                    + " stand in " + zones.size()
                    + ": " + String.join(", ", zones.keySet()));
        }
        var regions = regions(view);
        for (var region : after.residency().observers()) {
            if (!before.residency().observers().contains(region) && !regions.contains(region)) {
                throw invalid("observers names region " + region + ", which has no storage nodes; there are nodes in: "
                        + String.join(", ", regions));
            }
        }
    }

    private static String labelled(PoolRules rules) {
        return rules.labels().isEmpty() ? "" : " with labels " + String.join(", ", rules.labels());
    }

    /** Regions with storage nodes. */
    static Set<String> regions(ClusterView view) {
        return view.map().nodes().map(NodeInfo::region).collect(Collectors.toCollection(TreeSet::new));
    }

    /** The assignments of a pool's shards, those of the directory included, in order of id. */
    static List<ShardAssignment> shards(ClusterView view, PoolId pool) {
        return view.assignments().values().stream()
                .filter(shard -> shard.getPool().equals(pool.toString()))
                .sorted(Comparator.comparingInt(ShardAssignment::getShard))
                .toList();
    }

    /** Whether a shard keeps users. */
    static boolean isData(ShardAssignment shard) {
        return shard.getType() == ShardType.SHARD_TYPE_DATA;
    }

    /** Which replicas the controller will add and take away for new rules, as far as nodes allow today. */
    static List<Moved> moves(ClusterView view, PoolRules after) {
        var planning = new Assignments(view, new Occupancy(view));
        var moved = new ArrayList<Moved>();
        for (var now : shards(view, after.id())) {
            var before = Occupancy.nodes(now);
            var then = Occupancy.nodes(planning.follow(now, after));
            var added = then.stream().filter(node -> !before.contains(node)).toList();
            var removed = before.stream().filter(node -> !then.contains(node)).toList();
            moved.add(new Moved(new ShardId(now.getShard()), added, removed));
        }
        return moved;
    }

    /** Whether a limit, of which 0 is none, leaves less than before. */
    static boolean isLowered(long before, long after) {
        return after != 0 && (before == 0 || after < before);
    }

    /** Whether a shard may hold less than before. */
    static boolean lowersLimits(PoolRules before, PoolRules after) {
        return isLowered(before.usersPerShard(), after.usersPerShard())
                || isLowered(before.capacity().bytesPerShard(), after.capacity().bytesPerShard());
    }

    /** Whether users without a quota of their own may have less than before. */
    static boolean lowersQuota(PoolRules before, PoolRules after) {
        return isLowered(before.quota().bytes(), after.quota().bytes())
                || isLowered(before.quota().blobs(), after.quota().blobs());
    }

    static TintypeException invalid(String message) {
        return new TintypeException(Reason.INVALID_ARGUMENT, message);
    }
}
