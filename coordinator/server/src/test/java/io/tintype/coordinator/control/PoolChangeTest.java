// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tintype.cluster.map.ClusterView;
import io.tintype.cluster.placement.PoolRules;
import io.tintype.model.NodeId;
import io.tintype.model.NodeInfo;
import io.tintype.model.PoolId;
import io.tintype.model.Reason;
import io.tintype.model.ShardMap;
import io.tintype.model.TintypeException;
import io.tintype.proto.internal.v1.NodeIntent;
import io.tintype.proto.v1.ChangePoolRequest;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What a pool may be asked for, by the nodes there are. */
final class PoolChangeTest {
    private static final ClusterView NODES = new ClusterView(
            ShardMap.of(
                    Stream.of("n1/a", "n2/a", "n3/b")
                            .map(place -> place.split("/", 2))
                            .map(place -> new NodeInfo(
                                    new NodeId(place[0]), place[0], place[0], "eu", place[1], true, 1, Set.of()))
                            .toList(),
                    List.of()),
            Map.of(),
            Map.of(),
            null);

    /** It takes nothing more, and keeps nothing: the change would wait for ever. */
    @Test
    void aNodeThatIsToBeDrainedDoesNotCountAndOneInMaintenanceDoes() {
        var before = new PoolRules(new PoolId("eu", "standard"), 2, 1, 100, 1);
        var three = PoolChange.merge(
                before, ChangePoolRequest.newBuilder().setReplicationFactor(3).build());
        PoolChange.requireNodes(
                wanted(NodeIntent.newBuilder().setMaintenance(true).build()), before, three);

        var drained = wanted(NodeIntent.newBuilder().setDraining(true).build());
        assertThatThrownBy(() -> PoolChange.requireNodes(drained, before, three))
                .isInstanceOfSatisfying(
                        TintypeException.class, e -> assertThat(e.reason()).isEqualTo(Reason.INVALID_ARGUMENT))
                .hasMessage("replication_factor is 3, but region eu has 2 live storage nodes that are not to be"
                        + " drained; add nodes first");
    }

    private static ClusterView wanted(NodeIntent ofOne) {
        return new ClusterView(NODES.map(), Map.of(), Map.of(), null, Map.of(new NodeId("n1"), ofOne));
    }

    @Test
    void zonesOfTheirOwnAreGivenWhileThereAreZonesEnough() {
        var before = new PoolRules(new PoolId("eu", "standard"), 2, 1, 100, 1);
        var spread = PoolChange.merge(
                before, ChangePoolRequest.newBuilder().setZonesRequired(true).build());
        assertThat(spread.zonesRequired()).isTrue();
        PoolChange.requireNodes(NODES, before, spread);

        var more = PoolChange.merge(
                spread, ChangePoolRequest.newBuilder().setReplicationFactor(3).build());
        assertThatThrownBy(() -> PoolChange.requireNodes(NODES, spread, more))
                .isInstanceOfSatisfying(
                        TintypeException.class, e -> assertThat(e.reason()).isEqualTo(Reason.INVALID_ARGUMENT))
                .hasMessage("zones_required asks for 3 zones, but the live nodes of region eu stand in 2: a, b");
    }
}
