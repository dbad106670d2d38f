// SPDX-License-Identifier: Apache-2.0
package io.tintype.client.memory;

import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.proto.v1.AdminGrpc;
import io.tintype.proto.v1.CreatePoolRequest;
import io.tintype.proto.v1.CreatePoolResponse;
import io.tintype.proto.v1.GetShardRequest;
import io.tintype.proto.v1.GetShardResponse;
import io.tintype.proto.v1.GetUsageRequest;
import io.tintype.proto.v1.GetUsageResponse;
import io.tintype.proto.v1.ListMovesRequest;
import io.tintype.proto.v1.ListMovesResponse;
import io.tintype.proto.v1.ListNodesRequest;
import io.tintype.proto.v1.ListNodesResponse;
import io.tintype.proto.v1.ListPoolsRequest;
import io.tintype.proto.v1.ListPoolsResponse;
import io.tintype.proto.v1.ListShardsRequest;
import io.tintype.proto.v1.ListShardsResponse;
import io.tintype.proto.v1.LookupUserRequest;
import io.tintype.proto.v1.LookupUserResponse;
import io.tintype.proto.v1.NodeStatus;
import io.tintype.proto.v1.Pool;
import io.tintype.proto.v1.RegisterUserRequest;
import io.tintype.proto.v1.RegisterUserResponse;
import io.tintype.proto.v1.ReplicaStatus;
import io.tintype.proto.v1.ShardMapGrpc;
import io.tintype.proto.v1.User;
import io.tintype.proto.v1.UsersGrpc;
import io.tintype.proto.v1.WatchShardMapRequest;
import io.tintype.proto.v1.WatchShardMapResponse;

/** What only coordinators serve. */
final class ControlServices {
    private ControlServices() {}

    static UsersGrpc.UsersImplBase users(InMemoryTintype cluster, String server) {
        return new UsersGrpc.UsersImplBase() {
            @Override
            public void registerUser(RegisterUserRequest request, StreamObserver<RegisterUserResponse> answer) {
                cluster.serve(server, "RegisterUser", answer, () -> {
                    boolean created = !cluster.store.isRegistered(request.getUser());
                    cluster.store.register(request.getUser());
                    return RegisterUserResponse.newBuilder()
                            .setUser(user(request.getUser()))
                            .setCreated(created)
                            .build();
                });
            }

            @Override
            public void lookupUser(LookupUserRequest request, StreamObserver<LookupUserResponse> answer) {
                cluster.serve(server, "LookupUser", answer, () -> {
                    if (!cluster.store.isRegistered(request.getUser())) {
                        throw new TintypeException(Reason.USER_NOT_FOUND, "no user '" + request.getUser() + "'");
                    }
                    return LookupUserResponse.newBuilder()
                            .setUser(user(request.getUser()))
                            .build();
                });
            }

            /** A token names the place behind the page before, and nothing else is one. */
            @Override
            public void listMoves(ListMovesRequest request, StreamObserver<ListMovesResponse> answer) {
                cluster.serve(server, "ListMoves", answer, () -> {
                    int from = request.getPageToken().isEmpty() ? 0 : Integer.parseInt(request.getPageToken());
                    int most = Math.min(request.getMax(), InMemoryTintype.MOVES_A_PAGE);
                    int to = Math.min(from + most, cluster.moves.size());
                    boolean more = to < cluster.moves.size();
                    return ListMovesResponse.newBuilder()
                            .addAllMoves(cluster.moves.subList(from, to))
                            .setMore(more)
                            .setNextPageToken(more ? Integer.toString(to) : "")
                            .build();
                });
            }

            @Override
            public void getUsage(GetUsageRequest request, StreamObserver<GetUsageResponse> answer) {
                cluster.serve(server, "GetUsage", answer, () -> {
                    var all = cluster.store.all(request.getUser());
                    return GetUsageResponse.newBuilder()
                            .setBlobs(all.size())
                            .setBytes(all.stream()
                                    .mapToLong(stored -> stored.content().size())
                                    .sum())
                            .build();
                });
            }
        };
    }

    private static User user(String id) {
        return User.newBuilder()
                .setId(id)
                .setRegion("here")
                .setTier("standard")
                .setShard(InMemoryTintype.SHARD)
                .build();
    }

    static ShardMapGrpc.ShardMapImplBase map(InMemoryTintype cluster, String server) {
        return new ShardMapGrpc.ShardMapImplBase() {
            @Override
            public void watchShardMap(WatchShardMapRequest request, StreamObserver<WatchShardMapResponse> answer) {
                cluster.faults.take(server, "WatchShardMap");
                cluster.watch((ServerCallStreamObserver<WatchShardMapResponse>) answer);
            }
        };
    }

    static AdminGrpc.AdminImplBase admin(InMemoryTintype cluster, String server) {
        return new AdminGrpc.AdminImplBase() {
            @Override
            public void listNodes(ListNodesRequest request, StreamObserver<ListNodesResponse> answer) {
                cluster.serve(
                        server,
                        "ListNodes",
                        answer,
                        () -> ListNodesResponse.newBuilder()
                                .addAllNodes(cluster.nodes().stream()
                                        .map(node -> NodeStatus.newBuilder()
                                                .setNode(node)
                                                .setReplicas(1)
                                                .build())
                                        .toList())
                                .build());
            }

            @Override
            public void listShards(ListShardsRequest request, StreamObserver<ListShardsResponse> answer) {
                cluster.serve(
                        server,
                        "ListShards",
                        answer,
                        () -> ListShardsResponse.newBuilder()
                                .addShards(cluster.shard())
                                .build());
            }

            @Override
            public void getShard(GetShardRequest request, StreamObserver<GetShardResponse> answer) {
                cluster.serve(server, "GetShard", answer, () -> {
                    if (request.getShard() != InMemoryTintype.SHARD) {
                        throw new TintypeException(Reason.SHARD_NOT_FOUND, "no shard " + request.getShard());
                    }
                    return GetShardResponse.newBuilder()
                            .setShard(cluster.shard())
                            .addReplicas(
                                    ReplicaStatus.newBuilder().setNode("n0").setState("PRIMARY"))
                            .build();
                });
            }

            @Override
            public void listPools(ListPoolsRequest request, StreamObserver<ListPoolsResponse> answer) {
                cluster.serve(
                        server,
                        "ListPools",
                        answer,
                        () -> ListPoolsResponse.newBuilder()
                                .addPools(Pool.newBuilder()
                                        .setRegion("here")
                                        .setTier("standard")
                                        .setReplicationFactor(3)
                                        .setMinInsync(2))
                                .build());
            }

            @Override
            public void createPool(CreatePoolRequest request, StreamObserver<CreatePoolResponse> answer) {
                cluster.serve(
                        server,
                        "CreatePool",
                        answer,
                        () -> CreatePoolResponse.newBuilder()
                                .setPool(request.getPool())
                                .build());
            }
        };
    }
}
