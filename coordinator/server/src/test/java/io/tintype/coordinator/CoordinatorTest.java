// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.tintype.cluster.config.ConfigFiles;
import io.tintype.cluster.embedded.EmbeddedZooKeeper;
import io.tintype.cluster.map.ShardZnodes;
import io.tintype.cluster.node.NodePresence;
import io.tintype.cluster.node.NodeRegistration;
import io.tintype.cluster.zk.ZkConfig;
import io.tintype.cluster.zk.ZkSession;
import io.tintype.cluster.zk.ZkUnavailableException;
import io.tintype.coordinator.control.ControlSettings;
import io.tintype.model.NodeId;
import io.tintype.model.Reason;
import io.tintype.model.ShardId;
import io.tintype.proto.internal.v1.Member;
import io.tintype.proto.internal.v1.ShardAssignment;
import io.tintype.proto.internal.v1.ShardRecord;
import io.tintype.proto.v1.AdminGrpc;
import io.tintype.proto.v1.CreatePoolRequest;
import io.tintype.proto.v1.GetShardMapRequest;
import io.tintype.proto.v1.GetShardRequest;
import io.tintype.proto.v1.ListNodesRequest;
import io.tintype.proto.v1.ListPoolsRequest;
import io.tintype.proto.v1.ListShardsRequest;
import io.tintype.proto.v1.Pool;
import io.tintype.proto.v1.RegisterUserRequest;
import io.tintype.proto.v1.ShardKind;
import io.tintype.proto.v1.ShardMapGrpc;
import io.tintype.proto.v1.UsersGrpc;
import io.tintype.proto.v1.WatchShardMapRequest;
import io.tintype.wire.Errors;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whole coordinators over a real ZooKeeper; nodes are registered, and their shards brought to life, by the test. */
final class CoordinatorTest {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @TempDir
    Path folder;

    private EmbeddedZooKeeper zooKeeper;
    private ZkSession session;
    private final List<AutoCloseable> started = new ArrayList<>();

    @BeforeEach
    void start() {
        zooKeeper = EmbeddedZooKeeper.start(folder, 0);
        session = ZkSession.connect(ZkConfig.of(zooKeeper.connectString()));
    }

    @AfterEach
    void stop() throws Exception {
        for (var one : started) {
            one.close();
        }
        session.close();
        zooKeeper.close();
    }

    @Test
    void anEmptyClusterGetsAPoolItsShardsAndADirectory() throws Exception {
        var coordinator = coordinator("c1");
        var admin = AdminGrpc.newBlockingStub(channel(coordinator));
        await().atMost(PATIENCE)
                .untilAsserted(() ->
                        assertThat(coordinator.notReadyBecause().orElseThrow()).contains("no directory"));
        assertThat(health(coordinator)).isEqualTo(ServingStatus.NOT_SERVING);
        node("n1", "zone1");
        node("n2", "zone2");
        node("far", "zone3", "us");
        await().atMost(PATIENCE)
                .until(() ->
                        admin.listNodes(ListNodesRequest.getDefaultInstance()).getNodesCount() == 3);
        assertThat(admin.listPools(ListPoolsRequest.getDefaultInstance()).getPoolsList())
                .as("pools of two nodes of the region, while a shard is to have three replicas")
                .isEmpty();
        node("n3", "zone3");
        await().atMost(PATIENCE)
                .until(() ->
                        admin.listShards(ListShardsRequest.getDefaultInstance()).getShardsCount() == 10);
        var pools = admin.listPools(ListPoolsRequest.getDefaultInstance()).getPoolsList();
        assertThat(pools)
                .containsExactly(Pool.newBuilder()
                        .setRegion("local")
                        .setTier("standard")
                        .setReplicationFactor(3)
                        .setMinInsync(2)
                        .setUsersPerShard(100_000)
                        .setInitialShards(8)
                        .build());
        var shards = admin.listShards(ListShardsRequest.getDefaultInstance()).getShardsList();
        assertThat(shards)
                .allSatisfy(shard -> assertThat(shard.getReplicasList()).containsExactlyInAnyOrder("n1", "n2", "n3"));
        assertThat(shards.stream().filter(shard -> shard.getKind() == ShardKind.SHARD_KIND_DIRECTORY))
                .hasSize(2);
        var nodes = admin.listNodes(ListNodesRequest.getDefaultInstance()).getNodesList();
        assertThat(nodes).hasSize(4).allSatisfy(node -> {
            assertThat(node.getNode().getLive()).isTrue();
            assertThat(node.getReplicas()).isEqualTo(node.getNode().getRegion().equals("us") ? 0 : 10);
        });
        assertThat(coordinator.notReadyBecause().orElseThrow()).contains("10 shards have not come to life");
        for (var shard : shards) {
            comeToLife(shard.getId());
        }
        await().atMost(PATIENCE).until(() -> coordinator.notReadyBecause().isEmpty());
        await().until(() -> health(coordinator) == ServingStatus.SERVING);
        var detail = admin.getShard(GetShardRequest.newBuilder().setShard(1).build());
        assertThat(detail.getReplicasList())
                .hasSize(3)
                .allSatisfy(replica -> assertThat(replica.getError()).isNotEmpty());
        assertReason(
                () -> admin.getShard(GetShardRequest.newBuilder().setShard(99).build()), Reason.SHARD_NOT_FOUND);
    }

    @Test
    void aClusterThatIsToHaveOneNodeIsToldSo() {
        var coordinator = coordinator("c1", 1);
        node("n1", "a");
        var admin = AdminGrpc.newBlockingStub(channel(coordinator));
        await().atMost(PATIENCE)
                .until(() ->
                        admin.listPools(ListPoolsRequest.getDefaultInstance()).getPoolsCount() == 1);
        var pool = admin.listPools(ListPoolsRequest.getDefaultInstance()).getPools(0);
        assertThat(pool.getReplicationFactor()).isEqualTo(1);
        assertThat(pool.getMinInsync()).isEqualTo(1);
    }

    @Test
    void aPoolIsCreatedOnceAndItsShardsFollowWhenThereAreNodes() {
        var coordinator = coordinator("c1", 1);
        node("n1", "a");
        var admin = AdminGrpc.newBlockingStub(channel(coordinator));
        await().atMost(PATIENCE)
                .until(() ->
                        admin.listShards(ListShardsRequest.getDefaultInstance()).getShardsCount() == 10);
        var wanted = Pool.newBuilder()
                .setRegion("eu")
                .setTier("paid")
                .setReplicationFactor(1)
                .setMinInsync(1)
                .setUsersPerShard(5)
                .setInitialShards(3)
                .build();
        var request = CreatePoolRequest.newBuilder().setPool(wanted).build();
        assertThat(admin.createPool(request).getPool()).isEqualTo(wanted);
        assertThat(admin.createPool(request).getPool()).as("again").isEqualTo(wanted);
        var other = request.toBuilder();
        other.getPoolBuilder().setUsersPerShard(6);
        assertReason(() -> admin.createPool(other.build()), Reason.ALREADY_EXISTS);
        var wrong = request.toBuilder();
        wrong.getPoolBuilder().setTier("Paid!");
        assertReason(() -> admin.createPool(wrong.build()), Reason.INVALID_ARGUMENT);
        node("n9", "a", "eu");
        await().atMost(PATIENCE)
                .until(() -> admin.listShards(ListShardsRequest.newBuilder()
                                        .setRegion("eu")
                                        .build())
                                .getShardsCount()
                        == 3);
        var users = UsersGrpc.newBlockingStub(channel(coordinator));
        assertReason(
                () -> users.registerUser(RegisterUserRequest.newBuilder()
                        .setUser("alice")
                        .setRegion("mars")
                        .build()),
                Reason.POOL_NOT_FOUND);
        assertReason(
                () -> users.registerUser(
                        RegisterUserRequest.newBuilder().setUser("").build()),
                Reason.INVALID_USER);
    }

    @Test
    void oneOfTwoCoordinatorsActsAndTheOtherFollowsWhenItStops() {
        var first = coordinator("c1", 1);
        var second = coordinator("c2", 1);
        first.close();
        node("n1", "a");
        var admin = AdminGrpc.newBlockingStub(channel(second));
        await().atMost(PATIENCE)
                .until(() ->
                        admin.listShards(ListShardsRequest.getDefaultInstance()).getShardsCount() == 10);
    }

    @Test
    void aWatcherOfTheMapLearnsOfEveryChange() throws Exception {
        var coordinator = coordinator("c1", 1);
        var map = ShardMapGrpc.newBlockingStub(channel(coordinator)).withDeadlineAfter(60, TimeUnit.SECONDS);
        await().ignoreExceptions().until(() -> map.getShardMap(GetShardMapRequest.getDefaultInstance()) != null);
        var changes = map.watchShardMap(WatchShardMapRequest.getDefaultInstance());
        assertThat(changes.next().getFull()).isTrue();
        node("n1", "a");
        boolean seen = false;
        while (!seen) {
            var change = changes.next();
            assertThat(change.getFull()).isFalse();
            seen = change.getNodesList().stream().anyMatch(node -> node.getId().equals("n1") && node.getLive());
        }
        int shards = 0;
        while (shards < 10) {
            shards += changes.next().getShardsCount();
        }
        comeToLife(1);
        var news = changes.next().getShards(0);
        assertThat(news.getId()).isEqualTo(1);
        assertThat(news.getPrimary()).isEqualTo("n1");
        assertThat(news.getEpoch()).isEqualTo(1);
    }

    @Test
    void everyHttpAnswerIsCounted() throws Exception {
        var coordinator = coordinator("c1");
        var base = "http://127.0.0.1:" + coordinator.httpPort().orElseThrow();
        var client = HttpClient.newHttpClient();
        var nothing = HttpRequest.newBuilder(URI.create(base + "/nothing")).build();
        assertThat(client.send(nothing, BodyHandlers.ofString()).statusCode()).isEqualTo(404);
        var metrics = HttpRequest.newBuilder(URI.create(base + "/metrics")).build();
        await().untilAsserted(() -> assertThat(
                        client.send(metrics, BodyHandlers.ofString()).body())
                .contains("# HELP tintype_http_requests_total HTTP requests answered.")
                .contains("tintype_http_requests_total{method=\"GET\",status=\"404\"} 1.0")
                .contains("tintype_zookeeper_connected 1.0"));
    }

    @Test
    void aCoordinatorServesOnlyItsRoles() {
        var reader = start(config("c1").withRoles(Set.of(Role.RETRIEVAL)));
        var failure = catchThrowable(
                () -> AdminGrpc.newBlockingStub(channel(reader)).listNodes(ListNodesRequest.getDefaultInstance()));
        assertThat(failure).hasMessageContaining("UNIMPLEMENTED").hasMessageContaining("tintype.v1.Admin/ListNodes");
        assertThat(Errors.fromWire(failure).reason()).isEqualTo(Reason.NOT_SERVED_HERE);
    }

    @Test
    void whatPreventsAStartIsSaidAndNothingIsLeftRunning() {
        var first = coordinator("c1");
        var taken = config("c2").withPorts(first.grpcPort(), 0);
        assertThatThrownBy(() -> Coordinator.start(taken))
                .hasMessageContaining("gRPC cannot listen on 127.0.0.1:" + first.grpcPort());
        var takenHttp = config("c2").withPorts(0, first.httpPort().orElseThrow());
        assertThatThrownBy(() -> Coordinator.start(takenHttp)).hasMessageContaining("Set http.port to another one");
        var nowhere = config("c2").withZookeeper(ZkConfig.of("127.0.0.1:1").withConnectWait(Duration.ofMillis(200)));
        assertThatThrownBy(() -> Coordinator.start(nowhere))
                .isInstanceOf(ZkUnavailableException.class)
                .hasMessageContaining("127.0.0.1:1 did not answer");
    }

    @Test
    void settingsAreReadFromYamlAndRefusedByName() {
        var config = ConfigFiles.parse("""
                id: c7
                roles: [upload, retrieval]
                http:
                  port: 0
                zookeeper:
                  connect: zk1:2181
                uploadBytesInFlight: 64MiB
                control:
                  roomPercent: 30
                """, "c.yaml", CoordinatorConfig.DEFAULTS);
        assertThat(config.roles()).containsExactlyInAnyOrder(Role.UPLOAD, Role.RETRIEVAL);
        assertThat(config.uploadBytes()).isEqualTo(64 << 20);
        assertThat(config.zookeeper().sessionTimeout()).isEqualTo(Duration.ofSeconds(10));
        for (var wrong : List.of("roles: [uplaod]", "roles: []", "port: 70000", "region: EU", "htpp: {port: 1}")) {
            assertThatThrownBy(() -> ConfigFiles.parse(wrong, "c.yaml", CoordinatorConfig.DEFAULTS))
                    .as(wrong)
                    .hasMessageContaining("c.yaml");
        }
    }

    private Coordinator coordinator(String id) {
        return start(config(id));
    }

    private Coordinator coordinator(String id, int replicas) {
        return start(config(id).withControl(ControlSettings.DEFAULTS.withReplicationFactor(replicas)));
    }

    private CoordinatorConfig config(String id) {
        return CoordinatorConfig.DEFAULTS
                .withId(id)
                .withPorts(0, 0)
                .withZookeeper(ZkConfig.of(zooKeeper.connectString()));
    }

    private Coordinator start(CoordinatorConfig config) {
        var coordinator = Coordinator.start(config);
        started.add(coordinator);
        return coordinator;
    }

    private ManagedChannel channel(Coordinator coordinator) {
        var channel = Grpc.newChannelBuilder("127.0.0.1:" + coordinator.grpcPort(), InsecureChannelCredentials.create())
                .build();
        started.add(0, channel::shutdownNow);
        return channel;
    }

    private ServingStatus health(Coordinator coordinator) {
        return HealthGrpc.newBlockingStub(channel(coordinator))
                .check(HealthCheckRequest.getDefaultInstance())
                .getStatus();
    }

    private void node(String id, String zone) {
        node(id, zone, "local");
    }

    private void node(String id, String zone, String region) {
        var registration = NodeRegistration.start(
                session,
                new NodePresence(
                        new NodeId(id),
                        id.getBytes(StandardCharsets.UTF_8),
                        1,
                        "127.0.0.1:1",
                        "127.0.0.1:1",
                        region,
                        zone,
                        1L << 40,
                        Set.of()));
        started.add(registration);
        registration.registered().join();
    }

    /** Does to a shard's znode what its replicas would do. */
    private void comeToLife(int shard) throws Exception {
        try (var znodes = new ShardZnodes(session)) {
            ShardAssignment assignment = znodes.readAssignment(new ShardId(shard))
                    .get(10, TimeUnit.SECONDS)
                    .orElseThrow()
                    .value();
            var leader = assignment.getReplicas(0).getNode();
            znodes.create(ShardRecord.newBuilder()
                            .setFormat(1)
                            .setShard(shard)
                            .setType(assignment.getType())
                            .setPool(assignment.getPool())
                            .setConfigVersion(1)
                            .setEpoch(1)
                            .setPrimary(leader)
                            .addInSync(Member.newBuilder().setNode(leader).setIncarnation(1))
                            .addAllReplicas(assignment.getReplicasList())
                            .setWriter(leader)
                            .setWriterNonce(1)
                            .build())
                    .get(10, TimeUnit.SECONDS);
        }
    }

    private static void assertReason(Runnable call, Reason reason) {
        assertThat(Errors.fromWire(catchThrowable(call::run)).reason()).isEqualTo(reason);
    }
}
