// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.control;

import io.tintype.cluster.map.ClusterView;
import io.tintype.cluster.placement.PoolRules;
import io.tintype.cluster.placement.ReplicaPlacement;
import io.tintype.cluster.placement.ReplicaPlacement.Candidate;
import io.tintype.model.NodeId;
import io.tintype.model.NodeInfo;
import io.tintype.model.ShardId;
import io.tintype.model.ShardInfo;
import io.tintype.proto.internal.v1.Placement;
import io.tintype.proto.internal.v1.ReplicaRole;
import io.tintype.proto.internal.v1.ShardAssignment;
import io.tintype.proto.internal.v1.ShardType;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * What a pool's rules make of the assignment of a shard. Pure.
 *
 * <p>Where replicas stand is changed only as far as the rules have changed since the assignment was made: a replica that
 * is on its way from one node to another is none too many.
 */
final class Assignments {
    private static final int FORMAT = 1;

    private final ClusterView view;
    private final Occupancy occupancy;

    Assignments(ClusterView view, Occupancy occupancy) {
        this.view = view;
        this.occupancy = occupancy;
    }

    /** The assignment of a new shard; empty where there are too few nodes. */
    Optional<ShardAssignment> place(ShardId id, ShardType type, PoolRules rules) {
        var voters = ReplicaPlacement.choose(
                id,
                rules.servingRegion(),
                rules.replicationFactor(),
                rules.zonesRequired(),
                occupancy.candidates(rules.labels()));
        if (voters.isEmpty()) {
            return Optional.empty();
        }
        occupancy.add(voters.get());
        Map<NodeId, ReplicaRole> roles = new LinkedHashMap<>();
        voters.get().forEach(node -> roles.put(node, ReplicaRole.REPLICA_ROLE_VOTER));
        observe(id, rules, roles);
        var assignment = ShardAssignment.newBuilder()
                .setFormat(FORMAT)
                .setShard(id.value())
                .setType(type)
                .setPool(rules.id().toString())
                .setMinInsync(rules.minInsync());
        return Optional.of(write(assignment, rules, roles));
    }

    /** An assignment brought to the rules as far as nodes allow; the same where nothing is to be changed. */
    ShardAssignment follow(ShardAssignment now, PoolRules rules) {
        var id = new ShardId(now.getShard());
        Map<NodeId, ReplicaRole> roles = new LinkedHashMap<>();
        now.getReplicasList().forEach(replica -> roles.put(new NodeId(replica.getNode()), replica.getRole()));
        boolean elsewhere = votersStandOutside(rules.servingRegion(), roles);
        boolean relocated = elsewhere && relocate(id, rules, roles);
        int voters = (int) roles.values().stream()
                .filter(role -> role == ReplicaRole.REPLICA_ROLE_VOTER)
                .count();
        if (elsewhere && !relocated) {
            return waiting(now, rules, roles, now.getReplicationFactor() == 0 ? voters : now.getReplicationFactor());
        }
        int before = relocated || now.getReplicationFactor() == 0 ? voters : now.getReplicationFactor();
        int factor = rules.replicationFactor();
        if (factor > before && !addVoters(id, rules, factor - before, roles)) {
            factor = before; // too few nodes: at the next look there may be more
        } else if (factor < before) {
            dropVoters(id, rules, before - factor, roles);
        }
        observe(id, rules, roles);
        var next = now.toBuilder().clearReplicas().setMinInsync(minimum(id, now, rules));
        return write(next, rules, roles).toBuilder()
                .setReplicationFactor(factor)
                .build();
    }

    /**
     * While the region that is to serve has too few nodes, replicas stay as they are: the copies it has are what it will serve by.
     * Copies in regions that are to have none go all the same.
     */
    private ShardAssignment waiting(ShardAssignment now, PoolRules rules, Map<NodeId, ReplicaRole> roles, int factor) {
        roles.entrySet()
                .removeIf(role -> role.getValue() == ReplicaRole.REPLICA_ROLE_OBSERVER
                        && regionOf(role.getKey())
                                .filter(region -> region.equals(rules.servingRegion())
                                        || rules.residency().observers().contains(region))
                                .isEmpty());
        var next = now.toBuilder().clearReplicas().setMinInsync(minimum(new ShardId(now.getShard()), now, rules));
        return write(next, rules, roles).toBuilder()
                .setReplicationFactor(factor)
                .build();
    }

    private static ShardAssignment write(
            ShardAssignment.Builder assignment, PoolRules rules, Map<NodeId, ReplicaRole> roles) {
        roles.forEach((node, role) -> assignment.addReplicas(
                Placement.newBuilder().setNode(node.value()).setRole(role)));
        return assignment
                .setUsersLimit(rules.usersPerShard())
                .setUserBytes(rules.quota().bytes())
                .setUserBlobs(rules.quota().blobs())
                .setUnpinned(rules.residency().unpinned())
                .setReplicationFactor(rules.replicationFactor())
                .setSealed(rules.sealed())
                .build();
    }

    /** More are asked for only once they are in sync: until then writes would be refused for want of them. */
    private int minimum(ShardId id, ShardAssignment now, PoolRules rules) {
        int inSync = view.map().shard(id).map(ShardInfo::inSync).map(List::size).orElse(0);
        return rules.minInsync() <= Math.max(now.getMinInsync(), inSync) ? rules.minInsync() : now.getMinInsync();
    }

    private static List<NodeId> voters(Map<NodeId, ReplicaRole> roles) {
        return roles.keySet().stream()
                .filter(node -> roles.get(node) == ReplicaRole.REPLICA_ROLE_VOTER)
                .toList();
    }

    private boolean votersStandOutside(String region, Map<NodeId, ReplicaRole> roles) {
        var voters = voters(roles);
        return !voters.isEmpty() && voters.stream().allMatch(node -> standsOutside(node, region));
    }

    /**
     * Where another region is to serve than the one all voters stand in, they are to stand there: the copies it has first.
     * Those who voted stay as copies where such are wanted. The shard's primary lets nobody go before all who come are in
     * sync. Whether it is so; not where the region has too few nodes, and then nothing is changed.
     */
    private boolean relocate(ShardId id, PoolRules rules, Map<NodeId, ReplicaRole> roles) {
        var region = rules.servingRegion();
        var voters = voters(roles);
        var there = roles.keySet().stream()
                .filter(node -> regionOf(node).equals(Optional.of(region)) && isLive(node))
                .limit(rules.replicationFactor())
                .toList();
        var more = ReplicaPlacement.more(
                id,
                region,
                roles.keySet(),
                rules.replicationFactor() - there.size(),
                rules.zonesRequired(),
                occupancy.candidates(rules.labels(), roles.keySet()));
        if (more.isEmpty()) {
            return false;
        }
        var before = new ArrayList<>(roles.keySet());
        roles.clear();
        there.forEach(node -> roles.put(node, ReplicaRole.REPLICA_ROLE_VOTER));
        more.get().forEach(node -> {
            roles.put(node.id(), ReplicaRole.REPLICA_ROLE_VOTER);
            occupancy.add(node.id());
        });
        for (var copied : rules.residency().observers()) {
            before.stream()
                    .filter(node -> regionOf(node).equals(Optional.of(copied)))
                    .min(Comparator.comparing((NodeId node) -> voters.contains(node))
                            .thenComparing(node -> !isLive(node)))
                    .ifPresent(node -> roles.put(node, ReplicaRole.REPLICA_ROLE_OBSERVER));
        }
        return true;
    }

    private boolean standsOutside(NodeId node, String region) {
        return regionOf(node).filter(its -> !its.equals(region)).isPresent();
    }

    private Optional<String> regionOf(NodeId node) {
        return view.map().node(node).map(NodeInfo::region);
    }

    private boolean isLive(NodeId node) {
        return view.map().node(node).map(NodeInfo::live).orElse(false);
    }

    /** A copy that stands where voters are to stand is none any more, and may become one of them. */
    private boolean addVoters(ShardId id, PoolRules rules, int more, Map<NodeId, ReplicaRole> roles) {
        var kept = roles.keySet().stream()
                .filter(node ->
                        roles.get(node) == ReplicaRole.REPLICA_ROLE_VOTER || standsOutside(node, rules.servingRegion()))
                .collect(Collectors.toSet());
        var added = ReplicaPlacement.more(
                id,
                rules.servingRegion(),
                kept,
                more,
                rules.zonesRequired(),
                occupancy.candidates(rules.labels(), kept));
        added.ifPresent(nodes -> nodes.forEach(node -> {
            roles.put(node.id(), ReplicaRole.REPLICA_ROLE_VOTER);
            occupancy.add(node.id());
        }));
        return added.isPresent();
    }

    /**
     * First those outside of the region that serves, then those whose node is down, then those that share a zone with most
     * others, then those on the fullest nodes.
     */
    private void dropVoters(ShardId id, PoolRules rules, int fewer, Map<NodeId, ReplicaRole> roles) {
        var primary = view.map().shard(id).flatMap(ShardInfo::primary);
        for (int i = 0; i < fewer; i++) {
            var voters = roles.entrySet().stream()
                    .filter(role -> role.getValue() == ReplicaRole.REPLICA_ROLE_VOTER)
                    .map(Map.Entry::getKey)
                    .toList();
            Predicate<NodeId> isDown = node -> !isLive(node);
            voters.stream()
                    .max(Comparator.<NodeId, Boolean>comparing(node -> standsOutside(node, rules.servingRegion()))
                            .thenComparing(isDown::test)
                            .thenComparing(node -> !Optional.of(node).equals(primary))
                            .thenComparing(node -> sharing(node, voters))
                            .thenComparing(node -> replicas(node))
                            .thenComparing(voters::indexOf))
                    .ifPresent(roles::remove);
        }
    }

    private long sharing(NodeId node, List<NodeId> voters) {
        return voters.stream().filter(other -> zone(other).equals(zone(node))).count();
    }

    private Optional<String> zone(NodeId node) {
        return view.map().node(node).map(NodeInfo::zone);
    }

    private int replicas(NodeId node) {
        return view.map()
                .node(node)
                .map(occupancy::candidate)
                .map(Candidate::replicas)
                .orElse(0);
    }

    /**
     * One copy in each region that is to have one and none in others. No plan moves copies: one whose node is to be drained goes
     * where its region has another node for it.
     */
    private void observe(ShardId id, PoolRules rules, Map<NodeId, ReplicaRole> roles) {
        var wanted = new ArrayList<>(rules.residency().observers());
        roles.entrySet()
                .removeIf(role -> role.getValue() == ReplicaRole.REPLICA_ROLE_OBSERVER
                        && !regionOf(role.getKey()).map(wanted::remove).orElse(false));
        List.copyOf(roles.keySet()).stream()
                .filter(node -> roles.get(node) == ReplicaRole.REPLICA_ROLE_OBSERVER
                        && view.intent(node).getDraining())
                .forEach(node -> regionOf(node)
                        .filter(region -> addObserver(id, region, roles))
                        .ifPresent(region -> roles.remove(node)));
        wanted.forEach(region -> addObserver(id, region, roles));
    }

    /** Whether there is a node for it. */
    private boolean addObserver(ShardId id, String region, Map<NodeId, ReplicaRole> roles) {
        var added = ReplicaPlacement.more(id, region, roles.keySet(), 1, false, occupancy.candidates());
        added.ifPresent(nodes -> nodes.forEach(node -> {
            roles.put(node.id(), ReplicaRole.REPLICA_ROLE_OBSERVER);
            occupancy.add(node.id());
        }));
        return added.isPresent();
    }
}
