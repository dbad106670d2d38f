// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.peer;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.tintype.checksum.Crc32c;
import io.tintype.model.NodeId;
import io.tintype.model.UploadId;
import io.tintype.storage.blob.Chunk;
import io.tintype.storage.blob.ChunkKey;
import io.tintype.storage.shard.StagedBytes;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class StageSenderTest {
    @Test
    void everyChunkForANodeThatIsDownFailsPromptly() throws Exception {
        String nobody;
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            nobody = "127.0.0.1:" + socket.getLocalPort();
        }
        var data = ByteString.copyFromUtf8("bytes");
        var chunk =
                new StagedBytes(new ChunkKey(Images.ALICE, new UploadId(1, 1), 0), new Chunk(data, Crc32c.of(data)));
        try (var network = new PeerNetwork(
                new NodeId("node-1"), TestCluster.CLUSTER, node -> Optional.of(nobody), new SimpleMeterRegistry())) {
            for (int i = 0; i < 3; i++) {
                assertThat(network.stage(TestCluster.SHARD, new NodeId("node-2"), 1, chunk))
                        .as("chunk " + i)
                        .failsWithin(Duration.ofSeconds(15));
            }
        }
    }

    @Test
    void aNodeWhoseAddressNobodyKnowsFailsAtOnce() {
        var data = ByteString.copyFromUtf8("bytes");
        var chunk =
                new StagedBytes(new ChunkKey(Images.ALICE, new UploadId(1, 1), 0), new Chunk(data, Crc32c.of(data)));
        try (var network = new PeerNetwork(
                new NodeId("node-1"), TestCluster.CLUSTER, node -> Optional.empty(), new SimpleMeterRegistry())) {
            for (int i = 0; i < 3; i++) {
                assertThat(network.stage(TestCluster.SHARD, new NodeId("node-2"), 1, chunk))
                        .as("chunk " + i)
                        .failsWithin(Duration.ofSeconds(1));
            }
        }
    }
}
