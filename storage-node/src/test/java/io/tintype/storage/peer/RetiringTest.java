// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.peer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.tintype.cluster.zk.Paths;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a replica leaves behind on its node when it goes. */
@Timeout(300)
class RetiringTest {
    @TempDir
    Path directory;

    @Test
    void aReplicaThatIsDroppedGivesBackItsMemoryAndHearsOfItsShardNoMore() throws Exception {
        try (var cluster = new TestCluster(directory, 4)) {
            var all = cluster.nodes().stream().map(TestNode::id).toList();
            cluster.assignTo(2, all.subList(0, 3));
            cluster.awaitInSync(3);
            Images.claim(cluster.primary());
            var leaves = cluster.nodeOf(cluster.follower());
            var node = cluster.node(leaves);
            await("records in memory").atMost(TestCluster.PATIENCE).until(() -> tailBytes(node) > 0);
            assertThat(node.watched()).anyMatch(RetiringTest::isOfTheShard);

            cluster.reassign(2, all.stream().filter(id -> !id.equals(leaves)).toList());

            await("the replica to be told of as dropped")
                    .atMost(TestCluster.PATIENCE)
                    .until(() -> dropped(node) == 1);
            assertThat(tailBytes(node)).isZero();
            await("the watch of the shard's configuration to end")
                    .atMost(TestCluster.PATIENCE)
                    .until(() -> node.watched().stream().noneMatch(RetiringTest::isOfTheShard));
        }
    }

    private static boolean isOfTheShard(String path) {
        return path.endsWith(Paths.shard(TestCluster.SHARD.value()));
    }

    private static double dropped(TestNode node) {
        return node.registry().get("tintype.replicas.dropped").counter().count();
    }

    private static double tailBytes(TestNode node) {
        return node.registry().get("tintype.tails.bytes").gauge().value();
    }
}
