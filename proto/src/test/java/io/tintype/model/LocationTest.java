// SPDX-License-Identifier: Apache-2.0
package io.tintype.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** In which order replicas are asked for what any of them may answer, such as the bytes of a hot blob. */
final class LocationTest {
    private static final int READS = 3_000;
    private static final Location HERE = new Location("eu", "a");
    private static final List<NodeId> NODES =
            Stream.of("n1", "n2", "n3").map(NodeId::new).toList();

    private final long seed = System.nanoTime();
    private final Random random = new Random(seed);

    private static ShardMap map(String... zones) {
        var nodes = Stream.of(0, 1, 2)
                .map(i -> new NodeInfo(NODES.get(i), "n" + i, "n" + i, "eu", zones[i], true, 1L << 40))
                .toList();
        return ShardMap.EMPTY.with(nodes, List.of());
    }

    private static ShardInfo shard(List<NodeId> inSync) {
        return new ShardInfo(new ShardId(1), false, new PoolId("eu", "standard"), 1, NODES.get(0), inSync, NODES, 1);
    }

    private Map<NodeId, Integer> first(ShardMap map, ShardInfo shard) {
        var counts = new HashMap<NodeId, Integer>();
        for (int i = 0; i < READS; i++) {
            counts.merge(HERE.order(map, shard, node -> false, random).get(0).id(), 1, Integer::sum);
        }
        return counts;
    }

    @Test
    void allInSyncReplicasAnswerEquallyOften() {
        var counts = first(map("a", "a", "a"), shard(NODES));
        assertThat(counts).as("seed %d", seed).containsOnlyKeys(NODES);
        assertThat(counts.values()).as("seed %d", seed).allMatch(count -> count > READS / 4 && count < READS / 2);
    }

    @Test
    void whoIsNotInSyncIsAskedLastAndWhoIsFarAwayNotBeforeThat() {
        assertThat(first(map("a", "a", "a"), shard(NODES.subList(0, 2))))
                .as("seed %d", seed)
                .containsOnlyKeys(NODES.subList(0, 2));
        assertThat(first(map("b", "a", "a"), shard(NODES))).as("seed %d", seed).containsOnlyKeys(NODES.subList(1, 3));
    }

    @Test
    void whoDoesNotAnswerIsAskedLast() {
        var order =
                HERE.order(map("a", "a", "a"), shard(NODES), node -> node.id().equals(NODES.get(1)), random);
        assertThat(order).as("seed %d", seed).hasSize(3);
        assertThat(order.get(2).id()).isEqualTo(NODES.get(1));
    }
}
