// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.control;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.stub.StreamObserver;
import io.tintype.cluster.directory.DirectoryClient;
import io.tintype.cluster.directory.MapLocator;
import io.tintype.cluster.map.ClusterView;
import io.tintype.cluster.map.DirectoryLayout;
import io.tintype.coordinator.users.CacheCare;
import io.tintype.coordinator.users.DataShards;
import io.tintype.coordinator.users.Erasures;
import io.tintype.coordinator.users.Exports;
import io.tintype.coordinator.users.Moves;
import io.tintype.coordinator.users.Places;
import io.tintype.coordinator.users.Registrar;
import io.tintype.coordinator.users.Traces;
import io.tintype.model.NodeId;
import io.tintype.model.NodeInfo;
import io.tintype.model.PoolId;
import io.tintype.model.ShardId;
import io.tintype.model.ShardInfo;
import io.tintype.model.ShardMap;
import io.tintype.proto.internal.v1.DirectoryEntry;
import io.tintype.proto.internal.v1.DirectoryGrpc;
import io.tintype.proto.internal.v1.GetEntryRequest;
import io.tintype.proto.internal.v1.GetEntryResponse;
import io.tintype.proto.internal.v1.GetUserUsageRequest;
import io.tintype.proto.internal.v1.GetUserUsageResponse;
import io.tintype.proto.v1.SetUserQuotaRequest;
import io.tintype.proto.v1.UsersGrpc;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a user's shard is told of his quota: what nobody spoke of stays as it is by then, not as it was read. */
final class UserQuotasTest {
    private static final ShardId DIRECTORY = new ShardId(1);
    private static final ShardId SHARD = new ShardId(2);
    private static final PoolId POOL = new PoolId("eu", "standard");
    private static final NodeId NODE = new NodeId("a");

    private final List<io.tintype.proto.internal.v1.SetUserQuotaRequest> told = new CopyOnWriteArrayList<>();
    private final String name = UUID.randomUUID().toString();
    private final ManagedChannel channel = InProcessChannelBuilder.forName(name).build();
    private @Nullable Server server;

    @BeforeEach
    void start() throws IOException {
        var view = view();
        var directory = new DirectoryClient(new MapLocator(() -> view), address -> channel, "cluster");
        var shards = new DataShards(() -> view, address -> channel, "cluster");
        var registrar = new Registrar(() -> view, directory, shards, POOL);
        var traces = new Traces(() -> view, address -> channel, "cluster");
        var care = new CacheCare(Map::of, address -> channel, "cluster");
        server = InProcessServerBuilder.forName(name)
                .addService(new Shard())
                .addService(new UsersService(
                        registrar,
                        directory,
                        shards,
                        new Moves(() -> view, directory, shards, registrar),
                        new Exports(directory, shards, "cluster"),
                        new Erasures(directory, shards, traces, care),
                        new Places(() -> view, directory, registrar, traces, care)))
                .build()
                .start();
    }

    @AfterEach
    void stop() {
        channel.shutdownNow();
        Objects.requireNonNull(server).shutdownNow();
    }

    private static ClusterView view() {
        var node = new NodeInfo(NODE, "a", "a", "eu", "z", true, 1);
        var map = ShardMap.of(List.of(node), List.of(shard(DIRECTORY), shard(SHARD)));
        return new ClusterView(map, Map.of(), Map.of(), DirectoryLayout.even(List.of(DIRECTORY)));
    }

    private static ShardInfo shard(ShardId id) {
        return new ShardInfo(id, id.equals(DIRECTORY), POOL, 1, NODE, List.of(NODE), List.of(NODE), 1);
    }

    private void set(SetUserQuotaRequest.Builder request) {
        var usage = UsersGrpc.newBlockingStub(channel)
                .setUserQuota(request.setUser("alice").build())
                .getUsage();
        assertThat(usage.getBlobsLimit()).isEqualTo(11);
    }

    @Test
    void whatNobodySpokeOfIsKept() {
        set(SetUserQuotaRequest.newBuilder().setBytesLimit(5));
        set(SetUserQuotaRequest.newBuilder().setBlobsLimit(6));
        set(SetUserQuotaRequest.newBuilder().setBytesLimit(7).setBlobsLimit(0));
        set(SetUserQuotaRequest.newBuilder().setFromPool(true));
        var asked = io.tintype.proto.internal.v1.SetUserQuotaRequest.newBuilder()
                .setClusterId("cluster")
                .setShard(SHARD.value())
                .setUser("alice");
        assertThat(told)
                .containsExactly(
                        asked.clone()
                                .setOwn(true)
                                .setBytes(5)
                                .setBlobs(11)
                                .setKeepBlobs(true)
                                .build(),
                        asked.clone()
                                .setOwn(true)
                                .setBytes(1_000)
                                .setBlobs(6)
                                .setKeepBytes(true)
                                .build(),
                        asked.clone().setOwn(true).setBytes(7).build(),
                        asked.build());
    }

    /** The directory, and the shard on which the user lives. */
    private final class Shard extends DirectoryGrpc.DirectoryImplBase {
        private final GetUserUsageResponse usage = GetUserUsageResponse.newBuilder()
                .setBytesLimit(1_000)
                .setBlobsLimit(11)
                .build();

        @Override
        public void getEntry(GetEntryRequest request, StreamObserver<GetEntryResponse> out) {
            out.onNext(GetEntryResponse.newBuilder()
                    .setEntry(DirectoryEntry.newBuilder()
                            .setGeneration(1)
                            .setHome(SHARD.value())
                            .setPool(POOL.toString()))
                    .build());
            out.onCompleted();
        }

        @Override
        public void getUserUsage(GetUserUsageRequest request, StreamObserver<GetUserUsageResponse> out) {
            out.onNext(usage);
            out.onCompleted();
        }

        @Override
        public void setUserQuota(
                io.tintype.proto.internal.v1.SetUserQuotaRequest request,
                StreamObserver<io.tintype.proto.internal.v1.SetUserQuotaResponse> out) {
            told.add(request);
            out.onNext(io.tintype.proto.internal.v1.SetUserQuotaResponse.newBuilder()
                    .setUsage(usage)
                    .build());
            out.onCompleted();
        }
    }
}
