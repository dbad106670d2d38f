// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.control;

import io.grpc.stub.StreamObserver;
import io.tintype.cluster.channel.ChannelSource;
import io.tintype.cluster.map.ClusterView;
import io.tintype.cluster.map.PoolZnodes;
import io.tintype.cluster.placement.PoolRules;
import io.tintype.cluster.zk.ZkSession;
import io.tintype.coordinator.route.Answers;
import io.tintype.coordinator.users.DataShards;
import io.tintype.model.NodeId;
import io.tintype.model.PoolId;
import io.tintype.model.Reason;
import io.tintype.model.ShardId;
import io.tintype.model.ShardInfo;
import io.tintype.model.TintypeException;
import io.tintype.proto.v1.AdminGrpc;
import io.tintype.proto.v1.ChangePoolRequest;
import io.tintype.proto.v1.ChangePoolResponse;
import io.tintype.proto.v1.CreatePoolRequest;
import io.tintype.proto.v1.CreatePoolResponse;
import io.tintype.proto.v1.DeletePoolRequest;
import io.tintype.proto.v1.DeletePoolResponse;
import io.tintype.proto.v1.ForceShardRequest;
import io.tintype.proto.v1.ForceShardResponse;
import io.tintype.proto.v1.GetNodeRequest;
import io.tintype.proto.v1.GetNodeResponse;
import io.tintype.proto.v1.GetPoolRequest;
import io.tintype.proto.v1.GetPoolResponse;
import io.tintype.proto.v1.GetShardRequest;
import io.tintype.proto.v1.GetShardResponse;
import io.tintype.proto.v1.ListNodesRequest;
import io.tintype.proto.v1.ListNodesResponse;
import io.tintype.proto.v1.ListPoolsRequest;
import io.tintype.proto.v1.ListPoolsResponse;
import io.tintype.proto.v1.ListShardsRequest;
import io.tintype.proto.v1.ListShardsResponse;
import io.tintype.proto.v1.NodeStatus;
import io.tintype.proto.v1.SwitchPoolRequest;
import io.tintype.proto.v1.SwitchPoolResponse;
import io.tintype.proto.v1.TransferShardRequest;
import io.tintype.proto.v1.TransferShardResponse;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/** The operator's view: what the map says, and what replicas say of themselves. */
public final class AdminService extends AdminGrpc.AdminImplBase {
    private final Supplier<ClusterView> view;
    private final ZkSession session;
    private final PoolZnodes pools;
    private final ShardOrders orders;
    private final ReplicaQuestions replicas;
    private final PoolAdmin poolAdmin;
    private final PoolSwitch poolSwitch;
    private final NodeQuestions nodes;

    /** Over parts that outlive this object. */
    public AdminService(
            Supplier<ClusterView> view,
            ZkSession session,
            ChannelSource channels,
            String clusterId,
            DataShards shards) {
        this.view = view;
        this.session = session;
        this.pools = new PoolZnodes(session);
        this.replicas = new ReplicaQuestions(view, channels, clusterId);
        this.poolAdmin = new PoolAdmin(view, pools, new PoolQuestions(shards, replicas));
        this.nodes = new NodeQuestions(channels, clusterId);
        this.orders = new ShardOrders(view, channels, clusterId);
        this.poolSwitch = new PoolSwitch(view, poolAdmin, pools, replicas, orders);
    }

    @Override
    public void listNodes(ListNodesRequest request, StreamObserver<ListNodesResponse> out) {
        Answers.send(out, () -> {
            var map = view.get().map();
            Map<NodeId, Integer> replicas = new HashMap<>();
            Map<NodeId, Integer> primaries = new HashMap<>();
            map.shards().forEach(shard -> {
                shard.replicas().forEach(node -> replicas.merge(node, 1, Integer::sum));
                shard.primary().ifPresent(node -> primaries.merge(node, 1, Integer::sum));
            });
            var answer = ListNodesResponse.newBuilder();
            map.nodes()
                    .map(node -> NodeStatus.newBuilder()
                            .setNode(Views.node(node))
                            .setReplicas(replicas.getOrDefault(node.id(), 0))
                            .setPrimaries(primaries.getOrDefault(node.id(), 0)))
                    .forEach(answer::addNodes);
            return CompletableFuture.completedFuture(answer.build());
        });
    }

    @Override
    public void getNode(GetNodeRequest request, StreamObserver<GetNodeResponse> out) {
        Answers.send(out, () -> {
            var map = view.get().map();
            var id = new NodeId(request.getNode());
            var node = map.node(id)
                    .orElseThrow(() -> new TintypeException(
                            Reason.NODE_NOT_FOUND,
                            "There is no node '" + id + "'. See which there are: tintype node ls"));
            var status = NodeStatus.newBuilder()
                    .setNode(Views.node(node))
                    .setReplicas((int) map.shards()
                            .filter(shard -> shard.replicas().contains(id))
                            .count())
                    .setPrimaries((int) map.shards()
                            .filter(shard -> shard.primary().filter(id::equals).isPresent())
                            .count());
            return nodes.describe(node, status.build());
        });
    }

    @Override
    public void listShards(ListShardsRequest request, StreamObserver<ListShardsResponse> out) {
        Answers.send(out, () -> {
            int most = request.getMax() == 0 ? Integer.MAX_VALUE : request.getMax();
            var answer = ListShardsResponse.newBuilder();
            view.get()
                    .map()
                    .shards()
                    .filter(shard -> Integer.compareUnsigned(shard.id().value(), request.getAfter()) > 0)
                    .filter(shard -> isAsked(request.getRegion(), shard.pool().region()))
                    .filter(shard -> isAsked(request.getTier(), shard.pool().tier()))
                    .takeWhile(shard -> {
                        boolean more = Integer.compareUnsigned(answer.getShardsCount(), most) >= 0;
                        answer.setMore(more);
                        return !more;
                    })
                    .map(Views::shard)
                    .forEach(answer::addShards);
            return CompletableFuture.completedFuture(answer.build());
        });
    }

    private static boolean isAsked(String wanted, String value) {
        return wanted.isEmpty() || wanted.equals(value);
    }

    @Override
    public void getShard(GetShardRequest request, StreamObserver<GetShardResponse> out) {
        Answers.send(out, () -> {
            var shard = find(request.getShard());
            var answers = shard.replicas().stream()
                    .map(node -> replicas.describe(shard.id(), node))
                    .toList();
            return CompletableFuture.allOf(answers.toArray(CompletableFuture[]::new))
                    .thenApply(all -> {
                        var answer = GetShardResponse.newBuilder().setShard(Views.shard(shard));
                        answers.forEach(status -> answer.addReplicas(status.join()));
                        return answer.build();
                    });
        });
    }

    private ShardInfo find(int id) {
        var found = id > 0 ? view.get().map().shard(new ShardId(id)) : Optional.<ShardInfo>empty();
        return found.orElseThrow(() -> new TintypeException(
                Reason.SHARD_NOT_FOUND, "There is no shard " + Integer.toUnsignedString(id) + "."));
    }

    @Override
    public void transferShard(TransferShardRequest request, StreamObserver<TransferShardResponse> out) {
        Answers.send(out, () -> {
            var shard = find(request.getShard());
            var to = request.getTo().isEmpty() ? Optional.<NodeId>empty() : Optional.of(new NodeId(request.getTo()));
            return orders.transfer(shard.id(), to)
                    .thenApply(handed -> TransferShardResponse.newBuilder()
                            .setFormer(handed.former().value())
                            .setPrimary(handed.primary().value())
                            .setEpoch(handed.epoch())
                            .build());
        });
    }

    @Override
    public void forceShard(ForceShardRequest request, StreamObserver<ForceShardResponse> out) {
        Answers.send(out, () -> {
            var shard = find(request.getShard());
            var node = new NodeId(request.getNode());
            return orders.force(shard.id(), request.getConfirmShard(), node)
                    .thenApply(epoch -> ForceShardResponse.newBuilder()
                            .setPrimary(node.value())
                            .setEpoch(epoch)
                            .build());
        });
    }

    @Override
    public void listPools(ListPoolsRequest request, StreamObserver<ListPoolsResponse> out) {
        Answers.send(out, () -> {
            var answer = ListPoolsResponse.newBuilder();
            view.get().pools().values().stream()
                    .sorted(Comparator.comparing(PoolRules::id))
                    .map(PoolRules::toWire)
                    .forEach(answer::addPools);
            return CompletableFuture.completedFuture(answer.build());
        });
    }

    @Override
    public void createPool(CreatePoolRequest request, StreamObserver<CreatePoolResponse> out) {
        Answers.change(out, session, () -> {
            var wanted = PoolRules.of(request.getPool());
            return pools.create(wanted).thenApply(there -> {
                if (!there.equals(wanted)) {
                    throw new TintypeException(
                            Reason.ALREADY_EXISTS, "Pool " + wanted.id() + " exists with other rules: " + there + ".");
                }
                return CreatePoolResponse.newBuilder().setPool(there.toWire()).build();
            });
        });
    }

    @Override
    public void getPool(GetPoolRequest request, StreamObserver<GetPoolResponse> out) {
        Answers.send(out, () -> poolAdmin.get(new PoolId(request.getRegion(), request.getTier())));
    }

    @Override
    public void changePool(ChangePoolRequest request, StreamObserver<ChangePoolResponse> out) {
        Answers.change(out, session, () -> poolAdmin.change(request));
    }

    @Override
    public void switchPool(SwitchPoolRequest request, StreamObserver<SwitchPoolResponse> out) {
        Answers.change(out, session, () -> poolSwitch.run(request));
    }

    @Override
    public void deletePool(DeletePoolRequest request, StreamObserver<DeletePoolResponse> out) {
        Answers.change(
                out,
                session,
                () -> poolAdmin
                        .delete(new PoolId(request.getRegion(), request.getTier()))
                        .thenApply(done -> DeletePoolResponse.getDefaultInstance()));
    }
}
