// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.reflection.v1.ServerReflectionGrpc;
import io.grpc.reflection.v1.ServerReflectionRequest;
import io.grpc.reflection.v1.ServerReflectionResponse;
import io.grpc.reflection.v1.ServiceResponse;
import io.grpc.stub.StreamObserver;
import io.tintype.checksum.Crc32c;
import io.tintype.cluster.embedded.EmbeddedZooKeeper;
import io.tintype.model.Reason;
import io.tintype.model.RequestId;
import io.tintype.model.TintypeException;
import io.tintype.proto.internal.v1.CreateEntryRequest;
import io.tintype.proto.internal.v1.DirectoryGrpc;
import io.tintype.proto.internal.v1.GetUserUsageRequest;
import io.tintype.proto.v1.BlobRetrievalGrpc;
import io.tintype.proto.v1.BlobUploadGrpc;
import io.tintype.proto.v1.DataFrame;
import io.tintype.proto.v1.GetRequest;
import io.tintype.proto.v1.PutFinish;
import io.tintype.proto.v1.PutHeader;
import io.tintype.proto.v1.PutRequest;
import io.tintype.proto.v1.PutResponse;
import io.tintype.wire.Errors;
import io.tintype.wire.Wire;
import java.nio.file.Files;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A whole node: real ZooKeeper, disk, replication of one replica, and gRPC over loopback. */
@Timeout(240)
final class StorageNodeTest extends OneNode {
    private final Random random = new Random(7);

    private PutResponse put(ManagedChannel channel, String user, byte[] bytes) {
        var answer = new CompletableFuture<PutResponse>();
        var out = BlobUploadGrpc.newStub(channel)
                .withDeadlineAfter(30, TimeUnit.SECONDS)
                .put(new StreamObserver<>() {
                    @Override
                    public void onNext(PutResponse value) {
                        answer.complete(value);
                    }

                    @Override
                    public void onError(Throwable t) {
                        answer.completeExceptionally(Errors.fromWire(t));
                    }

                    @Override
                    public void onCompleted() {}
                });
        int crc = Crc32c.of(bytes);
        out.onNext(PutRequest.newBuilder()
                .setHeader(PutHeader.newBuilder()
                        .setUser(user)
                        .setName("cat.jpg")
                        .setRequestId(Wire.bytes(RequestId.random(random))))
                .setFrame(DataFrame.newBuilder()
                        .setData(ByteString.copyFrom(bytes))
                        .setCrc32C(crc))
                .setFinish(PutFinish.newBuilder().setSize(bytes.length).setCrc32C(crc))
                .build());
        out.onCompleted();
        return answer.join();
    }

    private static void register(ManagedChannel peers, StorageNode node, String user) {
        DirectoryGrpc.newBlockingStub(peers)
                .createEntry(CreateEntryRequest.newBuilder()
                        .setClusterId(node.clusterId())
                        .setShard(DIRECTORY)
                        .setUser(user)
                        .setHome(DATA)
                        .setPool("local.standard")
                        .build());
    }

    @Test
    void aNodeServesItsShardsAndHasThemStillAfterARestart() throws Exception {
        var bytes = new byte[100_000];
        random.nextBytes(bytes);
        try (var node = StorageNode.start(config("data"))) {
            var channel = channel(node.port());
            var peers = channel(node.peerPort());
            assign();
            await().atMost(PATIENCE).until(() -> node.shards().all().size() == 2 && node.isServing());
            await().atMost(PATIENCE)
                    .ignoreExceptionsInstanceOf(StatusRuntimeException.class)
                    .untilAsserted(() -> {
                        assertThat(health(channel, "")).isEqualTo(ServingStatus.SERVING);
                        assertThat(health(channel, "shard/" + DATA)).isEqualTo(ServingStatus.SERVING);
                    });
            assertThat(services(channel)).contains("tintype.v1.BlobUpload", "tintype.v1.BlobRetrieval");

            assertThatThrownBy(() -> put(channel, "stranger", bytes))
                    .cause()
                    .isInstanceOfSatisfying(
                            TintypeException.class, e -> assertThat(e.reason()).isEqualTo(Reason.USER_NOT_FOUND));
            register(peers, node, "alice");
            assertThat(put(channel, "alice", bytes).getReplicasList()).containsExactly("node-1");
            var usage = DirectoryGrpc.newBlockingStub(peers)
                    .getUserUsage(GetUserUsageRequest.newBuilder()
                            .setClusterId(node.clusterId())
                            .setShard(DATA)
                            .setUser("alice")
                            .build());
            assertThat(usage.getBytes()).isEqualTo(bytes.length);
            register(peers, node, "bob");
            put(channel, "bob", bytes);
            register(peers, node, "one too many");
            assertThatThrownBy(() -> put(channel, "one too many", bytes))
                    .cause()
                    .isInstanceOfSatisfying(
                            TintypeException.class, e -> assertThat(e.reason()).isEqualTo(Reason.SHARD_FULL));
            channel.shutdownNow();
            peers.shutdownNow();
        }
        try (var node = StorageNode.start(config("data"))) {
            var channel = channel(node.port());
            await().atMost(PATIENCE).until(() -> node.shards().all().size() == 2 && node.isServing());
            var messages = BlobRetrievalGrpc.newBlockingStub(channel)
                    .get(GetRequest.newBuilder()
                            .setUser("alice")
                            .setName("cat.jpg")
                            .setShard(DATA)
                            .build());
            assertThat(messages.next().getFrame().getData().toByteArray()).isEqualTo(bytes);
            channel.shutdownNow();
        }
    }

    @Test
    void healthAndMetricsAreToldOverHttp() throws Exception {
        try (var node = StorageNode.start(config("data"))) {
            assign();
            await().atMost(PATIENCE).untilAsserted(() -> {
                assertThat(http(node, "GET", "/health/ready").statusCode()).isEqualTo(200);
                assertThat(http(node, "GET", "/health/shards").body())
                        .contains(
                                "{\"shard\":" + DATA + ",\"state\":\"PRIMARY\",\"serving\":true,\"primary\":\"node-1\"")
                        .contains("{\"shard\":" + DIRECTORY + ",");
            });
            assertThat(http(node, "GET", "/health/live").body()).isEqualTo("{\"live\":true}");
            assertThat(http(node, "GET", "/metrics").body())
                    .contains("# HELP tintype_disk_set_aside")
                    .contains("# HELP jvm_memory_used_bytes")
                    .containsPattern("tintype_disk_free_bytes [0-9.E]+")
                    .containsPattern("tintype_rocksdb_wal_syncs_total [0-9.E]+")
                    .containsPattern("tintype_rocksdb_native_cache_bytes [0-9.E]+")
                    .doesNotContain("NaN");
            assertThat(http(node, "HEAD", "/metrics").body()).isEmpty();
            assertThat(http(node, "GET", "/").statusCode()).isEqualTo(404);
            assertThat(http(node, "POST", "/health/live").statusCode()).isEqualTo(405);
        }
    }

    @Test
    void whoseDataAndWhoseIdIsCheckedBeforeAnythingIsServed() throws Exception {
        try (var node = StorageNode.start(config("data"))) {
            assertThatThrownBy(() -> StorageNode.start(config("data")))
                    .isInstanceOf(StorageNodeException.class)
                    .hasMessageContaining(folder.resolve("data").toString());
            assertThatThrownBy(() -> StorageNode.start(config("other")))
                    .isInstanceOf(StorageNodeException.class)
                    .hasMessageContaining("node-1");
            assertThatThrownBy(() ->
                            StorageNode.start(config("third").withId("node-3").withListen("127.0.0.1", node.port(), 0)))
                    .isInstanceOf(StorageNodeException.class)
                    .hasMessageContaining("cannot listen on 127.0.0.1:" + node.port())
                    .hasMessageContaining("listen.port");
            assertThat(node.stopped()).isNotDone();
        }
        zooKeeper.close();
        zooKeeper = EmbeddedZooKeeper.start(folder.resolve("another zookeeper"), 0);
        assertThatThrownBy(() -> StorageNode.start(config("data")))
                .isInstanceOf(StorageNodeException.class)
                .hasMessageContaining("belongs to cluster");
    }

    @Test
    void aNodeWhoseFolderOfKeysIsNotMountedDoesNotStart() throws Exception {
        var keys = Files.createDirectories(folder.resolve("keys"));
        var master = Files.writeString(folder.resolve("master"), "5a".repeat(32));
        var config = config("data").withKeys(new KeySettings("file:" + keys + "?master=" + master));
        StorageNode.start(config).close();
        Files.move(keys, folder.resolve("unmounted"));
        Files.createDirectory(keys);

        assertThatThrownBy(() -> StorageNode.start(config))
                .isInstanceOf(StorageNodeException.class)
                .hasMessageContaining("node-1 does not start")
                .hasMessageContaining("keys.source")
                .hasMessageContaining("Mount the folder of before");
        Files.delete(keys);
        assertThatThrownBy(() -> StorageNode.start(config))
                .isInstanceOf(StorageNodeException.class)
                .hasMessageContaining("names a folder that is not there");

        Files.move(folder.resolve("unmounted"), keys);
        StorageNode.start(config).close();
    }

    private static List<String> services(ManagedChannel channel) throws Exception {
        var answer = new CompletableFuture<ServerReflectionResponse>();
        var out = ServerReflectionGrpc.newStub(channel).serverReflectionInfo(new StreamObserver<>() {
            @Override
            public void onNext(ServerReflectionResponse value) {
                answer.complete(value);
            }

            @Override
            public void onError(Throwable t) {
                answer.completeExceptionally(t);
            }

            @Override
            public void onCompleted() {}
        });
        out.onNext(ServerReflectionRequest.newBuilder().setListServices("").build());
        var names = answer.get(10, TimeUnit.SECONDS).getListServicesResponse().getServiceList().stream()
                .map(ServiceResponse::getName)
                .toList();
        out.onCompleted();
        return names;
    }
}
