// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.stub.StreamObserver;
import io.tintype.cluster.control.Term;
import io.tintype.cluster.embedded.EmbeddedZooKeeper;
import io.tintype.cluster.map.ClusterView;
import io.tintype.cluster.placement.PoolRules;
import io.tintype.cluster.zk.ZkConfig;
import io.tintype.cluster.zk.ZkSession;
import io.tintype.coordinator.users.DataShards;
import io.tintype.model.NodeId;
import io.tintype.model.NodeInfo;
import io.tintype.model.PoolId;
import io.tintype.model.ShardId;
import io.tintype.model.ShardInfo;
import io.tintype.model.ShardMap;
import io.tintype.proto.internal.v1.DescribeReplicaRequest;
import io.tintype.proto.internal.v1.DescribeReplicaResponse;
import io.tintype.proto.internal.v1.ReplicationGrpc;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Pools whose shards are all full get more of them. */
final class PoolKeeperTest {
    private static final Duration LONG = Duration.ofSeconds(60);
    private static final int USERS = 10;
    private static final NodeInfo NODE = new NodeInfo(new NodeId("n1"), "n1", "n1", "eu", "a", true, 1L << 40);

    /** A quarter of them is more than one write takes. */
    private static final int SHARDS = 4 * Term.MAX_SHARDS_PER_WRITE + 40;

    @TempDir
    private Path folder;

    private EmbeddedZooKeeper zooKeeper;
    private ZkSession session;
    private Server node;
    private ManagedChannel channel;

    @BeforeEach
    void start() throws Exception {
        zooKeeper = EmbeddedZooKeeper.start(folder, 0);
        session = ZkSession.connect(ZkConfig.of(zooKeeper.connectString()));
        var name = UUID.randomUUID().toString();
        node = InProcessServerBuilder.forName(name)
                .addService(new ReplicationGrpc.ReplicationImplBase() {
                    @Override
                    public void describeReplica(
                            DescribeReplicaRequest request, StreamObserver<DescribeReplicaResponse> out) {
                        out.onNext(DescribeReplicaResponse.newBuilder()
                                .setUsers(USERS)
                                .build());
                        out.onCompleted();
                    }
                })
                .build()
                .start();
        channel = InProcessChannelBuilder.forName(name).build();
    }

    @AfterEach
    void stop() {
        channel.shutdownNow();
        node.shutdownNow();
        session.close();
        zooKeeper.close();
    }

    @Test
    void aPoolGrowsByWhatOneWriteTakesAtATime() {
        int perMinute = Term.MAX_SHARDS_PER_WRITE + 10;
        var view = full();
        var keeper =
                new PoolKeeper(session, new DataShards(() -> view, address -> channel, "cluster"), grow(perMinute));
        await("all shards are known to be full")
                .atMost(LONG)
                .until(() -> keeper.grow(view).isPresent());

        var plan = keeper.grow(view).orElseThrow();
        assertThat(plan.shards()).hasSize(Term.MAX_SHARDS_PER_WRITE);
        assertThat(keeper.grow(view).orElseThrow().shards())
                .as("what was not made counts for nothing")
                .hasSize(Term.MAX_SHARDS_PER_WRITE);
        keeper.grew(plan);
        assertThat(keeper.grow(view).orElseThrow().shards())
                .as("the rest of what may be made in a minute")
                .hasSize(perMinute - Term.MAX_SHARDS_PER_WRITE);
    }

    private static ControlSettings grow(int perMinute) {
        var usual = ControlSettings.DEFAULTS;
        return new ControlSettings(
                1,
                usual.initialShards(),
                usual.directoryShards(),
                USERS,
                usual.roomPercent(),
                perMinute,
                usual.balance());
    }

    private static ClusterView full() {
        var pool = new PoolId("eu", "standard");
        List<ShardInfo> shards = new ArrayList<>();
        for (int id = 1; id <= SHARDS; id++) {
            shards.add(new ShardInfo(
                    new ShardId(id), false, pool, 1, NODE.id(), List.of(NODE.id()), List.of(NODE.id()), 1));
        }
        return new ClusterView(
                ShardMap.of(List.of(NODE), shards), Map.of(pool, new PoolRules(pool, 1, 1, USERS, 1)), Map.of(), null);
    }
}
