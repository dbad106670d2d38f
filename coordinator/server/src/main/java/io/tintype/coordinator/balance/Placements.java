// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.balance;

import io.tintype.proto.internal.v1.Placement;
import io.tintype.proto.internal.v1.ReplicaRole;
import io.tintype.proto.internal.v1.ShardAssignment;

/**
 * Assignments with a replica more or less, on its way to another place. What the shard is meant to have by its pool's rules
 * stays as it was, so that whoever follows those rules does not take the replica for one too many. Pure.
 */
final class Placements {
    private Placements() {}

    /** With a voter more; a copy that stands there becomes it. */
    static ShardAssignment with(ShardAssignment assignment, String node) {
        var others = assignment.getReplicasList().stream()
                .filter(placed -> !placed.getNode().equals(node))
                .toList();
        return meant(assignment)
                .clearReplicas()
                .addAllReplicas(others)
                .addReplicas(Placement.newBuilder().setNode(node).setRole(ReplicaRole.REPLICA_ROLE_VOTER))
                .build();
    }

    /** Without a node. */
    static ShardAssignment without(ShardAssignment assignment, String node) {
        var left = assignment.getReplicasList().stream()
                .filter(placed -> !placed.getNode().equals(node))
                .toList();
        return meant(assignment).clearReplicas().addAllReplicas(left).build();
    }

    /** Assignments of earlier builds do not say how many voters are meant: as many as they name. */
    private static ShardAssignment.Builder meant(ShardAssignment assignment) {
        var next = assignment.toBuilder();
        return assignment.getReplicationFactor() == 0
                ? next.setReplicationFactor((int) PlanInputs.voters(assignment).count())
                : next;
    }
}
