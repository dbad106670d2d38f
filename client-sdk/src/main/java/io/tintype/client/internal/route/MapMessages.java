// SPDX-License-Identifier: Apache-2.0
package io.tintype.client.internal.route;

import io.tintype.model.NodeId;
import io.tintype.model.NodeInfo;
import io.tintype.model.PoolId;
import io.tintype.model.ShardId;
import io.tintype.model.ShardInfo;
import io.tintype.proto.v1.Node;
import io.tintype.proto.v1.Shard;
import io.tintype.proto.v1.ShardKind;
import java.util.Set;

/** Nodes and shards from their messages. Stateless and thread-safe. */
public final class MapMessages {
    private MapMessages() {}

    /** A node. */
    public static NodeInfo node(Node node) {
        return new NodeInfo(
                new NodeId(node.getId()),
                node.getAddress(),
                node.getPeerAddress(),
                node.getRegion(),
                node.getZone(),
                node.getLive(),
                node.getDiskBytes(),
                Set.copyOf(node.getLabelsList()));
    }

    /** A shard. */
    public static ShardInfo shard(Shard shard) {
        return new ShardInfo(
                new ShardId(shard.getId()),
                shard.getKind() == ShardKind.SHARD_KIND_DIRECTORY,
                new PoolId(shard.getRegion(), shard.getTier()),
                shard.getEpoch(),
                shard.getPrimary().isEmpty() ? null : new NodeId(shard.getPrimary()),
                shard.getInSyncList().stream().map(NodeId::new).toList(),
                shard.getReplicasList().stream().map(NodeId::new).toList(),
                shard.getConfigVersion());
    }
}
