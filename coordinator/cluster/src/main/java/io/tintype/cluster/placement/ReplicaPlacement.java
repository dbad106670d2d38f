// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.placement;

import io.tintype.model.NodeId;
import io.tintype.model.ShardId;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Chooses the nodes of a new shard. Pure: the same question has the same answer, in whatever order nodes are given.
 *
 * <p>Hard rules: nodes of the pool's region only, each once; zones as evenly used as they allow, so distinct ones while
 * there are enough, and always distinct ones where the pool requires it. Then the node with the fewest replicas for its weight; ties go by a hash of shard and node, so that
 * they fall differently for each shard.
 */
public final class ReplicaPlacement {
    private ReplicaPlacement() {}

    /**
     * A node that could take a replica.
     *
     * @param id the node
     * @param region region it stands in
     * @param zone zone within the region
     * @param weight how much it can take compared with others, such as its disk's bytes; 0 counts as 1
     * @param replicas replicas it has
     * @param leads how many of those it is to lead
     */
    public record Candidate(NodeId id, String region, String zone, long weight, int replicas, int leads) {
        private double load() {
            return (double) replicas / Math.max(1, weight);
        }

        private double leadLoad() {
            return (double) leads / Math.max(1, weight);
        }
    }

    /**
     * Where the shard's replicas go, the preferred first primary in front: the one of them that leads least.
     *
     * @return empty where the region has fewer nodes than replicas are wanted
     */
    public static Optional<List<NodeId>> choose(
            ShardId shard, String region, int replicas, Collection<Candidate> candidates) {
        return choose(shard, region, replicas, false, candidates);
    }

    /**
     * The same, where each replica may be required to have a zone of its own.
     *
     * @return empty where the region has fewer nodes, or fewer zones where they are required, than replicas are wanted
     */
    public static Optional<List<NodeId>> choose(
            ShardId shard, String region, int replicas, boolean zonesRequired, Collection<Candidate> candidates) {
        return more(shard, region, Set.of(), replicas, zonesRequired, candidates)
                .map(chosen -> chosen.stream()
                        .sorted(Comparator.comparingDouble(Candidate::leadLoad)
                                .thenComparingLong(node -> tieBreak(shard, node))
                                .thenComparing(Candidate::id))
                        .map(Candidate::id)
                        .toList());
    }

    /**
     * Nodes for further replicas of a shard, which keeps those it has.
     *
     * @param candidates the nodes that could take one, and those that keep theirs, also where they could take none now: their zones
     *     are used
     * @return empty where there are too few
     */
    public static Optional<List<Candidate>> more(
            ShardId shard,
            String region,
            Set<NodeId> kept,
            int more,
            boolean zonesRequired,
            Collection<Candidate> candidates) {
        var eligible = new ArrayList<>(
                candidates.stream().filter(node -> node.region().equals(region)).toList());
        Map<String, Integer> usesOfZone = new HashMap<>();
        eligible.removeIf(node -> {
            boolean isKept = kept.contains(node.id());
            if (isKept) {
                usesOfZone.merge(node.zone(), 1, Integer::sum);
            }
            return isKept;
        });
        var chosen = new ArrayList<Candidate>(more);
        while (chosen.size() < more) {
            if (zonesRequired) {
                eligible.removeIf(node -> usesOfZone.containsKey(node.zone()));
            }
            if (eligible.isEmpty()) {
                return Optional.empty();
            }
            var best = eligible.stream()
                    .min(Comparator.<Candidate>comparingInt(node -> usesOfZone.getOrDefault(node.zone(), 0))
                            .thenComparingDouble(Candidate::load)
                            .thenComparingLong(node -> tieBreak(shard, node))
                            .thenComparing(Candidate::id))
                    .orElseThrow();
            eligible.remove(best);
            chosen.add(best);
            usesOfZone.merge(best.zone(), 1, Integer::sum);
        }
        return Optional.of(List.copyOf(chosen));
    }

    /** Rendezvous hashing's score, by the finaliser of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014). */
    private static long tieBreak(ShardId shard, Candidate node) {
        long z = (long) shard.value() * 0x9e3779b97f4a7c15L + node.id().value().hashCode();
        z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
        z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
        return z ^ (z >>> 31);
    }
}
