// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.control;

import io.tintype.model.NodeId;
import io.tintype.model.NodeInfo;
import io.tintype.model.ShardInfo;
import io.tintype.proto.v1.Node;
import io.tintype.proto.v1.Shard;
import io.tintype.proto.v1.ShardKind;

/** Nodes and shards as the public API shows them. Stateless. */
final class Views {
    private Views() {}

    static Node node(NodeInfo node) {
        return Node.newBuilder()
                .setId(node.id().value())
                .setAddress(node.address())
                .setPeerAddress(node.peerAddress())
                .setRegion(node.region())
                .setZone(node.zone())
                .setLive(node.live())
                .setDiskBytes(node.diskBytes())
                .addAllLabels(node.labels())
                .build();
    }

    static Shard shard(ShardInfo shard) {
        return Shard.newBuilder()
                .setId(shard.id().value())
                .setKind(shard.directory() ? ShardKind.SHARD_KIND_DIRECTORY : ShardKind.SHARD_KIND_DATA)
                .setRegion(shard.pool().region())
                .setTier(shard.pool().tier())
                .setEpoch(shard.epoch())
                .setPrimary(shard.primary().map(NodeId::value).orElse(""))
                .addAllInSync(shard.inSync().stream().map(NodeId::value).toList())
                .addAllReplicas(shard.replicas().stream().map(NodeId::value).toList())
                .setConfigVersion(shard.configVersion())
                .build();
    }
}
