// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import io.tintype.client.internal.ClientCore;
import io.tintype.client.internal.route.MapMessages;
import io.tintype.model.NodeId;
import io.tintype.model.PoolId;
import io.tintype.model.ShardId;
import io.tintype.model.ShardInfo;
import io.tintype.proto.v1.AdminGrpc;
import io.tintype.proto.v1.CreatePoolRequest;
import io.tintype.proto.v1.DeletePoolRequest;
import io.tintype.proto.v1.ForceShardRequest;
import io.tintype.proto.v1.GetNodeRequest;
import io.tintype.proto.v1.GetPoolRequest;
import io.tintype.proto.v1.GetShardRequest;
import io.tintype.proto.v1.ListNodesRequest;
import io.tintype.proto.v1.ListPoolsRequest;
import io.tintype.proto.v1.ListShardsRequest;
import io.tintype.proto.v1.TransferShardRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The operator's view, served by coordinators of role control. Thread-safe. */
public final class AdminClient {
    /** Shards with the longest names of nodes take half of what a message may. */
    private static final int SHARDS_AT_ONCE = 1_000;

    private final ClientCore core;

    AdminClient(ClientCore core) {
        this.core = core;
    }

    /** All nodes, live or not, in order of id. */
    public List<NodeStatus> nodes() {
        return Futures.await(Futures.map(
                core.call(AdminGrpc.getListNodesMethod(), ListNodesRequest.getDefaultInstance()),
                answer ->
                        answer.getNodesList().stream().map(AdminClient::status).toList()));
    }

    private static NodeStatus status(io.tintype.proto.v1.NodeStatus status) {
        return new NodeStatus(MapMessages.node(status.getNode()), status.getReplicas(), status.getPrimaries());
    }

    /**
     * What one node carries, and what it says of its memory; it is asked now.
     *
     * @throws NotFoundException NODE_NOT_FOUND
     */
    public NodeDetail node(NodeId id) {
        return Futures.await(Futures.map(
                core.call(
                        AdminGrpc.getGetNodeMethod(),
                        GetNodeRequest.newBuilder().setNode(id.value()).build()),
                answer -> new NodeDetail(
                        status(answer.getStatus()),
                        Optional.of(answer.getError()).filter(error -> !error.isEmpty()),
                        answer.getMemoryList().stream()
                                .map(part -> new NodeDetail.Memory(
                                        part.getPart(), part.getUsedBytes(), part.getLimitBytes()))
                                .toList())));
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

    /** Some at a time: all of them may be more than a message takes. */
    private List<ShardInfo> shards(ListShardsRequest request) {
        var found = new ArrayList<ShardInfo>();
        var next = request.toBuilder().setMax(SHARDS_AT_ONCE);
        boolean more;
        do {
            var answer = Futures.await(core.call(AdminGrpc.getListShardsMethod(), next.build()));
            answer.getShardsList().stream().map(MapMessages::shard).forEach(found::add);
            more = answer.getMore() && answer.getShardsCount() > 0;
            if (more) {
                next.setAfter(answer.getShards(answer.getShardsCount() - 1).getId());
            }
        } while (more);
        return found;
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

    /**
     * Has a shard led by another in-sync replica. Nothing is lost; writes pause for less than a third of a second. Repeated
     * after a lost answer, which is harmless.
     *
     * @param to who is to lead; null: the in-sync replica that has caught up most
     * @throws NotFoundException SHARD_NOT_FOUND, NODE_NOT_FOUND
     * @throws WrongStateException WRONG_STATE, such as: the node is not in sync
     */
    public ShardLead transferShard(ShardId id, @Nullable NodeId to) {
        return Futures.awaitChange(Futures.map(
                core.change(
                        AdminGrpc.getTransferShardMethod(),
                        TransferShardRequest.newBuilder()
                                .setShard(id.value())
                                .setTo(to == null ? "" : to.value())
                                .build()),
                answer -> new ShardLead(
                        new NodeId(answer.getPrimary()),
                        answer.getEpoch(),
                        Optional.of(new NodeId(answer.getFormer())))));
    }

    /**
     * Makes one replica primary by force, where all replicas that hold every acknowledged write are gone. Acknowledged
     * writes that this replica lacks are lost for good.
     *
     * @param confirmed the shard once more: another one is refused
     * @throws NotFoundException SHARD_NOT_FOUND, NODE_NOT_FOUND
     * @throws WrongStateException WRONG_STATE, such as: the shard is led, or the replica has nothing to lead with
     */
    public ShardLead forceShard(ShardId id, ShardId confirmed, NodeId node) {
        return Futures.awaitChange(Futures.map(
                core.change(
                        AdminGrpc.getForceShardMethod(),
                        ForceShardRequest.newBuilder()
                                .setShard(id.value())
                                .setConfirmShard(confirmed.value())
                                .setNode(node.value())
                                .build()),
                answer -> new ShardLead(new NodeId(answer.getPrimary()), answer.getEpoch(), Optional.empty())));
    }

    /** All pools, in order of region and tier. */
    public List<PoolInfo> pools() {
        return Futures.await(Futures.map(
                core.call(AdminGrpc.getListPoolsMethod(), ListPoolsRequest.getDefaultInstance()),
                answer -> answer.getPoolsList().stream().map(PoolMessages::pool).toList()));
    }

    /**
     * Creates a pool; the controller then gives it its first shards. Repeated after a lost answer; where it is there by then,
     * {@link OutcomeUnknownException} says that an earlier try of the same call may have made it: compare with {@link #pools}.
     *
     * @throws AlreadyExistsException where there is one of that region and tier
     */
    public PoolInfo createPool(PoolInfo pool) {
        return Futures.awaitChange(Futures.map(
                core.change(
                        AdminGrpc.getCreatePoolMethod(),
                        CreatePoolRequest.newBuilder()
                                .setPool(PoolMessages.pool(pool))
                                .build()),
                answer -> PoolMessages.pool(answer.getPool())));
    }

    /**
     * A pool, how full its shards are, and how its copies in other regions stand; all of them are asked now.
     *
     * @throws NotFoundException POOL_NOT_FOUND
     */
    public PoolDetail pool(PoolId id) {
        return Futures.await(Futures.map(
                core.call(
                        AdminGrpc.getGetPoolMethod(),
                        GetPoolRequest.newBuilder()
                                .setRegion(id.region())
                                .setTier(id.tier())
                                .build()),
                PoolMessages::detail));
    }

    /**
     * What a change of a pool would do; nothing is changed.
     *
     * @throws NotFoundException POOL_NOT_FOUND
     * @throws InvalidRequestException where the pool would be outside its limits, or the nodes there are cannot give what
     *     is asked for
     */
    public PoolEffect previewPool(PoolEdit edit) {
        return Futures.await(
                Futures.map(core.call(AdminGrpc.getChangePoolMethod(), edit.request(true)), PoolMessages::effect));
    }

    /**
     * Changes a pool. Its shards follow within seconds, and replicas that are added within the time it takes to copy them.
     *
     * @throws NotFoundException POOL_NOT_FOUND
     * @throws InvalidRequestException as {@link #previewPool}
     * @throws PoolInUseException where limits would fall below what is used, and the edit does not allow it
     */
    public PoolEffect changePool(PoolEdit edit) {
        return Futures.awaitChange(
                Futures.map(core.change(AdminGrpc.getChangePoolMethod(), edit.request(false)), PoolMessages::effect));
    }

    /**
     * What it would do that another region serves a pool, and what would be lost; nothing is changed.
     *
     * @param to a region with copies of the pool's shards, or the pool's own
     * @throws NotFoundException POOL_NOT_FOUND
     * @throws InvalidRequestException where the region has no copies
     * @throws WrongStateException where the region has fewer nodes than shards have replicas
     */
    public PoolSwitch previewSwitch(PoolId pool, String to) {
        return Futures.await(Futures.map(
                core.call(AdminGrpc.getSwitchPoolMethod(), PoolMessages.switchRequest(pool, to, null, "")),
                PoolMessages::poolSwitch));
    }

    /**
     * Lets another region serve a pool. Shards whose primary cannot be asked are taken by force: acknowledged writes that
     * their copy lacks are lost for good. May be repeated, which goes on where it stopped.
     *
     * @param shown what {@link #previewSwitch} told: no more than that is lost
     * @param confirmed the pool once more: another name is refused
     * @throws WrongStateException where more would be lost by now than was shown; nothing was changed
     */
    public PoolSwitch switchPool(PoolId pool, String to, PoolSwitch shown, PoolId confirmed) {
        return Futures.awaitChange(Futures.map(
                core.change(
                        AdminGrpc.getSwitchPoolMethod(),
                        PoolMessages.switchRequest(pool, to, shown, confirmed.toString())),
                PoolMessages::poolSwitch));
    }

    /**
     * Removes a pool that has no shards yet.
     *
     * @throws NotFoundException POOL_NOT_FOUND
     * @throws PoolInUseException where it has shards
     */
    public void deletePool(PoolId id) {
        Futures.awaitChange(Futures.map(
                core.change(
                        AdminGrpc.getDeletePoolMethod(),
                        DeletePoolRequest.newBuilder()
                                .setRegion(id.region())
                                .setTier(id.tier())
                                .build()),
                answer -> answer));
    }
}
