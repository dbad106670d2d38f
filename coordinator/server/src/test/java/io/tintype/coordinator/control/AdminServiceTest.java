// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.Channel;
import io.grpc.stub.StreamObserver;
import io.tintype.cluster.embedded.EmbeddedZooKeeper;
import io.tintype.cluster.map.ClusterView;
import io.tintype.cluster.map.ShardMapWatcher;
import io.tintype.cluster.zk.ZkConfig;
import io.tintype.cluster.zk.ZkSession;
import io.tintype.coordinator.users.DataShards;
import io.tintype.model.NodeId;
import io.tintype.model.PoolId;
import io.tintype.model.Reason;
import io.tintype.model.ShardId;
import io.tintype.model.ShardInfo;
import io.tintype.model.ShardMap;
import io.tintype.model.TintypeException;
import io.tintype.proto.v1.ListShardsRequest;
import io.tintype.proto.v1.ListShardsResponse;
import io.tintype.proto.v1.Shard;
import io.tintype.wire.Errors;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class AdminServiceTest {
    @TempDir
    private Path folder;

    private EmbeddedZooKeeper zooKeeper;
    private ZkSession session;

    @BeforeEach
    void start() {
        zooKeeper = EmbeddedZooKeeper.start(folder, 0);
        session = ZkSession.connect(ZkConfig.of(zooKeeper.connectString()));
    }

    @AfterEach
    void stop() {
        session.close();
        zooKeeper.close();
    }

    /** All of them may be more than a message takes. */
    @Test
    void shardsAreListedSomeAtATime() throws Exception {
        var view = view(25);
        var found = new ArrayList<Integer>();
        var request = ListShardsRequest.newBuilder().setMax(10);
        ListShardsResponse page;
        int pages = 0;
        do {
            page = list(() -> view, request);
            page.getShardsList().stream().map(Shard::getId).forEach(found::add);
            request.setAfter(found.get(found.size() - 1));
            pages++;
        } while (page.getMore());
        assertThat(found).isEqualTo(IntStream.rangeClosed(1, 25).boxed().toList());
        assertThat(pages).isEqualTo(3);
        assertThat(list(() -> view, ListShardsRequest.newBuilder().setMax(25)).getMore())
                .as("none is left")
                .isFalse();
        assertThat(list(() -> view, ListShardsRequest.newBuilder()).getShardsCount())
                .as("of who does not say how many it takes")
                .isEqualTo(25);
    }

    /** Who verifies all shards, say, would find all of none to be whole. */
    @Test
    void whoDoesNotKnowTheMapYetListsNothing() throws Exception {
        zooKeeper.close();
        try (var watcher = ShardMapWatcher.start(session)) {
            assertThatThrownBy(() -> list(watcher::known, ListShardsRequest.newBuilder()))
                    .cause()
                    .satisfies(failure ->
                            assertThat(Errors.fromWire(failure).reason()).isEqualTo(Reason.UNAVAILABLE));
        }
    }

    private ListShardsResponse list(Supplier<ClusterView> view, ListShardsRequest.Builder request) throws Exception {
        var shards = new DataShards(view, AdminServiceTest::nobody, "cluster");
        var service = new AdminService(view, session, AdminServiceTest::nobody, "cluster", shards);
        var told = new CompletableFuture<ListShardsResponse>();
        service.listShards(request.build(), new StreamObserver<>() {
            @Override
            public void onNext(ListShardsResponse answer) {
                told.complete(answer);
            }

            @Override
            public void onError(Throwable error) {
                told.completeExceptionally(error);
            }

            @Override
            public void onCompleted() {}
        });
        return told.get(10, TimeUnit.SECONDS);
    }

    private static Channel nobody(String address) {
        throw new TintypeException(Reason.UNAVAILABLE, "nobody is asked, nor " + address);
    }

    private static ClusterView view(int shards) {
        var node = new NodeId("a");
        var infos = IntStream.rangeClosed(1, shards)
                .mapToObj(id -> new ShardInfo(
                        new ShardId(id), false, new PoolId("eu", "standard"), 1, node, List.of(node), List.of(node), 1))
                .toList();
        return new ClusterView(ShardMap.of(List.of(), infos), Map.of(), Map.of(), null);
    }
}
