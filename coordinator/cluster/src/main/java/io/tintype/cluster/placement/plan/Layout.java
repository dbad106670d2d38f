// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.placement.plan;

import io.tintype.model.NodeId;
import io.tintype.model.PoolId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;

/**
 * Who holds what while a plan is being made: begins with what is, and changes with each move that is decided on. Nodes and
 * shards go by their places in the input. Confined to one thread.
 */
final class Layout {
    /** What a replica counts besides its bytes, so that empty ones are spread too. */
    static final long REPLICA_BYTES = 1L << 20;

    static final int NOBODY = -1;

    final PlanNode[] nodes;
    final PlanShard[] shards;
    final PlanPool[] pools;
    /** Of each shard; null where its pool is not known, and it stays as it is. */
    final int[][] original;

    private final int[][] placed;
    private final int[] lead;
    private final PlanRules rules;
    private final List<Set<Integer>> held = new ArrayList<>();
    private final long[] size;
    private final long[] users;
    private final long[] incoming;
    private final Map<NodeId, Integer> places = new HashMap<>();
    private int moves;

    Layout(PlanInput input) {
        this.rules = input.rules();
        this.nodes = input.nodes().toArray(PlanNode[]::new);
        Map<PoolId, PlanPool> byId = new HashMap<>();
        input.pools().forEach(pool -> byId.put(pool.id(), pool));
        this.shards = input.shards().stream()
                .filter(shard -> byId.containsKey(shard.pool()))
                .toArray(PlanShard[]::new);
        this.pools = new PlanPool[shards.length];
        for (int i = 0; i < nodes.length; i++) {
            places.put(nodes[i].id(), i);
            held.add(new TreeSet<>());
        }
        this.size = new long[nodes.length];
        this.users = new long[nodes.length];
        this.incoming = new long[nodes.length];
        this.original = new int[shards.length][];
        this.placed = new int[shards.length][];
        this.lead = new int[shards.length];
        for (int s = 0; s < shards.length; s++) {
            pools[s] = byId.get(shards[s].pool());
            original[s] = shards[s].replicas().stream()
                    .mapToInt(node -> places.getOrDefault(node, NOBODY))
                    .filter(place -> place != NOBODY)
                    .toArray();
            placed[s] = original[s].clone();
            lead[s] = shards[s]
                    .primary()
                    .map(node -> places.getOrDefault(node, NOBODY))
                    .orElse(NOBODY);
            for (int n : placed[s]) {
                take(n, s);
            }
        }
    }

    private void take(int node, int shard) {
        held.get(node).add(shard);
        size[node] += sizeOf(shard);
        if (!isOriginal(shard, node)) {
            incoming[node] += sizeOf(shard);
            moves++;
        }
        users[node] += shards[shard].users();
    }

    long sizeOf(int shard) {
        return shards[shard].bytes() + REPLICA_BYTES;
    }

    long size(int node) {
        return size[node];
    }

    long users(int node) {
        return users[node];
    }

    /** The shards on a node; not to be changed, and not to be walked over while something is moved. */
    Set<Integer> on(int node) {
        return held.get(node);
    }

    int[] placed(int shard) {
        return placed[shard];
    }

    boolean isOn(int shard, int node) {
        return contains(placed[shard], node);
    }

    /** Who leads it as things stand in the plan. */
    int lead(int shard) {
        return lead[shard];
    }

    /** Who leads it before the plan, of those it lies on. */
    int leadBefore(int shard) {
        var primary = shards[shard].primaryOrNull();
        int place = primary == null ? NOBODY : places.getOrDefault(primary, NOBODY);
        return isOriginal(shard, place) ? place : NOBODY;
    }

    /** Whether some are missing, or on nodes that are gone, before the plan. */
    boolean lacksCopies(int shard) {
        return original[shard].length < pools[shard].replicationFactor()
                || IntStream.of(original[shard]).anyMatch(n -> nodes[n].part() == PlanNode.Part.DEAD);
    }

    void setLead(int shard, int node) {
        lead[shard] = node;
    }

    boolean isInSync(int shard, int node) {
        return shards[shard].inSync().contains(nodes[node].id());
    }

    /** In-sync replicas that can be copied from now. */
    int healthy(int shard) {
        return (int) IntStream.of(original[shard])
                .filter(n -> nodes[n].part() != PlanNode.Part.DEAD && isInSync(shard, n))
                .count();
    }

    boolean isFull() {
        return moves >= rules.maxMoves();
    }

    PlanRules rules() {
        return rules;
    }

    /** Bytes that may still be put on a node without touching its headroom; nothing that is to leave it counts. */
    long room(int node) {
        var it = nodes[node];
        if (it.totalBytes() == 0) {
            return 0;
        }
        return it.freeBytes() - incoming[node] - (long) (rules.headroom() * it.totalBytes());
    }

    /** Whether a node may be given a replica, another one of which goes ({@link #NOBODY}: none). */
    boolean mayTake(Group group, int shard, int node, int goes) {
        if (nodes[node].part() != PlanNode.Part.ACTIVE
                || isOn(shard, node)
                || !pools[shard].mayLiveOn(nodes[node])
                || (!isOriginal(shard, node) && room(node) < sizeOf(shard))) {
            return false;
        }
        int inZone = 0;
        for (int n : placed[shard]) {
            if (n != goes && nodes[n].zone().equals(nodes[node].zone())) {
                inZone++;
            }
        }
        return inZone < group.zoneLimit(pools[shard].replicationFactor());
    }

    /** Whether a replica was not put where it is by this plan. */
    boolean isOriginal(int shard, int node) {
        return contains(original[shard], node);
    }

    void move(int shard, int from, int to) {
        placed[shard] = IntStream.of(placed[shard])
                .map(n -> n == from ? to : n)
                .sorted()
                .toArray();
        give(from, shard);
        take(to, shard);
        if (lead[shard] == from) {
            lead[shard] = NOBODY;
        }
    }

    void add(int shard, int to) {
        placed[shard] = IntStream.concat(IntStream.of(placed[shard]), IntStream.of(to))
                .sorted()
                .toArray();
        take(to, shard);
    }

    void drop(int shard, int from) {
        placed[shard] = IntStream.of(placed[shard]).filter(n -> n != from).toArray();
        give(from, shard);
        if (lead[shard] == from) {
            lead[shard] = NOBODY;
        }
    }

    private void give(int node, int shard) {
        held.get(node).remove(shard);
        size[node] -= sizeOf(shard);
        if (!isOriginal(shard, node)) {
            incoming[node] -= sizeOf(shard);
            moves--;
        }
        users[node] -= shards[shard].users();
    }

    static boolean contains(int[] places, int node) {
        for (int place : places) {
            if (place == node) {
                return true;
            }
        }
        return false;
    }
}
