// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.stub.StreamObserver;
import io.tintype.cluster.control.ControllerSeat;
import io.tintype.cluster.control.Term;
import io.tintype.cluster.embedded.EmbeddedZooKeeper;
import io.tintype.cluster.map.ClusterView;
import io.tintype.cluster.map.PoolZnodes;
import io.tintype.cluster.placement.PoolRules;
import io.tintype.cluster.zk.Paths;
import io.tintype.cluster.zk.ZkConfig;
import io.tintype.cluster.zk.ZkSession;
import io.tintype.cluster.zk.ZnodeCodec;
import io.tintype.coordinator.users.DataShards;
import io.tintype.model.NodeId;
import io.tintype.model.NodeInfo;
import io.tintype.model.PoolId;
import io.tintype.model.ShardId;
import io.tintype.model.ShardInfo;
import io.tintype.model.ShardMap;
import io.tintype.proto.internal.v1.DescribeReplicaRequest;
import io.tintype.proto.internal.v1.DescribeReplicaResponse;
import io.tintype.proto.internal.v1.Placement;
import io.tintype.proto.internal.v1.ReplicaRole;
import io.tintype.proto.internal.v1.ReplicationGrpc;
import io.tintype.proto.internal.v1.ShardAssignment;
import io.tintype.proto.internal.v1.ShardType;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Pools whose shards are all full get more of them. */
final class PoolKeeperTest {
    private static final Duration LONG = Duration.ofSeconds(60);
    private static final int USERS = 10;
    private static final PoolId POOL = new PoolId("eu", "standard");
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

    /** A pool that nobody can make out, an assignment that was damaged, and one that is gone. */
    @Test
    void whatIsWrongWithOneShardHoldsNoOtherBackFromItsPool() throws Exception {
        var seat = new LinkedBlockingQueue<Term>();
        try (var line = ControllerSeat.compete(session, new NodeId("c1"), seat::add)) {
            assertThat(line).isNotNull();
            var term = seat.poll(LONG.toSeconds(), TimeUnit.SECONDS);
            var rules = new PoolRules(POOL, 1, 1, USERS, 1);
            var unused = new PoolZnodes(session).create(rules).get(LONG.toSeconds(), TimeUnit.SECONDS);
            var written = List.of(assignment(1), assignment(2), assignment(4));
            assertThat(term.assign(written, null).get(LONG.toSeconds(), TimeUnit.SECONDS))
                    .isEqualTo(Term.Outcome.DONE);
            var broken = session.znodes().set(Paths.assignment(2), new byte[] {1}, -1);
            assertThat(broken.get(LONG.toSeconds(), TimeUnit.SECONDS)).isPositive();
            var foreign = assignment(5).toBuilder().setPool("nonsense").build();
            var assigned = Stream.of(assignment(1), assignment(2), assignment(3), assignment(4), foreign)
                    .collect(Collectors.toMap(shard -> new ShardId(shard.getShard()), shard -> shard));
            var view = new ClusterView(ShardMap.of(List.of(NODE), List.of()), Map.of(POOL, rules), assigned, null);
            var keeper = new PoolKeeper(session, new DataShards(() -> view, address -> channel, "cluster"), grow(1));

            assertThat(keeper.follow(view, term).orElseThrow().get(LONG.toSeconds(), TimeUnit.SECONDS))
                    .isEqualTo(Term.Outcome.DONE);
            assertThat(List.of(usersLimit(1), usersLimit(4))).containsOnly(USERS);
            var then = new HashMap<>(assigned);
            for (int followed : List.of(1, 4)) {
                then.put(new ShardId(followed), read(followed));
            }
            var next = new ClusterView(ShardMap.of(List.of(NODE), List.of()), Map.of(POOL, rules), then, null);
            assertThat(keeper.follow(next, term))
                    .as("what is left is left alone")
                    .isEmpty();
        }
    }

    private int usersLimit(int shard) throws Exception {
        return read(shard).getUsersLimit();
    }

    private ShardAssignment read(int shard) throws Exception {
        var found = session.znodes().get(Paths.assignment(shard)).get(LONG.toSeconds(), TimeUnit.SECONDS);
        return ZnodeCodec.ASSIGNMENT.decode(
                Paths.assignment(shard), found.orElseThrow().data());
    }

    /** One that does not say yet how many users its shard takes. */
    private static ShardAssignment assignment(int shard) {
        return ShardAssignment.newBuilder()
                .setFormat(1)
                .setShard(shard)
                .setType(ShardType.SHARD_TYPE_DATA)
                .setPool(POOL.toString())
                .setReplicationFactor(1)
                .setMinInsync(1)
                .addReplicas(Placement.newBuilder().setNode(NODE.id().value()).setRole(ReplicaRole.REPLICA_ROLE_VOTER))
                .build();
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
        List<ShardInfo> shards = new ArrayList<>();
        for (int id = 1; id <= SHARDS; id++) {
            shards.add(new ShardInfo(
                    new ShardId(id), false, POOL, 1, NODE.id(), List.of(NODE.id()), List.of(NODE.id()), 1));
        }
        return new ClusterView(
                ShardMap.of(List.of(NODE), shards), Map.of(POOL, new PoolRules(POOL, 1, 1, USERS, 1)), Map.of(), null);
    }
}
