// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.map;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.tintype.cluster.embedded.EmbeddedZooKeeper;
import io.tintype.cluster.zk.CasOutcome;
import io.tintype.cluster.zk.Paths;
import io.tintype.cluster.zk.Versioned;
import io.tintype.cluster.zk.ZkConfig;
import io.tintype.cluster.zk.ZkSession;
import io.tintype.model.NodeId;
import io.tintype.model.ShardId;
import io.tintype.proto.internal.v1.Placement;
import io.tintype.proto.internal.v1.ReplicaRole;
import io.tintype.proto.internal.v1.ShardAssignment;
import io.tintype.proto.internal.v1.ShardRecord;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ShardZnodesTest {
    private static final ShardId SHARD = new ShardId(300);
    private static final NodeId SELF = new NodeId("n1");

    @TempDir
    Path folder;

    private EmbeddedZooKeeper zooKeeper;
    private ZkSession session;
    private ZkSession other;
    private ShardZnodes znodes;

    @BeforeEach
    void start() {
        zooKeeper = EmbeddedZooKeeper.start(folder, 0);
        session = ZkSession.connect(ZkConfig.of(zooKeeper.connectString()));
        other = ZkSession.connect(ZkConfig.of(zooKeeper.connectString()));
        znodes = new ShardZnodes(session);
    }

    @AfterEach
    void stop() {
        znodes.close();
        session.close();
        other.close();
        zooKeeper.close();
    }

    @Test
    void aWatcherIsToldOfTheRecordThereIsAndOfEveryLaterOne() throws Exception {
        var seen = new CopyOnWriteArrayList<Versioned<ShardRecord>>();
        var watch = znodes.watch(SHARD, seen::add);
        var first = record(1, 11);
        assertThat(znodes.create(first).get(10, TimeUnit.SECONDS)).isInstanceOf(CasOutcome.Won.class);
        await().untilAsserted(() -> assertThat(seen).contains(new Versioned<>(first, 0)));
        var second = record(2, 22);
        assertThat(new ShardZnodes(other).replace(0, second).get(10, TimeUnit.SECONDS))
                .isInstanceOf(CasOutcome.Won.class);
        await().untilAsserted(() -> assertThat(seen).last().isEqualTo(new Versioned<>(second, 1)));
        assertThat(znodes.read(SHARD).get(10, TimeUnit.SECONDS)).contains(new Versioned<>(second, 1));
        watch.close();
        other.znodes().set(Paths.shard(300), record(3, 33).toByteArray(), 1).get(10, TimeUnit.SECONDS);
        assertThat(znodes.read(SHARD).get(10, TimeUnit.SECONDS).orElseThrow().version())
                .isEqualTo(2);
        assertThat(seen).as("after closing").doesNotContain(new Versioned<>(record(3, 33), 2));
    }

    @Test
    void aChangeMadeWhileThisSessionWasAwayIsToldWhenItIsBack() throws Exception {
        var seen = new CopyOnWriteArrayList<Versioned<ShardRecord>>();
        znodes.create(record(1, 11)).get(10, TimeUnit.SECONDS);
        znodes.watch(SHARD, seen::add);
        await().untilAsserted(() -> assertThat(seen).hasSize(1));
        zooKeeper.expireSession(session.sessionId());
        var second = record(2, 22);
        new ShardZnodes(other).replace(0, second).get(10, TimeUnit.SECONDS);
        await().atMost(Duration.ofSeconds(20))
                .untilAsserted(() -> assertThat(seen).last().isEqualTo(new Versioned<>(second, 1)));
        var third = record(3, 33);
        new ShardZnodes(other).replace(1, third).get(10, TimeUnit.SECONDS);
        await().atMost(Duration.ofSeconds(20))
                .untilAsserted(() -> assertThat(seen).last().isEqualTo(new Versioned<>(third, 2)));
    }

    @Test
    void aNodeIsToldWhichAssignmentsNameItAndWhichDoNot() throws Exception {
        put(assignment(1, "n1", "n2"));
        put(assignment(2, "n2", "n3"));
        var told = new CopyOnWriteArrayList<String>();
        znodes.watchAssignments(SELF, new ShardZnodes.AssignmentListener() {
            @Override
            public void assigned(ShardAssignment assignment) {
                told.add("+" + assignment.getShard());
            }

            @Override
            public void unassigned(ShardId shard) {
                told.add("-" + shard);
            }

            @Override
            public void elsewhere(ShardAssignment assignment) {
                told.add(assignment.getShard() + " on "
                        + assignment.getReplicasList().stream()
                                .map(Placement::getNode)
                                .toList());
            }

            @Override
            public void loaded() {
                told.add("loaded");
            }
        });
        await().untilAsserted(() -> assertThat(told)
                .containsExactlyInAnyOrder("+1", "2 on [n2, n3]", "loaded")
                .last()
                .isEqualTo("loaded"));
        told.clear();
        put(assignment(258, "n3", "n1"));
        await().untilAsserted(() -> assertThat(told).isEqualTo(List.of("+258")));
        other.znodes()
                .set(Paths.assignment(1), assignment(1, "n2", "n3").toByteArray(), 0)
                .get(10, TimeUnit.SECONDS);
        await().untilAsserted(() -> assertThat(told).isEqualTo(List.of("+258", "-1", "1 on [n2, n3]")));
        other.znodes()
                .set(Paths.assignment(1), assignment(1, "n2", "n4").toByteArray(), 1)
                .get(10, TimeUnit.SECONDS);
        await().untilAsserted(
                        () -> assertThat(told).isEqualTo(List.of("+258", "-1", "1 on [n2, n3]", "1 on [n2, n4]")));
    }

    @Test
    void theFirstProcessNamesTheClusterAndAllOthersReadIt() throws Exception {
        var first = ClusterIdentity.createOrRead(session, 1).get(10, TimeUnit.SECONDS);
        var second = ClusterIdentity.createOrRead(other, 2).get(10, TimeUnit.SECONDS);
        assertThat(first).matches("[0-9a-f]{32}").isEqualTo(second);
    }

    private void put(ShardAssignment assignment) throws Exception {
        other.znodes()
                .create(Paths.assignment(assignment.getShard()), assignment.toByteArray())
                .get(10, TimeUnit.SECONDS);
    }

    private static ShardAssignment assignment(int shard, String... nodes) {
        var assignment = ShardAssignment.newBuilder().setFormat(1).setShard(shard);
        for (var node : nodes) {
            assignment.addReplicas(Placement.newBuilder().setNode(node).setRole(ReplicaRole.REPLICA_ROLE_VOTER));
        }
        return assignment.build();
    }

    private static ShardRecord record(long configVersion, long nonce) {
        return ShardRecord.newBuilder()
                .setFormat(1)
                .setShard(SHARD.value())
                .setWriter("n1")
                .setWriterNonce(nonce)
                .setConfigVersion(configVersion)
                .build();
    }
}
