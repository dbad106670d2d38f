// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import io.tintype.client.internal.ClientCore;
import io.tintype.client.internal.route.MapMessages;
import io.tintype.model.PoolId;
import io.tintype.model.ShardId;
import io.tintype.model.ShardInfo;
import io.tintype.proto.v1.AdminGrpc;
import io.tintype.proto.v1.CreatePoolRequest;
import io.tintype.proto.v1.GetShardRequest;
import io.tintype.proto.v1.ListNodesRequest;
import io.tintype.proto.v1.ListPoolsRequest;
import io.tintype.proto.v1.ListShardsRequest;
import java.util.List;

/** The operator's view, served by coordinators of role control. Thread-safe. */
public final class AdminClient {
    private final ClientCore core;

    AdminClient(ClientCore core) {
        this.core = core;
    }

    /** All nodes, live or not, in order of id. */
    public List<NodeStatus> nodes() {
        return Futures.await(Futures.map(
                core.call(AdminGrpc.getListNodesMethod(), ListNodesRequest.getDefaultInstance()),
                answer -> answer.getNodesList().stream()
                        .map(node -> new NodeStatus(
                                MapMessages.node(node.getNode()), node.getReplicas(), node.getPrimaries()))
                        .toList()));
    }

    /** All shards, in order of id. */
    public List<ShardInfo> shards() {
        return shards(ListShardsRequest.getDefaultInstance());
    }

    /** The shards of a pool, in order of id. */
    public List<ShardInfo> shards(PoolId pool) {
        return shards(ListShardsRequest.newBuilder()
                .setRegion(pool.region())
                .setTier(pool.tier())
                .build());
    }

    private List<ShardInfo> shards(ListShardsRequest request) {
        return Futures.await(Futures.map(
                core.call(AdminGrpc.getListShardsMethod(), request),
                answer ->
                        answer.getShardsList().stream().map(MapMessages::shard).toList()));
    }

    /**
     * Everything about one shard; its replicas are asked now.
     *
     * @throws NotFoundException SHARD_NOT_FOUND
     */
    public ShardDetail shard(ShardId id) {
        return Futures.await(Futures.map(
                core.call(
                        AdminGrpc.getGetShardMethod(),
                        GetShardRequest.newBuilder().setShard(id.value()).build()),
                answer -> new ShardDetail(
                        MapMessages.shard(answer.getShard()),
                        answer.getReplicasList().stream()
                                .map(AdminClient::replica)
                                .toList())));
    }

    private static ReplicaStatus replica(io.tintype.proto.v1.ReplicaStatus replica) {
        return new ReplicaStatus(
                replica.getNode(),
                replica.getError().isEmpty() ? null : replica.getError(),
                replica.getState(),
                replica.getEpoch(),
                new ReplicaStatus.Sequences(
                        replica.getLastSequence(), replica.getCommittedSequence(), replica.getAppliedSequence()),
                replica.getUsers(),
                replica.getBlobs(),
                replica.getBytes());
    }

    /** All pools, in order of region and tier. */
    public List<PoolInfo> pools() {
        return Futures.await(Futures.map(
                core.call(AdminGrpc.getListPoolsMethod(), ListPoolsRequest.getDefaultInstance()),
                answer -> answer.getPoolsList().stream().map(Convert::pool).toList()));
    }

    /**
     * Creates a pool; the controller then gives it its first shards. Repeated after a lost answer, so {@link
     * AlreadyExistsException} may mean that an earlier try of the same call made it: compare with {@link #pools}.
     *
     * @throws AlreadyExistsException where there is one of that region and tier
     */
    public PoolInfo createPool(PoolInfo pool) {
        return Futures.awaitChange(Futures.map(
                core.call(
                        AdminGrpc.getCreatePoolMethod(),
                        CreatePoolRequest.newBuilder()
                                .setPool(Convert.pool(pool))
                                .build()),
                answer -> Convert.pool(answer.getPool())));
    }
}
