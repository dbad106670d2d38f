// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.peer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.tintype.model.NodeId;
import io.tintype.storage.shard.HostReports;
import io.tintype.storage.shard.ShardReplica;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Newcomers to a shard of few but large records are fed from its log: how fast, and who is not held back. */
@Timeout(180)
class NewcomerPaceTest {
    private static final int LARGE = 3;
    private static final int SMALL = 10;
    private static final int SMALL_BYTES = 100_000;
    private static final long RATE = 2 << 20;
    private static final long BYTES = ((long) LARGE << 20) + (long) SMALL * SMALL_BYTES;

    /** What may be sent before anybody rests: a message of records, and a few chunks. */
    private static final long FREE_BYTES = 2 << 20;

    private static final Duration LEAST = Duration.ofMillis((BYTES - FREE_BYTES) * 1_000 / RATE);

    private static final NodeId FIRST = new NodeId("node-1");
    private static final NodeId SECOND = new NodeId("node-2");
    private static final NodeId THIRD = new NodeId("node-3");

    @TempDir
    Path directory;

    @Test
    void theNodeThatTakesThemInKeepsToItsPace() throws Exception {
        try (var cluster = filled()) {
            cluster.snapshotRate(RATE);
            var newcomer = cluster.start(THIRD);
            var most = new AtomicLong();

            assertThat(joining(cluster, newcomer, most)).isGreaterThan(LEAST);

            assertThat(most.get()).as("progress is told while it comes").isBetween(1L, BYTES + (1 << 20));
            assertFedFromTheLog(cluster, newcomer);
        }
    }

    @Test
    void theNodeThatSendsThemKeepsToItsPaceWhichThePlanSets() throws Exception {
        try (var cluster = filled()) {
            cluster.nodes().forEach(node -> node.reports().limitSnapshots(RATE));
            var newcomer = cluster.start(THIRD);

            assertThat(joining(cluster, newcomer, new AtomicLong())).isGreaterThan(LEAST);

            assertFedFromTheLog(cluster, newcomer);
        }
    }

    @Test
    void aReplicaThatComesBackTellsOfThatCopyAlone() throws Exception {
        try (var cluster = filled()) {
            var newcomer = cluster.start(THIRD);
            var unused = joining(cluster, newcomer, new AtomicLong());
            assertThat(taken(newcomer)).isBetween(BYTES, BYTES + (1 << 20));

            cluster.reassign(1, List.of(FIRST, SECOND));
            await("the replica is dropped")
                    .atMost(TestCluster.PATIENCE)
                    .until(() -> newcomer.replica().isEmpty());
            unused = joining(cluster, newcomer, new AtomicLong());

            assertThat(taken(newcomer)).isBetween(BYTES, BYTES + (1 << 20));
        }
    }

    private static long taken(TestNode node) {
        return node.reports().figures().stream()
                .mapToLong(HostReports.Figures::taken)
                .sum();
    }

    @Test
    void writesDoNotWaitForANewcomerThatIsHeldBackNorDoesWhoWasAwayForAMoment() throws Exception {
        try (var cluster = filled()) {
            cluster.snapshotRate(1); // a newcomer would take weeks
            var newcomer = cluster.start(THIRD);
            cluster.reassign(1, List.of(FIRST, SECOND, THIRD));
            await("the first bytes of the newcomer")
                    .atMost(TestCluster.PATIENCE)
                    .until(() -> newcomer.reports().snapshotBytesTaken() > 0);

            put(cluster.primary(), "meanwhile");

            var away = cluster.nodeOf(cluster.primary()).equals(FIRST) ? SECOND : FIRST;
            cluster.stop(away);
            await("the other one leads alone")
                    .atMost(TestCluster.PATIENCE)
                    .until(() -> cluster.primary().status().inSync().size() == 1);
            put(cluster.primary(), "while it was away");
            var back = cluster.start(away);
            cluster.awaitInSync(2);
            assertThat(back.reports().snapshotBytesTaken())
                    .as("bytes that it took at the pace of copies")
                    .isZero();
            assertThat(cluster.primary().status().inSync()).doesNotContain(THIRD);
        }
    }

    /** Two nodes with a shard of few but large records. */
    private TestCluster filled() throws Exception {
        var cluster = new TestCluster(directory, 2);
        cluster.assign(1);
        cluster.awaitInSync(2);
        Images.claim(cluster.primary());
        put(cluster.primary(), "first");
        return cluster;
    }

    private static void put(ShardReplica primary, String name) {
        for (int i = 0; i < LARGE; i++) {
            primary.propose(Images.stage(primary, name + "-large-" + i, Images.bytes(1 << 20, i)))
                    .join()
                    .outcome()
                    .orThrow();
        }
        for (int i = 0; i < SMALL; i++) {
            Images.put(primary, name + "-small-" + i, Images.bytes(SMALL_BYTES, i))
                    .join();
        }
    }

    /** How long the newcomer took to be in sync. */
    private static Duration joining(TestCluster cluster, TestNode newcomer, AtomicLong most) {
        long began = System.nanoTime();
        cluster.reassign(1, List.of(FIRST, SECOND, THIRD));
        await("the newcomer in sync")
                .atMost(TestCluster.PATIENCE)
                .pollInterval(Duration.ofMillis(20))
                .until(() -> {
                    newcomer.reports().figures().stream()
                            .mapToLong(HostReports.Figures::installed)
                            .forEach(now -> most.accumulateAndGet(now, Math::max));
                    return cluster.primary().status().inSync().contains(THIRD);
                });
        return Duration.ofNanos(System.nanoTime() - began);
    }

    private static void assertFedFromTheLog(TestCluster cluster, TestNode newcomer) {
        assertThat(cluster.count("tintype.snapshots.installed")).isZero();
        assertThat(newcomer.reports().snapshotBytesTaken())
                .as("all of it counts as copied")
                .isBetween(BYTES, BYTES + (1 << 20));
        var primary = cluster.primary();
        Images.put(primary, "after", Images.bytes(10, 1)).join();
        cluster.awaitEqual();
        for (int i = 0; i < LARGE; i++) {
            assertThat(Images.get(newcomer.replica().orElseThrow(), "first-large-" + i))
                    .contains(Images.bytes(1 << 20, i));
        }
    }
}
