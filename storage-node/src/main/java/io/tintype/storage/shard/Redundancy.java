// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import io.tintype.model.NodeId;
import io.tintype.model.ShardId;
import io.tintype.proto.internal.v1.ReplicaRole;
import io.tintype.proto.internal.v1.ShardAssignment;
import io.tintype.proto.internal.v1.ShardRecord;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

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

    /**
     * Whether nothing needs what a damaged store of this node held: each shard whose configuration names this node has
     * enough in sync, and counts this node only as what it is now. Whoever counts holds every acknowledged record.
     *
     * @param records all configurations that name this node
     * @param incarnations the replicas that run here and serve, and what they are called
     * @param assigned shards that the controller wants here
     */
    static boolean isRefilled(
            NodeId self, List<ShardRecord> records, Map<ShardId, Long> incarnations, Set<ShardId> assigned) {
        var named =
                records.stream().map(record -> new ShardId(record.getShard())).collect(Collectors.toSet());
        return named.containsAll(assigned)
                && records.stream()
                        .allMatch(record -> isWhole(self, record, incarnations.get(new ShardId(record.getShard()))));
    }

    private static boolean isWhole(NodeId self, ShardRecord record, @Nullable Long incarnation) {
        boolean voter = record.getReplicasList().stream()
                .anyMatch(placed ->
                        placed.getNode().equals(self.value()) && placed.getRole() != ReplicaRole.REPLICA_ROLE_OBSERVER);
        var counted = Stream.concat(record.getInSyncList().stream(), record.getElectableList().stream())
                .filter(member -> member.getNode().equals(self.value()))
                .toList();
        boolean isNow =
                counted.stream().allMatch(member -> incarnation != null && member.getIncarnation() == incarnation);
        boolean inSync = record.getInSyncList().stream()
                .anyMatch(member -> member.getNode().equals(self.value()));
        return isNow
                && !record.getPrimary().isEmpty()
                && record.getInSyncCount() >= record.getMinInsync()
                && (inSync || !voter);
    }
}
