// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.tintype.proto.v1.BlobRetrievalGrpc;
import io.tintype.proto.v1.BlobUploadGrpc;
import io.tintype.storage.disk.Disk;
import io.tintype.storage.disk.DiskConfig;
import io.tintype.storage.disk.Family;
import io.tintype.storage.disk.Write;
import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a node says of itself while a shard on it cannot do its part. */
@Timeout(240)
final class NodeHealthTest extends OneNode {
    private static final List<String> WHOLE = List.of("", BlobUploadGrpc.SERVICE_NAME, BlobRetrievalGrpc.SERVICE_NAME);

    @Test
    void noNodeSaysGoodWhileAShardOnItCannotServe() throws Exception {
        try (var node = StorageNode.start(config("data"))) {
            assign();
            await().atMost(PATIENCE).until(() -> node.shards().all().size() == 2 && node.isServing());
            assertThat(http(node, "GET", "/health/ready").statusCode()).isEqualTo(200);
        }
        damage();
        try (var node = StorageNode.start(config("data"))) {
            var channel = channel(node.port());
            await("the other shard serves")
                    .atMost(PATIENCE)
                    .ignoreExceptionsInstanceOf(StatusRuntimeException.class)
                    .until(() -> health(channel, "shard/" + DIRECTORY) == ServingStatus.SERVING);
            await("the shard is known to be broken")
                    .atMost(PATIENCE)
                    .ignoreExceptionsInstanceOf(StatusRuntimeException.class)
                    .until(() -> health(channel, "shard/" + DATA) == ServingStatus.NOT_SERVING);
            for (var service : WHOLE) {
                assertThat(health(channel, service)).as("service '%s'", service).isEqualTo(ServingStatus.NOT_SERVING);
            }
            var ready = http(node, "GET", "/health/ready");
            assertThat(ready.statusCode()).isEqualTo(503);
            assertThat(ready.body()).contains("\"ready\":false", "shards that cannot run here", DATA + "=");
            assertThat(http(node, "GET", "/health/shards").body())
                    .contains("{\"shard\":" + DATA + ",\"state\":\"BROKEN\",\"serving\":false")
                    .contains("{\"shard\":" + DIRECTORY + ",\"state\":\"PRIMARY\",\"serving\":true");
            assertThat(http(node, "GET", "/metrics").body()).contains("\ntintype_replicas_failed_now 1.0");
            assertThat(http(node, "GET", "/health/live").statusCode())
                    .as("a node that is alive is not to be restarted for it")
                    .isEqualTo(200);
            channel.shutdownNow();
        }
    }

    /** The mark of what was applied is no mark any more. */
    private void damage() throws Exception {
        var data = folder.resolve("data");
        var config = DiskConfig.of(data, Disk.identify(data).orElseThrow().clusterId())
                .withMemory(8 << 20, 4 << 20)
                .withReserve(0);
        try (var disk = Disk.open(config)) {
            var write = new Write();
            write.put(
                    Family.META,
                    ByteBuffer.allocate(Integer.BYTES + 1)
                            .putInt(DATA)
                            .put((byte) 'A')
                            .array(),
                    new byte[7]);
            disk.committer().commit(write).join();
        }
    }
}
