// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.balance;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.cluster.map.ClusterView;
import io.tintype.coordinator.control.BalanceSettings;
import io.tintype.model.NodeId;
import io.tintype.model.NodeInfo;
import io.tintype.model.PoolId;
import io.tintype.model.ShardId;
import io.tintype.model.ShardInfo;
import io.tintype.model.ShardMap;
import io.tintype.proto.internal.v1.ShardAssignment;
import io.tintype.proto.v1.EndangeredShard;
import io.tintype.proto.v1.NodeFares;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class ClusterHealthTest {
    private static final PoolId POOL = PoolId.parse(ToyNodes.POOL);

    /** What is told one by one has a limit; what is told of all of them goes by all of them. */
    @Test
    void theSummaryCountsShardsThatAreNotToldOneByOne() {
        var health = health(lost(250));
        var status = health.tell(List.of(), List.of(), true, 0);

        assertThat(status.getUnderReplicated()).isEqualTo(250);
        assertThat(status.getEndangeredCount()).isEqualTo(100);
        assertThat(status.getSummary())
                .startsWith("Of 250 shards no copy in sync can be reached")
                .contains("250 of 250 shards lack copies, on n1 n2.");
        assertThat(health.tell(List.of(), List.of(), true, 250).getEndangeredList())
                .extracting(EndangeredShard::getShard)
                .isEqualTo(IntStream.rangeClosed(1, 250).boxed().toList());
        assertThat(health.tell(List.of(), List.of(), true, -1).getEndangeredCount())
                .isEqualTo(250);
        assertThat(status.getNodesList()).extracting(NodeFares::getReplicas).containsExactly(250, 1);
        assertThat(status.getNodesList()).extracting(NodeFares::getPrimaries).containsExactly(250, 0);
    }

    @Test
    void aClusterWithoutShardsIsNotCalledSafe() {
        assertThat(health(ClusterView.EMPTY).tell(List.of(), List.of(), true, 0).getSafe())
                .isFalse();
    }

    private static ClusterHealth health(ClusterView view) {
        var polls = new NodePolls(
                address -> {
                    throw new AssertionError("nobody is asked, nor " + address);
                },
                "cluster");
        return new ClusterHealth(() -> view, polls, new Absences(System::nanoTime), BalanceSettings.DEFAULTS);
    }

    /** All on n1, and the last one on n2 too; both are away. */
    private static ClusterView lost(int shards) {
        var infos = new ArrayList<ShardInfo>();
        Map<ShardId, ShardAssignment> assignments = new HashMap<>();
        for (int i = 1; i <= shards; i++) {
            var id = new ShardId(i);
            var assignment = i < shards ? Offices.assigned(i, "n1") : Offices.assigned(i, "n1", "n2");
            var nodes = PlanInputs.voters(assignment).toList();
            assignments.put(id, assignment);
            infos.add(new ShardInfo(id, false, POOL, 1, nodes.get(0), nodes, nodes, 1));
        }
        var nodes = List.of("n1", "n2").stream()
                .map(id -> new NodeInfo(new NodeId(id), id, id, "eu", "a", false, 1))
                .toList();
        return new ClusterView(ShardMap.of(nodes, infos), Map.of(), assignments, null);
    }
}
