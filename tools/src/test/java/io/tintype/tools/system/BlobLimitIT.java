// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.system;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.tintype.client.BlobSource;
import io.tintype.client.PutOptions;
import io.tintype.client.TintypeClient;
import io.tintype.cluster.config.ConfigFiles;
import io.tintype.cluster.embedded.EmbeddedZooKeeper;
import io.tintype.cluster.zk.ZkConfig;
import io.tintype.coordinator.Coordinator;
import io.tintype.coordinator.CoordinatorConfig;
import io.tintype.model.Reason;
import io.tintype.model.ShardId;
import io.tintype.model.TintypeException;
import io.tintype.proto.v1.ListRequest;
import io.tintype.storage.blob.ShardStore;
import io.tintype.storage.disk.Disk;
import io.tintype.storage.disk.DiskConfig;
import io.tintype.storage.disk.Family;
import io.tintype.storage.node.StorageNode;
import io.tintype.storage.node.StorageNodeConfig;
import io.tintype.tools.console.ExitCode;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A stream that does not say how long it is, with one byte more than the limit really sent, through every way in: each is
 * refused for its size, and after collection nothing of it is on the disk. A stream of just the limit is taken.
 */
@Timeout(300)
final class BlobLimitIT {
    private static final String USER = "maxim";
    private static final int LIMIT = 3_000_000;
    private static final byte[] LARGEST = bytes(LIMIT);
    private static final byte[] TOO_LARGE = bytes(LIMIT + 1);

    @Test
    void aStreamOverTheLimitIsRefusedByEveryWayAndLeavesNothing() throws Exception {
        var folder = Dev.folder("blob-limit");
        try (var zooKeeper = EmbeddedZooKeeper.start(folder.resolve("zookeeper"), 0)) {
            String cluster;
            ShardId home;
            try (var node = node(folder, zooKeeper.connectString());
                    var coordinator = coordinator(folder, zooKeeper.connectString())) {
                await("a cluster that serves")
                        .until(() -> coordinator.notReadyBecause().isEmpty() && node.isServing());
                var server = "127.0.0.1:" + coordinator.grpcPort();
                try (var client = TintypeClient.builder()
                                .seeds(server)
                                .nearCacheBytes(0)
                                .build();
                        var direct = new Grpc(node.address());
                        var through = new Grpc(server)) {
                    client.users().register(USER);
                    var shard = client.users().lookup(USER).shard();
                    home = shard;

                    long before = applied(node, shard);
                    refusedBySdk(client);
                    refusedByGrpc(direct);
                    refusedByGrpc(through);
                    refusedByHttp(coordinator.httpPort().orElseThrow());
                    refusedByCli(server);
                    await("each of the five given up by a record").until(() -> applied(node, shard) >= before + 5);

                    client.put(USER, "largest", BlobSource.of(new ByteArrayInputStream(LARGEST)), PutOptions.DEFAULT);
                    assertThat(client.get(USER, "largest").bytes()).isEqualTo(LARGEST);
                    assertThat(through.retrievals()
                                    .list(ListRequest.newBuilder().setUser(USER).build())
                                    .getEntriesList())
                            .singleElement()
                            .satisfies(entry ->
                                    assertThat(entry.getBlob().getName()).isEqualTo("largest"));
                }
                cluster = node.clusterId();
            }
            assertOnlyTheLargestIsLeft(folder.resolve("data"), cluster, home);
        }
    }

    private static long applied(StorageNode node, ShardId shard) {
        return node.shards().find(shard).orElseThrow().status().appliedSeq();
    }

    private static StorageNode node(Path folder, String zooKeeper) throws Exception {
        var file = Files.writeString(folder.resolve("node.yaml"), "limits:\n  maxBlobBytes: " + LIMIT + "\n");
        return StorageNode.start(ConfigFiles.load(file, StorageNodeConfig.defaults())
                .withZookeeper(zooKeeper)
                .withDataDir(folder.resolve("data"))
                .withListen("127.0.0.1", 0, 0));
    }

    private static Coordinator coordinator(Path folder, String zooKeeper) throws Exception {
        var file = Files.writeString(folder.resolve("coordinator.yaml"), "maxBlobBytes: " + LIMIT + "\n");
        var config = ConfigFiles.load(file, CoordinatorConfig.DEFAULTS);
        return Coordinator.start(config.withZookeeper(ZkConfig.of(zooKeeper))
                .withPorts(0, 0)
                .withControl(config.control().withReplicationFactor(1)));
    }

    private static void refusedBySdk(TintypeClient client) {
        var failure = catchThrowable(
                () -> client.put(USER, "sdk", BlobSource.of(new ByteArrayInputStream(TOO_LARGE)), PutOptions.DEFAULT));
        assertThat(failure)
                .isInstanceOfSatisfying(
                        TintypeException.class, e -> assertThat(e.reason()).isEqualTo(Reason.BLOB_TOO_LARGE));
        assertThat(failure).hasMessageContaining(String.valueOf(LIMIT));
    }

    private static void refusedByGrpc(Grpc grpc) {
        var failure = catchThrowable(
                () -> grpc.send(Grpc.messages(grpc.header(USER, "grpc").build(), TOO_LARGE)));
        assertThat(failure)
                .isInstanceOfSatisfying(
                        TintypeException.class, e -> assertThat(e.reason()).isEqualTo(Reason.BLOB_TOO_LARGE));
        assertThat(failure).hasMessageContaining(String.valueOf(LIMIT));
    }

    /** Nothing is sent behind the byte that is too much, so that the answer cannot be lost to a reset. */
    private static void refusedByHttp(int port) throws IOException {
        try (var socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.setSoTimeout(60_000);
            var out = socket.getOutputStream();
            var head = List.of(
                    "PUT /v1/users/" + USER + "/blobs/http HTTP/1.1",
                    "Host: x",
                    "Transfer-Encoding: chunked",
                    "",
                    Integer.toHexString(TOO_LARGE.length),
                    "");
            out.write(String.join("\r\n", head).getBytes(ISO_8859_1));
            out.write(TOO_LARGE);
            out.write("\r\n".getBytes(ISO_8859_1));
            out.flush();
            var answer = new String(socket.getInputStream().readAllBytes(), ISO_8859_1);
            assertThat(answer).startsWith("HTTP/1.1 413 ");
            var body = new ObjectMapper().readTree(answer.substring(answer.indexOf("\r\n\r\n") + 4));
            assertThat(body.get("reason").asText()).isEqualTo(Reason.BLOB_TOO_LARGE.name());
            assertThat(body.get("message").asText()).contains(String.valueOf(LIMIT));
        }
    }

    private static void refusedByCli(String server) {
        var put = Command.run(server, stdin -> stdin.write(TOO_LARGE), "put", USER, "cli", "-");
        assertThat(put.code())
                .as("%s", put)
                .isEqualTo(ExitCode.of(Reason.BLOB_TOO_LARGE).number());
        assertThat(put.err()).contains("at most " + LIMIT + " are allowed; nothing was stored");
    }

    /** Collects as the node would have done some minutes later, and looks at every key there is. */
    private static void assertOnlyTheLargestIsLeft(Path data, String cluster, ShardId shard) throws Exception {
        try (var disk = Disk.open(DiskConfig.of(data, cluster))) {
            var store = ShardStore.open(disk, shard, 0);
            long later = System.currentTimeMillis() + Duration.ofHours(1).toMillis();
            while (!store.collector().collect(later, 1_000).more().isEmpty()) {}

            int left = 0;
            try (var scan = disk.scan(Family.CHUNK, new byte[4], new byte[] {-1, -1, -1, -1})) {
                for (; scan.valid(); scan.next()) {
                    left += scan.value().length;
                }
            }
            assertThat(left).as("bytes of chunks, with what belongs to each").isBetween(LIMIT, LIMIT + 1_000);
        }
    }

    private static byte[] bytes(int size) {
        var bytes = new byte[size];
        new Random(size).nextBytes(bytes);
        return bytes;
    }
}
