// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import io.tintype.cluster.zk.Versioned;
import io.tintype.model.NodeId;
import io.tintype.proto.internal.v1.Placement;
import io.tintype.proto.internal.v1.ShardRecord;
import io.tintype.storage.replica.Member;
import io.tintype.storage.replica.ReplicaRole;
import io.tintype.storage.replica.ShardConfig;
import io.tintype.storage.replica.ShardLifecycle;
import io.tintype.storage.replica.VersionedConfig;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The core's configuration to and from the znode's record. Stateless. */
final class ConfigCodec {
    private static final int FORMAT = 1;

    private ConfigCodec() {}

    static VersionedConfig decode(Versioned<ShardRecord> znode) {
        return new VersionedConfig(decode(znode.value()), znode.version());
    }

    /**
     * @throws IllegalArgumentException when the record contradicts itself
     */
    static ShardConfig decode(ShardRecord znode) {
        return new ShardConfig(
                znode.getConfigVersion(),
                znode.getEpoch(),
                znode.getPrimary().isEmpty() ? null : new NodeId(znode.getPrimary()),
                members(znode.getInSyncList()),
                members(znode.getElectableList()),
                roles(znode.getReplicasList()),
                znode.getMinInsync(),
                lifecycle(znode.getLifecycle()),
                znode.getLosses(),
                znode.getWriter().isEmpty() ? null : new NodeId(znode.getWriter()),
                znode.getWriterNonce());
    }

    static ShardRecord encode(ShardIdentity identity, ShardRules rules, ShardConfig config) {
        var znode = ShardRecord.newBuilder()
                .setFormat(FORMAT)
                .setShard(identity.id().value())
                .setType(identity.type())
                .setPool(identity.pool().toString())
                .setUsersLimit(rules.usersLimit())
                .setConfigVersion(config.cfg())
                .setEpoch(config.epoch())
                .setMinInsync(config.minInSync())
                .setLifecycle(lifecycle(config.lifecycle()))
                .setLosses(config.losses())
                .setWriterNonce(config.writerNonce());
        var primary = config.primary();
        if (primary != null) {
            znode.setPrimary(primary.value());
        }
        var writer = config.writer();
        if (writer != null) {
            znode.setWriter(writer.value());
        }
        config.inSync().forEach(member -> znode.addInSync(member(member)));
        config.electable().forEach(member -> znode.addElectable(member(member)));
        config.replicas()
                .forEach((node, role) -> znode.addReplicas(
                        Placement.newBuilder().setNode(node.value()).setRole(role(role))));
        return znode.build();
    }

    /** Nodes and their parts, in the order given. */
    static Map<NodeId, ReplicaRole> roles(List<Placement> placements) {
        var roles = new LinkedHashMap<NodeId, ReplicaRole>();
        for (var placement : placements) {
            roles.put(
                    new NodeId(placement.getNode()),
                    switch (placement.getRole()) {
                        case REPLICA_ROLE_VOTER -> ReplicaRole.VOTER;
                        case REPLICA_ROLE_LEARNER -> ReplicaRole.LEARNER;
                        case REPLICA_ROLE_OBSERVER -> ReplicaRole.OBSERVER;
                        case REPLICA_ROLE_UNSPECIFIED, UNRECOGNIZED ->
                            throw new IllegalArgumentException("node " + placement.getNode()
                                    + " has a part this release does not know: " + placement.getRoleValue());
                    });
        }
        return roles;
    }

    private static Set<Member> members(Collection<io.tintype.proto.internal.v1.Member> members) {
        var all = new LinkedHashSet<Member>();
        for (var member : members) {
            all.add(new Member(new NodeId(member.getNode()), member.getIncarnation()));
        }
        return all;
    }

    private static io.tintype.proto.internal.v1.Member member(Member member) {
        return io.tintype.proto.internal.v1.Member.newBuilder()
                .setNode(member.node().value())
                .setIncarnation(member.incarnation())
                .build();
    }

    private static io.tintype.proto.internal.v1.ReplicaRole role(ReplicaRole role) {
        return switch (role) {
            case VOTER -> io.tintype.proto.internal.v1.ReplicaRole.REPLICA_ROLE_VOTER;
            case LEARNER -> io.tintype.proto.internal.v1.ReplicaRole.REPLICA_ROLE_LEARNER;
            case OBSERVER -> io.tintype.proto.internal.v1.ReplicaRole.REPLICA_ROLE_OBSERVER;
        };
    }

    private static ShardLifecycle lifecycle(io.tintype.proto.internal.v1.ShardLifecycle lifecycle) {
        return switch (lifecycle) {
            case SHARD_LIFECYCLE_ACTIVE -> ShardLifecycle.ACTIVE;
            case SHARD_LIFECYCLE_READONLY -> ShardLifecycle.READONLY;
            case SHARD_LIFECYCLE_RETIRED -> ShardLifecycle.RETIRED;
            case SHARD_LIFECYCLE_UNSPECIFIED, UNRECOGNIZED ->
                throw new IllegalArgumentException("this release does not know the lifecycle " + lifecycle);
        };
    }

    private static io.tintype.proto.internal.v1.ShardLifecycle lifecycle(ShardLifecycle lifecycle) {
        return switch (lifecycle) {
            case ACTIVE -> io.tintype.proto.internal.v1.ShardLifecycle.SHARD_LIFECYCLE_ACTIVE;
            case READONLY -> io.tintype.proto.internal.v1.ShardLifecycle.SHARD_LIFECYCLE_READONLY;
            case RETIRED -> io.tintype.proto.internal.v1.ShardLifecycle.SHARD_LIFECYCLE_RETIRED;
        };
    }
}
