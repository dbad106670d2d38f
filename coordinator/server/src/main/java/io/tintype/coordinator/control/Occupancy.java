// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.control;

import io.tintype.cluster.map.ClusterView;
import io.tintype.cluster.placement.ReplicaPlacement.Candidate;
import io.tintype.model.NodeId;
import io.tintype.model.NodeInfo;
import io.tintype.proto.internal.v1.Placement;
import io.tintype.proto.internal.v1.ShardAssignment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * How many replicas each node is to have, by all assignments and what is being planned on top of them. Confined to one
 * thread.
 */
final class Occupancy {
    private final ClusterView view;
    private final Map<NodeId, Integer> replicas = new HashMap<>();
    private final Map<NodeId, Integer> leads = new HashMap<>();

    Occupancy(ClusterView view) {
        this.view = view;
        view.assignments().values().forEach(assignment -> add(nodes(assignment)));
    }

    /** The nodes of an assignment, the preferred first primary in front. */
    static List<NodeId> nodes(ShardAssignment assignment) {
        return assignment.getReplicasList().stream()
                .map(Placement::getNode)
                .map(NodeId::new)
                .toList();
    }

    /** A shard is to be on these nodes, the first of which is to lead it. */
    void add(List<NodeId> nodes) {
        nodes.forEach(this::add);
        nodes.stream().findFirst().ifPresent(first -> leads.merge(first, 1, Integer::sum));
    }

    /** One more replica is to be on a node. */
    void add(NodeId node) {
        replicas.merge(node, 1, Integer::sum);
    }

    /** The nodes that are live and could take an observer: not those to be drained, or in maintenance. */
    List<Candidate> candidates() {
        return candidates(Set.of());
    }

    /** Those of them that have all these labels. */
    List<Candidate> candidates(Set<String> labels) {
        return view.map()
                .nodes()
                .filter(node -> node.live() && node.labels().containsAll(labels))
                .filter(node -> !view.intent(node.id()).getDraining()
                        && !view.intent(node.id()).getMaintenance())
                .map(this::candidate)
                .toList();
    }

    /** The same with those that keep a replica, whatever they are like: their zones are used. */
    List<Candidate> candidates(Set<String> labels, Set<NodeId> kept) {
        var all = new ArrayList<>(candidates(labels));
        Set<NodeId> known = all.stream().map(Candidate::id).collect(Collectors.toSet());
        view.map()
                .nodes()
                .filter(node -> kept.contains(node.id()) && !known.contains(node.id()))
                .map(this::candidate)
                .forEach(all::add);
        return all;
    }

    /** A node, live or not. */
    Candidate candidate(NodeInfo node) {
        return new Candidate(
                node.id(),
                node.region(),
                node.zone(),
                node.diskBytes(),
                replicas.getOrDefault(node.id(), 0),
                leads.getOrDefault(node.id(), 0));
    }
}
