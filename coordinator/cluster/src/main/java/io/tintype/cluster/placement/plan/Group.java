// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.placement.plan;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.IntStream;

/**
 * Shards that may live on the same nodes, and those nodes: what is evened out among itself. Immutable.
 *
 * @param region the region
 * @param labels what its nodes have
 * @param nodes places of the active nodes that may be given such shards
 * @param shards places of the shards
 * @param zones how many zones the nodes stand in
 */
@SuppressWarnings("ArrayRecordComponent") // made once, never compared
record Group(String region, Set<String> labels, int[] nodes, int[] shards, int zones) {

    /** Replicas of a shard that may lie in one zone: one, as long as there are zones enough. */
    int zoneLimit(int replicas) {
        return Math.max(1, (replicas + Math.max(1, zones) - 1) / Math.max(1, zones));
    }

    /** All groups, in order. */
    static List<Group> of(Layout layout) {
        Map<String, List<Integer>> byKey = new TreeMap<>();
        for (int s = 0; s < layout.shards.length; s++) {
            var pool = layout.pools[s];
            byKey.computeIfAbsent(pool.region() + " " + new TreeSet<>(pool.labels()), key -> new ArrayList<>())
                    .add(s);
        }
        var groups = new ArrayList<Group>();
        for (var shards : byKey.values()) {
            var pool = layout.pools[shards.get(0)];
            int[] nodes = IntStream.range(0, layout.nodes.length)
                    .filter(n -> layout.nodes[n].part() == PlanNode.Part.ACTIVE && pool.mayLiveOn(layout.nodes[n]))
                    .toArray();
            int zones = (int) IntStream.of(nodes)
                    .mapToObj(n -> layout.nodes[n].zone())
                    .distinct()
                    .count();
            groups.add(new Group(
                    pool.region(),
                    pool.labels(),
                    nodes,
                    shards.stream().mapToInt(Integer::intValue).toArray(),
                    zones));
        }
        return groups;
    }
}
