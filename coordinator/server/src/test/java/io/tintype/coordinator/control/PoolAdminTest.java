// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.stub.StreamObserver;
import io.tintype.cluster.embedded.EmbeddedZooKeeper;
import io.tintype.cluster.map.ClusterView;
import io.tintype.cluster.map.PoolZnodes;
import io.tintype.cluster.placement.PoolRules;
import io.tintype.cluster.zk.ZkConfig;
import io.tintype.cluster.zk.ZkSession;
import io.tintype.coordinator.users.DataShards;
import io.tintype.model.NodeId;
import io.tintype.model.NodeInfo;
import io.tintype.model.PoolId;
import io.tintype.model.Reason;
import io.tintype.model.ShardId;
import io.tintype.model.ShardInfo;
import io.tintype.model.ShardMap;
import io.tintype.model.TintypeException;
import io.tintype.proto.internal.v1.CountUsersOverRequest;
import io.tintype.proto.internal.v1.CountUsersOverResponse;
import io.tintype.proto.internal.v1.DescribeReplicaRequest;
import io.tintype.proto.internal.v1.DescribeReplicaResponse;
import io.tintype.proto.internal.v1.DirectoryGrpc;
import io.tintype.proto.internal.v1.Placement;
import io.tintype.proto.internal.v1.ReplicaRole;
import io.tintype.proto.internal.v1.ReplicationGrpc;
import io.tintype.proto.internal.v1.ShardAssignment;
import io.tintype.proto.internal.v1.ShardType;
import io.tintype.proto.v1.ChangePoolRequest;
import io.tintype.proto.v1.ChangePoolResponse;
import io.tintype.proto.v1.PoolShardEffect;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A pool of two shards, one of which nobody leads: what operators are told of changes. */
final class PoolAdminTest {
    private static final PoolId POOL = new PoolId("eu", "standard");
    private static final NodeId NODE = new NodeId("a");
    private static final ShardId LED = new ShardId(2);
    private static final ShardId SILENT = new ShardId(3);
    private static final long USERS = 60;

    @TempDir
    private Path folder;

    private final String name = UUID.randomUUID().toString();
    private final ManagedChannel channel = InProcessChannelBuilder.forName(name).build();
    private final AtomicInteger asked = new AtomicInteger();
    private EmbeddedZooKeeper zooKeeper;
    private ZkSession session;
    private Server server;
    private PoolAdmin admin;

    @BeforeEach
    void start() throws Exception {
        server = InProcessServerBuilder.forName(name)
                .addService(new Replica())
                .addService(new Users())
                .build()
                .start();
        zooKeeper = EmbeddedZooKeeper.start(folder, 0);
        session = ZkSession.connect(ZkConfig.of(zooKeeper.connectString()));
        var pools = new PoolZnodes(session);
        var unused = pools.create(new PoolRules(POOL, 1, 1, 100, 2)).get(30, TimeUnit.SECONDS);
        var view = view();
        var questions = new PoolQuestions(
                new DataShards(() -> view, address -> channel, "cluster"),
                new ReplicaQuestions(() -> view, address -> channel, "cluster"),
                Duration.ofMillis(100));
        admin = new PoolAdmin(() -> view, pools, questions);
    }

    @AfterEach
    void stop() {
        channel.shutdownNow();
        server.shutdownNow();
        session.close();
        zooKeeper.close();
    }

    private static ClusterView view() {
        var node = new NodeInfo(NODE, "a", "a", "eu", "z", true, 1);
        return new ClusterView(
                ShardMap.of(List.of(node), List.of(shard(LED, NODE), shard(SILENT, null))),
                Map.of(),
                Map.of(LED, assigned(LED), SILENT, assigned(SILENT)),
                null);
    }

    private static ShardInfo shard(ShardId id, @Nullable NodeId primary) {
        return new ShardInfo(id, false, POOL, 1, primary, List.of(NODE), List.of(NODE), 1);
    }

    private static ShardAssignment assigned(ShardId id) {
        return ShardAssignment.newBuilder()
                .setFormat(1)
                .setShard(id.value())
                .setType(ShardType.SHARD_TYPE_DATA)
                .setPool(POOL.toString())
                .setMinInsync(1)
                .setReplicationFactor(1)
                .addReplicas(Placement.newBuilder().setNode(NODE.value()).setRole(ReplicaRole.REPLICA_ROLE_VOTER))
                .build();
    }

    private ChangePoolResponse change(ChangePoolRequest.Builder request) throws Exception {
        return admin.change(request.setRegion("eu").setTier("standard").build()).get(30, TimeUnit.SECONDS);
    }

    @Test
    void aShardThatDoesNotSayWhatItHoldsIsNamedWhereLimitsAreLowered() throws Exception {
        var lowered = change(ChangePoolRequest.newBuilder().setUsersPerShard(80));

        assertThat(lowered.getChanged()).as("nobody is turned out").isTrue();
        assertThat(lowered.getEffectsList())
                .extracting(PoolShardEffect::getShard)
                .containsExactly(SILENT.value());
        assertThat(lowered.getEffects(0).getError()).contains("has no primary");
    }

    @Test
    void aShardThatDoesNotCountItsUsersIsNamedWhereTheQuotaIsLowered() throws Exception {
        var lowered = change(ChangePoolRequest.newBuilder().setUserBlobs(5).setAllowOverLimit(true));

        assertThat(lowered.getChanged()).isTrue();
        assertThat(lowered.getUsersOverQuota()).as("of the shard that answered").isEqualTo(7);
        assertThat(lowered.getEffectsList())
                .extracting(PoolShardEffect::getShard)
                .containsExactly(SILENT.value());
        assertThat(lowered.getEffects(0).getError()).contains("has no primary");
    }

    @Test
    void whatIsHeldMattersOnlyWhereItMayBeLessThanBefore() throws Exception {
        assertThatThrownBy(() -> change(ChangePoolRequest.newBuilder().setUsersPerShard(50)))
                .cause()
                .isInstanceOfSatisfying(
                        TintypeException.class, e -> assertThat(e.reason()).isEqualTo(Reason.POOL_IN_USE));
        assertThat(change(ChangePoolRequest.newBuilder().setUsersPerShard(50).setAllowOverLimit(true))
                        .getChanged())
                .isTrue();
        int before = asked.get();

        var caching = change(ChangePoolRequest.newBuilder().setCacheControl("no-store"));
        assertThat(caching.getChanged()).as("has nothing to do with it").isTrue();
        assertThat(caching.getEffectsList()).isEmpty();
        var raised = change(ChangePoolRequest.newBuilder().setUsersPerShard(55));
        assertThat(raised.getChanged())
                .as("more than before, and less than is held")
                .isTrue();
        assertThat(asked).as("nobody need be asked").hasValue(before);
    }

    /** What the primary of the one shard says. */
    private final class Replica extends ReplicationGrpc.ReplicationImplBase {
        @Override
        public void describeReplica(DescribeReplicaRequest request, StreamObserver<DescribeReplicaResponse> out) {
            asked.incrementAndGet();
            out.onNext(DescribeReplicaResponse.newBuilder().setUsers(USERS).build());
            out.onCompleted();
        }
    }

    /** How many users it says have too much. */
    private static final class Users extends DirectoryGrpc.DirectoryImplBase {
        @Override
        public void countUsersOver(CountUsersOverRequest request, StreamObserver<CountUsersOverResponse> out) {
            out.onNext(CountUsersOverResponse.newBuilder().setUsers(7).build());
            out.onCompleted();
        }
    }
}
