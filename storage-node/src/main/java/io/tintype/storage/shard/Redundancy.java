// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import io.tintype.model.NodeId;
import io.tintype.proto.internal.v1.ShardAssignment;
import io.tintype.proto.internal.v1.ShardRecord;
import java.util.Optional;

/**
 * Whether what a replica holds may be thrown away. It may only where somebody else certainly has all of it, as far as
 * ZooKeeper (read behind a sync) and the primary itself say at this moment. In doubt it stays. Pure.
 */
final class Redundancy {
    private Redundancy() {}

    /**
     * A replica that failed may be wiped and rebuilt where another one leads: a primary is in sync, so it holds every
     * acknowledged record. A replica that is the last of its shard stays as it is, for people to look at.
     *
     * @param record the shard's configuration
     * @param primary what the node that leads by it says of its replica
     */
    static boolean mayRebuild(NodeId self, ShardRecord record, Optional<Peers.Found> primary) {
        if (record.getPrimary().isEmpty() || record.getPrimary().equals(self.value()) || primary.isEmpty()) {
            return false;
        }
        var found = primary.get();
        return found.leads()
                && found.epoch() == record.getEpoch()
                && found.member().node().value().equals(record.getPrimary())
                && record.getInSyncList().stream()
                        .anyMatch(member -> member.getNode().equals(record.getPrimary())
                                && member.getIncarnation() == found.member().incarnation());
    }

    /**
     * A replica is dropped where the shard has a configuration that no longer names this node in any way, and nobody wants
     * it here. A shard whose configuration is gone keeps all of its replicas: they are all there is of it.
     */
    static boolean mayDrop(NodeId self, Optional<ShardRecord> record, Optional<ShardAssignment> assignment) {
        if (record.isEmpty()) {
            return false;
        }
        var config = record.get();
        boolean member = config.getInSyncList().stream()
                        .anyMatch(found -> found.getNode().equals(self.value()))
                || config.getElectableList().stream()
                        .anyMatch(found -> found.getNode().equals(self.value()));
        boolean replica = config.getReplicasList().stream()
                .anyMatch(placed -> placed.getNode().equals(self.value()));
        boolean wanted = assignment.isPresent()
                && assignment.get().getReplicasList().stream()
                        .anyMatch(placed -> placed.getNode().equals(self.value()));
        return !member && !replica && !wanted;
    }
}
