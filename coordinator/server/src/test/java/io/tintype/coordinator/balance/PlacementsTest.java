// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.balance;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.model.NodeId;
import io.tintype.proto.internal.v1.Placement;
import io.tintype.proto.internal.v1.ReplicaRole;
import io.tintype.proto.internal.v1.ShardAssignment;
import java.util.List;
import org.junit.jupiter.api.Test;

final class PlacementsTest {
    @Test
    void aReplicaOnItsWayDoesNotChangeHowManyAreMeant() {
        for (int meant : List.of(0, 3)) {
            var assignment = assignment(meant);
            var added = Placements.with(assignment, "n4");
            assertThat(PlanInputs.voters(added).map(NodeId::value)).containsExactly("n1", "n2", "n3", "n4");
            assertThat(added.getReplicationFactor()).isEqualTo(3);
            var moved = Placements.without(added, "n2");
            assertThat(PlanInputs.voters(moved).map(NodeId::value)).containsExactly("n1", "n3", "n4");
            assertThat(moved.getReplicationFactor()).isEqualTo(3);
        }
    }

    @Test
    void copiesElsewhereStayAndDoNotCount() {
        var assignment = assignment(0).toBuilder()
                .addReplicas(Placement.newBuilder().setNode("far").setRole(ReplicaRole.REPLICA_ROLE_OBSERVER))
                .build();
        var moved = Placements.without(Placements.with(assignment, "n4"), "n1");
        assertThat(moved.getReplicationFactor()).isEqualTo(3);
        assertThat(moved.getReplicasList()).extracting(Placement::getNode).contains("far");
    }

    @Test
    void aCopyBecomesTheVoterThatIsToStandThere() {
        var assignment = assignment(0).toBuilder()
                .addReplicas(Placement.newBuilder().setNode("far").setRole(ReplicaRole.REPLICA_ROLE_OBSERVER))
                .build();
        var added = Placements.with(assignment, "far");
        assertThat(added.getReplicasList()).extracting(Placement::getNode).containsExactly("n1", "n2", "n3", "far");
        assertThat(PlanInputs.voters(added).map(NodeId::value)).contains("far");
        assertThat(added.getReplicationFactor()).isEqualTo(3);
    }

    private static ShardAssignment assignment(int meant) {
        var assignment = ShardAssignment.newBuilder().setShard(7).setReplicationFactor(meant);
        for (var node : List.of("n1", "n2", "n3")) {
            assignment.addReplicas(Placement.newBuilder().setNode(node).setRole(ReplicaRole.REPLICA_ROLE_VOTER));
        }
        return assignment.build();
    }
}
