// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.peer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.tintype.cluster.zk.Paths;
import io.tintype.model.NodeId;
import io.tintype.proto.internal.v1.Placement;
import java.nio.file.Path;
import java.util.List;
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

    @Test
    void aPrimaryThatShouldBeElsewhereBringsTheOthersInHandsOverAndGoes() throws Exception {
        try (var cluster = new TestCluster(directory, 3)) {
            var all = cluster.nodes().stream().map(TestNode::id).toList();
            cluster.assignTo(1, all.subList(0, 2));
            cluster.awaitInSync(2);
            Images.claim(cluster.primary());
            var leaves = cluster.nodeOf(cluster.primary());
            var node = cluster.node(leaves);

            cluster.reassign(1, all.stream().filter(id -> !id.equals(leaves)).toList());

            await("the replica to be dropped").atMost(TestCluster.PATIENCE).until(() -> dropped(node) == 1);
            assertThat(node.replica()).isEmpty();
            cluster.awaitInSync(2);
            assertThat(cluster.record().getReplicasList())
                    .extracting(Placement::getNode)
                    .doesNotContain(leaves.value())
                    .hasSize(2);
        }
    }

    @Test
    void aPrimaryThatShouldBeElsewhereDoesSoAfterARestartToo() throws Exception {
        try (var cluster = new TestCluster(directory, 2)) {
            var all = cluster.nodes().stream().map(TestNode::id).toList();
            cluster.assign(1);
            cluster.awaitInSync(2);
            Images.claim(cluster.primary());
            var leaves = cluster.nodeOf(cluster.primary());
            var stays =
                    all.stream().filter(id -> !id.equals(leaves)).findFirst().orElseThrow();
            var comes = new NodeId("node-3");
            cluster.stop(stays);
            cluster.awaitInSync(1);
            cluster.reassign(1, List.of(stays, comes));
            cluster.stop(leaves);

            var node = cluster.start(leaves);
            assertThat(cluster.nodeOf(cluster.primary())).isEqualTo(leaves);
            assertThat(cluster.primary().status().rules().userBytes())
                    .as("what the pool allows")
                    .isEqualTo(TestCluster.USER_BYTES);
            cluster.start(stays);
            cluster.start(comes);

            await("the replica to be dropped").atMost(TestCluster.PATIENCE).until(() -> dropped(node) == 1);
            cluster.awaitInSync(2);
            assertThat(cluster.record().getReplicasList())
                    .extracting(Placement::getNode)
                    .containsExactlyInAnyOrder(stays.value(), comes.value());
        }
    }

    @Test
    void aPrimaryFollowsWhereItsShardShouldBeWhileItIsNotToBeThere() throws Exception {
        try (var cluster = new TestCluster(directory, 3)) {
            var all = cluster.nodes().stream().map(TestNode::id).toList();
            cluster.assignTo(1, all.subList(0, 1));
            cluster.awaitInSync(1);
            var node = cluster.node(all.get(0));
            cluster.reassign(1, List.of(new NodeId("nobody")));
            await("the one that nobody has heard of")
                    .atMost(TestCluster.PATIENCE)
                    .until(() -> cluster.record().getReplicasList().stream()
                            .anyMatch(replica -> replica.getNode().equals("nobody")));

            cluster.reassign(1, all.subList(1, 3));

            await("the replica to be dropped").atMost(TestCluster.PATIENCE).until(() -> dropped(node) == 1);
            cluster.awaitInSync(2);
        }
    }

    private static double dropped(TestNode node) {
        return node.registry().get("tintype.replicas.dropped").counter().count();
    }

    private static double tailBytes(TestNode node) {
        return node.registry().get("tintype.tails.bytes").gauge().value();
    }
}
