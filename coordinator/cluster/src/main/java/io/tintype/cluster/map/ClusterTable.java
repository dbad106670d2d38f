// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.map;

import com.google.protobuf.Message;
import io.tintype.cluster.placement.PoolRules;
import io.tintype.cluster.zk.Paths;
import io.tintype.cluster.zk.Znode;
import io.tintype.cluster.zk.ZnodeCodec;
import io.tintype.model.NodeId;
import io.tintype.model.NodeInfo;
import io.tintype.model.PoolId;
import io.tintype.model.ShardId;
import io.tintype.model.ShardInfo;
import io.tintype.proto.internal.v1.Member;
import io.tintype.proto.internal.v1.NodeIntent;
import io.tintype.proto.internal.v1.Placement;
import io.tintype.proto.internal.v1.ShardAssignment;
import io.tintype.proto.internal.v1.ShardRecord;
import io.tintype.proto.internal.v1.ShardType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/**
 * Znodes put together into a {@link ClusterView}: collects what changed, and makes a new view of it when asked. Confined
 * to one thread.
 */
final class ClusterTable {
    private final NodeTable nodes = new NodeTable();
    private final Map<ShardId, ShardRecord> records = new HashMap<>();
    private final Map<ShardId, ShardAssignment> assignments = new HashMap<>();
    private final Map<PoolId, PoolRules> pools = new HashMap<>();
    private final Map<NodeId, NodeIntent> intents = new HashMap<>();
    private final Set<NodeId> changedNodes = new HashSet<>();
    private final Set<ShardId> changedShards = new HashSet<>();
    private @Nullable DirectoryLayout directory;
    private boolean changed;

    /**
     * Takes in a znode, or its end.
     *
     * @throws RuntimeException if it cannot be understood; what was known before stays
     */
    void changed(String path, @Nullable Znode znode) {
        if (path.startsWith(Paths.NODE_INTENTS + "/")) {
            intent(path, znode);
        } else if (path.startsWith("/nodes/")) {
            nodes.changed(path, znode).ifPresent(id -> {
                changedNodes.add(id);
                changed = true;
            });
        } else if (isIn(Paths.SHARDS, path)) {
            shard(records, path, znode, ZnodeCodec.SHARD, ClusterTable::info);
        } else if (isIn(Paths.ASSIGNMENTS, path)) {
            shard(assignments, path, znode, ZnodeCodec.ASSIGNMENT, ClusterTable::info);
        } else if (path.startsWith(Paths.POOLS + "/")) {
            pool(path, znode);
        } else if (path.equals(Paths.DIRECTORY_MAP) && znode != null) {
            directory = DirectoryLayout.of(ZnodeCodec.DIRECTORY_MAP.decode(path, znode.data()));
            changed = true;
        }
    }

    private <T extends Message> void shard(
            Map<ShardId, T> table,
            String path,
            @Nullable Znode znode,
            ZnodeCodec<T> codec,
            BiFunction<ShardId, T, ShardInfo> info) {
        var id = new ShardId(Integer.parseInt(Paths.lastPart(path)));
        if (znode == null) {
            table.remove(id);
        } else {
            var record = codec.decode(path, znode.data());
            var unusedCheckOfTheNames = info.apply(id, record); // here, where it holds up nothing but itself
            table.put(id, record);
        }
        changedShards.add(id);
        changed = true;
    }

    private void intent(String path, @Nullable Znode znode) {
        var id = new NodeId(Paths.lastPart(path));
        if (znode == null) {
            intents.remove(id);
        } else {
            intents.put(id, ZnodeCodec.NODE_INTENT.decode(path, znode.data()));
        }
        changed = true;
    }

    private void pool(String path, @Nullable Znode znode) {
        var id = PoolId.parse(Paths.lastPart(path));
        if (znode == null) {
            pools.remove(id);
        } else {
            pools.put(id, PoolRules.of(ZnodeCodec.POOL.decode(path, znode.data())));
        }
        changed = true;
    }

    /** Whether anything has changed since the last view was made. */
    boolean isChanged() {
        return changed;
    }

    /** The view that follows {@code previous}, which must be the last one made here. */
    ClusterView next(ClusterView previous) {
        List<NodeInfo> nodesNow = new ArrayList<>();
        List<NodeId> nodesGone = new ArrayList<>();
        for (var id : changedNodes) {
            nodes.node(id).ifPresentOrElse(nodesNow::add, () -> nodesGone.add(id));
        }
        List<ShardInfo> shardsNow = new ArrayList<>();
        List<ShardId> shardsGone = new ArrayList<>();
        for (var id : changedShards) {
            var info = shardInfo(id);
            if (info == null) {
                shardsGone.add(id);
            } else {
                shardsNow.add(info);
            }
        }
        changedNodes.clear();
        changedShards.clear();
        changed = false;
        var map = previous.map().without(nodesGone, shardsGone).with(nodesNow, shardsNow);
        return new ClusterView(map, pools, assignments, directory, intents);
    }

    private @Nullable ShardInfo shardInfo(ShardId id) {
        var record = records.get(id);
        if (record != null) {
            return info(id, record);
        }
        var assignment = assignments.get(id);
        return assignment == null ? null : info(id, assignment);
    }

    private static ShardInfo info(ShardId id, ShardRecord record) {
        return new ShardInfo(
                id,
                record.getType() == ShardType.SHARD_TYPE_DIRECTORY,
                PoolId.parse(record.getPool()),
                record.getEpoch(),
                record.getPrimary().isEmpty() ? null : new NodeId(record.getPrimary()),
                record.getInSyncList().stream()
                        .map(Member::getNode)
                        .map(NodeId::new)
                        .toList(),
                nodesOf(record.getReplicasList()),
                record.getConfigVersion());
    }

    private static ShardInfo info(ShardId id, ShardAssignment assignment) {
        return new ShardInfo(
                id,
                assignment.getType() == ShardType.SHARD_TYPE_DIRECTORY,
                PoolId.parse(assignment.getPool()),
                0,
                null,
                List.of(),
                nodesOf(assignment.getReplicasList()),
                0);
    }

    private static List<NodeId> nodesOf(List<Placement> replicas) {
        return replicas.stream().map(Placement::getNode).map(NodeId::new).toList();
    }

    private static boolean isIn(String parent, String path) {
        return path.startsWith(parent + "/") && Paths.isInBucket(path);
    }
}
