// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.peer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.tintype.model.NodeId;
import io.tintype.storage.blob.ShardStore;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A node takes nothing of a pool that is pinned to another region, whoever tells it to. */
@Timeout(240)
final class ResidencyTest {
    private static final NodeId FAR = new NodeId("far");

    @TempDir
    private Path folder;

    @Test
    void aNodeOutsideTheRegionRefusesTheReplicaUntilThePoolMayLeaveIt() throws Exception {
        try (var cluster = new TestCluster(folder, 2)) {
            cluster.assign(2);
            cluster.awaitInSync(2);
            cluster.start(FAR, "far");
            Images.claim(cluster.primary());
            put(cluster, "before");

            cluster.reassign(2, List.of(new NodeId("node-1"), new NodeId("node-2"), FAR));
            await("the primary counts on it")
                    .atMost(TestCluster.PATIENCE)
                    .until(() -> cluster.record().getReplicasList().stream()
                            .anyMatch(replica -> replica.getNode().equals(FAR.value())));
            put(cluster, "while it is assigned");
            assertThat(cluster.node(FAR).replica()).isEmpty();
            assertThat(ShardStore.list(cluster.node(FAR).disk()))
                    .as("shards on its disk")
                    .isEmpty();

            cluster.stop(FAR);
            cluster.start(FAR, "far");
            put(cluster, "after it started again");
            assertThat(ShardStore.list(cluster.node(FAR).disk())).isEmpty();

            cluster.unpin();
            cluster.awaitInSync(3);
            cluster.awaitEqual();
            assertThat(ShardStore.list(cluster.node(FAR).disk())).containsExactly(TestCluster.SHARD);
        }
    }

    /** Small, and staged in chunks. */
    private static void put(TestCluster cluster, String name) {
        var primary = cluster.primary();
        Images.put(primary, name, Images.bytes(1_000, 1)).join();
        primary.propose(Images.stage(primary, name + ", large", Images.bytes(1_500_000, 2)))
                .join();
    }
}
