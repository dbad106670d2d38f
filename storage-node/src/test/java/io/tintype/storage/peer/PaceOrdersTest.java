// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.peer;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.tintype.cluster.channel.Channels;
import io.tintype.cluster.channel.UnaryCalls;
import io.tintype.proto.internal.v1.NodeReportsGrpc;
import io.tintype.proto.internal.v1.ReportNodeRequest;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Whose word on the pace of copies a node takes. */
@Timeout(120)
final class PaceOrdersTest {
    private static final long MIB = 1 << 20;

    @TempDir
    private Path folder;

    /** Out of touch with ZooKeeper, that one does not know it yet, and keeps the pace of what it takes for its plans. */
    @Test
    void aControllerThatIsDeposedChangesNothing() throws Exception {
        try (var cluster = new TestCluster(folder, 1);
                var channels = new Channels()) {
            var node = channels.to(cluster.node(1).peerAddress());
            assertThat(told(node, 2, 5 * MIB)).isEqualTo(5 * MIB);
            assertThat(told(node, 1, 7 * MIB)).as("of the one before").isEqualTo(5 * MIB);
            assertThat(told(node, 2, 6 * MIB)).isEqualTo(6 * MIB);
            assertThat(told(node, 3, 0))
                    .as("the next one has nothing to say yet")
                    .isEqualTo(6 * MIB);
            assertThat(told(node, 2, 7 * MIB)).isEqualTo(6 * MIB);
            assertThat(told(node, 0, 0)).as("somebody else asks").isEqualTo(6 * MIB);
            assertThat(told(node, 3, 3 * MIB)).isEqualTo(3 * MIB);
            assertThat(told(node, 0, 4 * MIB)).as("of an earlier release").isEqualTo(4 * MIB);
        }
    }

    /** The pace that a node keeps to once it was told one. */
    private static long told(Channel node, long epoch, long bytesPerSecond) {
        var request = ReportNodeRequest.newBuilder()
                .setClusterId(TestCluster.CLUSTER)
                .setControllerEpoch(epoch)
                .setSnapshotBytesPerSecond(bytesPerSecond)
                .build();
        var options = CallOptions.DEFAULT.withDeadlineAfter(20, TimeUnit.SECONDS);
        return UnaryCalls.start(node, NodeReportsGrpc.getReportNodeMethod(), options, request)
                .join()
                .getSnapshotBytesPerSecond();
    }
}
