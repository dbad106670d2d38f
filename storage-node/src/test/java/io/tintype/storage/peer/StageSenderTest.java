// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.peer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.tintype.checksum.Crc32c;
import io.tintype.model.NodeId;
import io.tintype.model.UploadId;
import io.tintype.storage.blob.Chunk;
import io.tintype.storage.blob.ChunkKey;
import io.tintype.storage.shard.StagedBytes;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.Optional;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(180)
class StageSenderTest {
    @Test
    void everyChunkForANodeThatIsDownFailsPromptly() throws Exception {
        try (var taken = new Socket()) {
            // Bound and not listening: whoever connects is refused, and nobody else gets the port.
            taken.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            var nobody = "127.0.0.1:" + taken.getLocalPort();
            stageInVain(50, node -> Optional.of(nobody));
        }
    }

    @Test
    void aNodeWhoseAddressNobodyKnowsFailsAtOnce() {
        stageInVain(3, node -> Optional.empty());
    }

    private static void stageInVain(int chunks, Function<NodeId, Optional<String>> addresses) {
        var data = ByteString.copyFromUtf8("bytes");
        var chunk =
                new StagedBytes(new ChunkKey(Images.ALICE, new UploadId(1, 1), 0), new Chunk(data, Crc32c.of(data)));
        try (var network =
                new PeerNetwork(new NodeId("node-1"), TestCluster.CLUSTER, addresses, new SimpleMeterRegistry())) {
            for (int i = 0; i < chunks; i++) {
                var staged = network.stage(TestCluster.SHARD, new NodeId("node-2"), 1, chunk);
                await("chunk " + i + " given up").atMost(TestCluster.PATIENCE).until(staged::isDone);
                assertThat(staged).isCompletedExceptionally();
            }
        }
    }
}
