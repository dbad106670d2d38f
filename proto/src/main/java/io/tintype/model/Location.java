// SPDX-License-Identifier: Apache-2.0
package io.tintype.model;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.function.Predicate;

/**
 * Where a process stands, for choosing among replicas. Immutable.
 *
 * @param region its region; empty: not known
 * @param zone its zone within the region; empty: not known
 */
public record Location(String region, String zone) {
    /** Everything is equally far. */
    public static final Location UNKNOWN = new Location("", "");

    /** 0: the same zone; 1: the same region; 2: farther away, or not known. */
    public int distanceTo(NodeInfo node) {
        if (region.isEmpty() || !node.region().equals(region)) {
            return 2;
        }
        return !zone.isEmpty() && node.zone().equals(zone) ? 0 : 1;
    }

    /**
     * The nodes with a replica of a shard in the order in which to ask them for what any replica may answer: those that are live
     * and not to be asked last; then the nearest; then those in sync; equals in random order, to share the load.
     *
     * @param askLast nodes of which there is a reason to believe that they do not answer
     */
    public List<NodeInfo> order(ShardMap map, ShardInfo shard, Predicate<NodeInfo> askLast, Random random) {
        var nodes = new ArrayList<NodeInfo>();
        shard.replicas()
                .forEach(id ->
                        map.node(id).filter(node -> !node.address().isEmpty()).ifPresent(nodes::add));
        Collections.shuffle(nodes, random);
        nodes.sort(Comparator.comparing((NodeInfo node) -> !node.live() || askLast.test(node))
                .thenComparingInt(this::distanceTo)
                .thenComparing(node -> !shard.inSync().contains(node.id())));
        return nodes;
    }
}
