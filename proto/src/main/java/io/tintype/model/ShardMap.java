// SPDX-License-Identifier: Apache-2.0
package io.tintype.model;

import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Which nodes hold which shard, as known at one moment.
 *
 * <p>Immutable; every change yields a new map. A map is never "wrong" for holding old news: whoever acts on it is
 * corrected by the shard's replicas.
 *
 * <p>Invariant: every value is filed under its own id.
 */
public final class ShardMap {
    /** Knows nothing. */
    public static final ShardMap EMPTY = new ShardMap(Map.of(), Map.of());

    private final Map<NodeId, NodeInfo> nodes;
    private final Map<ShardId, ShardInfo> shards;

    private ShardMap(Map<NodeId, NodeInfo> nodes, Map<ShardId, ShardInfo> shards) {
        this.nodes = Map.copyOf(nodes);
        this.shards = Map.copyOf(shards);
    }

    /** A map of just these. */
    public static ShardMap of(Collection<NodeInfo> nodes, Collection<ShardInfo> shards) {
        return EMPTY.with(nodes, shards);
    }

    /** The node of that id, if there is one. */
    public Optional<NodeInfo> node(NodeId id) {
        return Optional.ofNullable(nodes.get(id));
    }

    /** The shard of that id, if there is one. */
    public Optional<ShardInfo> shard(ShardId id) {
        return Optional.ofNullable(shards.get(id));
    }

    /** All nodes, in order of id. */
    public Stream<NodeInfo> nodes() {
        return nodes.values().stream().sorted((a, b) -> a.id().compareTo(b.id()));
    }

    /** All shards, in order of id. */
    public Stream<ShardInfo> shards() {
        return shards.values().stream().sorted((a, b) -> a.id().compareTo(b.id()));
    }

    /**
     * Whether a shard has a primary that is in touch. One that died stands in the map until another is elected, which may never
     * be where too many replicas are gone.
     */
    public boolean isLed(ShardInfo shard) {
        return shard.primary()
                .filter(primary -> node(primary).map(NodeInfo::live).orElse(true))
                .isPresent();
    }

    /**
     * This map with newer news: nodes replace their namesakes; shards do unless the map knows a higher {@code
     * configVersion}, so that news that overtook each other do no harm.
     */
    public ShardMap with(Collection<NodeInfo> changedNodes, Collection<ShardInfo> changedShards) {
        var nextNodes = new HashMap<>(nodes);
        changedNodes.forEach(node -> nextNodes.put(node.id(), node));
        var nextShards = new HashMap<>(shards);
        changedShards.forEach(shard -> nextShards.merge(
                shard.id(), shard, (known, news) -> news.configVersion() >= known.configVersion() ? news : known));
        return new ShardMap(nextNodes, nextShards);
    }

    /** This map without these. */
    public ShardMap without(Collection<NodeId> goneNodes, Collection<ShardId> goneShards) {
        var nextNodes = new HashMap<>(nodes);
        nextNodes.keySet().removeAll(goneNodes);
        var nextShards = new HashMap<>(shards);
        nextShards.keySet().removeAll(goneShards);
        return new ShardMap(nextNodes, nextShards);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof ShardMap that && nodes.equals(that.nodes) && shards.equals(that.shards);
    }

    @Override
    public int hashCode() {
        return 31 * nodes.hashCode() + shards.hashCode();
    }

    @Override
    public String toString() {
        return "ShardMap[" + nodes.size() + " nodes, " + shards.size() + " shards]";
    }
}
