// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.node;

import io.grpc.ManagedChannel;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.tintype.cluster.embedded.EmbeddedZooKeeper;
import io.tintype.cluster.zk.Paths;
import io.tintype.cluster.zk.ZkConfig;
import io.tintype.cluster.zk.ZkSession;
import io.tintype.cluster.zk.ZnodeCodec;
import io.tintype.model.DirectorySlots;
import io.tintype.proto.internal.v1.DirectoryMap;
import io.tintype.proto.internal.v1.Placement;
import io.tintype.proto.internal.v1.ReplicaRole;
import io.tintype.proto.internal.v1.ShardAssignment;
import io.tintype.proto.internal.v1.ShardType;
import io.tintype.proto.internal.v1.SlotRun;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** What tests of one whole node share: ZooKeeper, a folder for disks, and two shards that lie on the node alone. */
abstract class OneNode {
    static final int DIRECTORY = 1;
    static final int DATA = 2;
    static final Duration PATIENCE = Duration.ofSeconds(60);

    @TempDir
    Path folder;

    @SuppressWarnings("NullAway.Init")
    EmbeddedZooKeeper zooKeeper;

    @BeforeEach
    void startZooKeeper() {
        zooKeeper = EmbeddedZooKeeper.start(folder.resolve("zookeeper"), 0);
    }

    @AfterEach
    void stopZooKeeper() {
        zooKeeper.close();
    }

    StorageNodeConfig config(String data) {
        return StorageNodeConfig.defaults()
                .withId("node-1")
                .withZookeeper(zooKeeper.connectString())
                .withDataDir(folder.resolve(data))
                .withListen("127.0.0.1", 0, 0)
                .withDisk(new DiskSettings(8 << 20, 16 << 20, 0, 0, 0));
    }

    /** Writes what a controller would: one shard of users, one of the directory, both on the one node. */
    void assign() {
        try (var session = ZkSession.connect(ZkConfig.of(zooKeeper.connectString()))) {
            assign(session, DIRECTORY, ShardType.SHARD_TYPE_DIRECTORY);
            assign(session, DATA, ShardType.SHARD_TYPE_DATA);
            var map = DirectoryMap.newBuilder()
                    .setFormat(ZnodeCodec.FORMAT)
                    .addRuns(SlotRun.newBuilder().setSlots(DirectorySlots.COUNT).setShard(DIRECTORY))
                    .build();
            session.znodes()
                    .create(Paths.DIRECTORY_MAP, ZnodeCodec.DIRECTORY_MAP.encode(Paths.DIRECTORY_MAP, map))
                    .join();
        }
    }

    static void assign(ZkSession session, int shard, ShardType type) {
        var assignment = ShardAssignment.newBuilder()
                .setFormat(ZnodeCodec.FORMAT)
                .setShard(shard)
                .setType(type)
                .setPool("local.standard")
                .setMinInsync(1)
                .setUsersLimit(2)
                .addReplicas(Placement.newBuilder().setNode("node-1").setRole(ReplicaRole.REPLICA_ROLE_VOTER))
                .build();
        var path = Paths.assignment(shard);
        session.znodes()
                .create(path, ZnodeCodec.ASSIGNMENT.encode(path, assignment))
                .join();
    }

    static ManagedChannel channel(int port) {
        return NettyChannelBuilder.forAddress("127.0.0.1", port).usePlaintext().build();
    }

    static ServingStatus health(ManagedChannel channel, String service) {
        return HealthGrpc.newBlockingStub(channel)
                .check(HealthCheckRequest.newBuilder().setService(service).build())
                .getStatus();
    }

    static HttpResponse<String> http(StorageNode node, String method, String path) throws Exception {
        var request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + node.httpPort() + path))
                .method(method, HttpRequest.BodyPublishers.noBody())
                .build();
        return HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
    }
}
