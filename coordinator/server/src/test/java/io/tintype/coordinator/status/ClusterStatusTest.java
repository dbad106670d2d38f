// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.status;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.tintype.cluster.map.ClusterView;
import io.tintype.coordinator.status.ClusterStatus.ShardLine;
import io.tintype.coordinator.status.ClusterStatus.ShardState;
import io.tintype.coordinator.status.ClusterStatus.Verdict;
import io.tintype.model.NodeId;
import io.tintype.model.NodeInfo;
import io.tintype.model.PoolId;
import io.tintype.model.ShardId;
import io.tintype.model.ShardInfo;
import io.tintype.model.ShardMap;
import io.tintype.proto.internal.v1.Placement;
import io.tintype.proto.internal.v1.ReplicaRole;
import io.tintype.proto.internal.v1.ShardAssignment;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class ClusterStatusTest {
    private static final PoolId POOL = new PoolId("eu", "standard");
    private static final List<String> ALL = List.of("n1", "n2", "n3");

    private final Map<ShardId, ShardInfo> shards = new HashMap<>();
    private final Map<ShardId, ShardAssignment> assignments = new HashMap<>();
    private final Map<NodeId, NodeInfo> nodes = new HashMap<>();

    private ClusterStatusTest shard(int id, @Nullable String primary, List<String> inSync, List<String> wanted) {
        var shard = new ShardId(id);
        shards.put(
                shard,
                new ShardInfo(
                        shard,
                        false,
                        POOL,
                        1,
                        primary == null ? null : new NodeId(primary),
                        inSync.stream().map(NodeId::new).toList(),
                        ALL.stream().map(NodeId::new).toList(),
                        1));
        var assignment = ShardAssignment.newBuilder().setShard(id).setMinInsync(2);
        wanted.forEach(node ->
                assignment.addReplicas(Placement.newBuilder().setNode(node).setRole(ReplicaRole.REPLICA_ROLE_VOTER)));
        assignments.put(shard, assignment.build());
        return this;
    }

    private ClusterStatusTest node(String id, boolean live) {
        var node = new NodeId(id);
        nodes.put(node, new NodeInfo(node, id + ":7410", id + ":7411", "eu", "a", live, 1L << 40));
        return this;
    }

    private ClusterView view() {
        return new ClusterView(ShardMap.of(nodes.values(), shards.values()), Map.of(), assignments, null);
    }

    private ClusterStatus status() {
        return ClusterStatus.of(view(), List.of());
    }

    @Test
    void aShardWithAllItsCopiesIsWholeAndTheClusterSafe() {
        var status = node("n1", true).node("n2", true).shard(1, "n1", ALL, ALL).status();
        assertThat(status.verdict()).isEqualTo(Verdict.SAFE);
        assertThat(status.summary()).isEqualTo("1 of 1 shards whole; 2 of 2 nodes in touch.");
        assertThat(status.nodes().get(0).primaries()).isEqualTo(1);
        assertThat(status.nodes().get(1).replicas()).isEqualTo(1);
    }

    @Test
    void aShardWhosePrimaryIsGoneHasNoneUntilAnotherIsElected() {
        var status = node("n1", false).node("n2", true).shard(1, "n1", ALL, ALL).status();
        assertThat(status.shards()).extracting(ShardLine::state).containsExactly(ShardState.NO_PRIMARY);
        assertThat(status.verdict()).isEqualTo(Verdict.ENDANGERED);
    }

    @Test
    void theWorstShardDecidesAndStandsFirst() {
        var status = shard(1, "n1", ALL, ALL)
                .shard(2, "n1", List.of("n1", "n2"), ALL)
                .shard(3, "n1", List.of("n1"), ALL)
                .shard(4, null, ALL, ALL)
                .shard(5, "n1", ALL, List.of("n1", "n2", "n4"))
                .status();
        assertThat(status.verdict()).isEqualTo(Verdict.ENDANGERED);
        assertThat(status.shards())
                .extracting(ShardLine::id, ShardLine::state)
                .containsExactly(
                        tuple(4, ShardState.NO_PRIMARY),
                        tuple(3, ShardState.BELOW_MINIMUM),
                        tuple(2, ShardState.UNDER_REPLICATED),
                        tuple(5, ShardState.MOVING),
                        tuple(1, ShardState.WHOLE));
        assertThat(status.summary())
                .isEqualTo(
                        "1 without a primary, 1 below the minimum of copies, 1 with fewer copies than they should have,"
                                + " 1 on the move, 1 of 5 shards whole; 0 of 0 nodes in touch.");
    }

    @Test
    void missingCopiesDegradeAndAnEmptyClusterIsNotCalledSafe() {
        assertThat(status().verdict()).isEqualTo(Verdict.DEGRADED);
        assertThat(shard(2, "n1", List.of("n1", "n2"), ALL).status().verdict()).isEqualTo(Verdict.DEGRADED);
    }

    @Test
    void whatHappenedIsFoundByComparingMaps() {
        var events = new Events(() -> Instant.ofEpochMilli(42));
        events.learn(node("n1", true).node("n2", true).shard(1, "n1", ALL, ALL).view());
        assertThat(events.latest()).as("what was there at the start is no news").isEmpty();
        events.learn(node("n1", false).shard(1, "n2", List.of("n2", "n3"), ALL).view());
        assertThat(events.latest())
                .containsExactlyInAnyOrder(
                        new Event(42, "n1 lost touch"),
                        new Event(42, "shard 1 is led by n2, no longer by n1"),
                        new Event(42, "shard 1 has 2 of 3 copies in sync"));
        events.learn(node("n1", true).shard(1, "n2", ALL, ALL).view());
        assertThat(events.latest().stream().limit(2))
                .containsExactlyInAnyOrder(new Event(42, "shard 1 is whole"), new Event(42, "n1 is back"));
    }

    @Test
    void onlyTheLatestEventsAreKept() {
        var events = new Events(() -> Instant.EPOCH);
        for (int i = 0; i <= Events.MOST * 2; i++) {
            events.learn(node("n1", i % 2 == 0).view());
        }
        assertThat(events.latest()).hasSize(Events.MOST);
        assertThat(events.latest().get(0).text()).isEqualTo("n1 is back");
    }
}
