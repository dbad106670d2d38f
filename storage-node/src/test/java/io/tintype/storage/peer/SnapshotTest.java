// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.peer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.tintype.model.NodeId;
import io.tintype.storage.blob.ShardStore;
import io.tintype.storage.disk.Disk;
import io.tintype.storage.disk.DiskConfig;
import io.tintype.storage.log.LogPosition;
import io.tintype.storage.replica.ReplicaState;
import io.tintype.storage.shard.ReadDemand;
import io.tintype.storage.shard.ShardLimits;
import io.tintype.storage.shard.ShardReplica;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A replica that the log cannot help any more: real nodes in one JVM, over loopback. */
@Timeout(300)
class SnapshotTest {
    /** More than a log is cut off by at least. */
    private static final int RECORDS = 1_500;

    private static final int LARGE = 6;

    @TempDir
    Path directory;

    @Test
    void aWipedNodeIsRefilledBySnapshotWhileWritesGoOn() throws Exception {
        try (var cluster = new TestCluster(directory, 3)) {
            cluster.assign(2);
            var primary = cluster.primary();
            cluster.awaitInSync(3);
            Images.claim(primary);
            putMany(primary);
            var large = Images.bytes((3 << 20) + 5, 99);
            primary.propose(Images.stage(primary, "large", large)).join();
            awaitTrimmed(cluster, 3);
            var wiped = cluster.nodeOf(cluster.follower());

            cluster.wipe(wiped);
            var written = new ConcurrentSkipListMap<Integer, CompletableFuture<?>>();
            var stop = new AtomicBoolean();
            var writer = new Thread(() -> writeUntil(stop, primary, written), "writer");
            writer.start();
            cluster.start(wiped);
            await("the snapshot") // the in-sync set may still be that of before for a moment
                    .atMost(TestCluster.PATIENCE)
                    .until(() -> cluster.count("tintype.snapshots.installed") == 1);
            cluster.awaitInSync(3);
            int before = written.size();
            await("writes on the refilled replica")
                    .atMost(TestCluster.PATIENCE)
                    .until(() -> written.size() > before + 50);
            stop.set(true);
            writer.join();

            assertThat(cluster.count("tintype.snapshots.installed")).isEqualTo(1);
            CompletableFuture.allOf(written.values().toArray(CompletableFuture<?>[]::new))
                    .join();
            cluster.awaitEqual();
            assertThat(cluster.replicas()).hasSize(3).allSatisfy(replica -> {
                for (int i = 0; i < RECORDS; i++) {
                    assertThat(Images.get(replica, "image-" + i)).contains(Images.bytes(1 + i % 300, i));
                }
                assertThat(Images.get(replica, "large")).contains(large);
                for (int i : written.keySet()) {
                    assertThat(Images.get(replica, "more-" + i)).contains(Images.bytes(2_000, i));
                }
                assertThat(replica.reader().stats()).isEqualTo(primary.reader().stats());
            });
        }
    }

    @Test
    void aNodeThatStopsInTheMiddleKnowsThatItIsNotWholeAndStartsOver() throws Exception {
        try (var cluster = new TestCluster(directory, 3)) {
            var wiped = trimmedWithout(cluster);
            var interrupted = startInstalling(cluster, wiped);
            assertThat(interrupted.replica()).hasValueSatisfying(SnapshotTest::assertServesNothing);

            cluster.stop(wiped);
            cluster.snapshotRate(ShardLimits.SNAPSHOT_BYTES_PER_SECOND);
            var disk = Disk.open(DiskConfig.of(directory.resolve(wiped.value()), TestCluster.CLUSTER));
            var store = ShardStore.open(disk, TestCluster.SHARD, 0);
            assertThat(store.isInstalling()).isTrue();
            assertThat(store.log().last().seq()).isZero();
            assertThat(store.machine().applied().seq()).isZero();
            disk.close();
            cluster.start(wiped);

            cluster.awaitInSync(3);
            assertThat(cluster.count("tintype.snapshots.installed")).isEqualTo(1);
            assertAllThere(cluster);
        }
    }

    @Test
    void whenTheSourceDiesInTheMiddleTheNextPrimarySendsTheSnapshot() throws Exception {
        try (var cluster = new TestCluster(directory, 3)) {
            var wiped = trimmedWithout(cluster);
            var source = cluster.nodeOf(cluster.primary());
            var installing = startInstalling(cluster, wiped);
            int emptied = installing.replica().orElseThrow().emptied();

            cluster.stop(source);

            await("a primary that has a second replica in sync")
                    .atMost(TestCluster.PATIENCE)
                    .until(() -> cluster.replicas()
                            .anyMatch(replica -> replica.status().leads()
                                    && replica.status().inSync().contains(wiped)));
            assertThat(cluster.primary()).isNotEqualTo(installing.replica().orElseThrow());
            assertThat(cluster.count("tintype.snapshots.failed")).isPositive();
            assertThat(installing.replica().orElseThrow().emptied())
                    .as("once for what was taken away again, once for what took its place")
                    .isGreaterThanOrEqualTo(emptied + 2);
            Images.put(cluster.primary(), "after", Images.bytes(10, 1)).join();
            assertAllThere(cluster);
        }
    }

    /** A cluster of three whose logs no longer reach back to the beginning; one of them is down, its disk gone. */
    private static NodeId trimmedWithout(TestCluster cluster) throws Exception {
        cluster.assign(2);
        var primary = cluster.primary();
        cluster.awaitInSync(3);
        Images.claim(primary);
        putMany(primary);
        for (int i = 0; i < LARGE; i++) {
            primary.propose(Images.stage(primary, "large-" + i, Images.bytes(1 << 20, i)))
                    .join();
        }
        awaitTrimmed(cluster, 3);
        var wiped = cluster.nodeOf(cluster.follower());
        cluster.wipe(wiped);
        return wiped;
    }

    /** Starts a node so slow that it is found in the middle. */
    private static TestNode startInstalling(TestCluster cluster, NodeId wiped) throws Exception {
        cluster.snapshotRate(512 << 10);
        var node = cluster.start(wiped);
        await("the first part of a snapshot")
                .atMost(TestCluster.PATIENCE)
                .until(() -> level(node, "tintype.snapshots.installing.bytes") > 0);
        assertThat(level(node, "tintype.snapshots.installing.expected.bytes")).isGreaterThan(LARGE << 20);
        assertThat(level(node, "tintype.replicas.installing")).isEqualTo(1);
        return node;
    }

    private static void assertServesNothing(ShardReplica replica) {
        assertThat(replica.status().state()).isEqualTo(ReplicaState.INSTALLING);
        assertThat(replica.status().serving()).isFalse();
        assertThat(replica.begin(new ReadDemand.BoundedStaleness(Duration.ofDays(1))))
                .failsWithin(TestCluster.PATIENCE);
        assertThat(replica.begin(new ReadDemand.Session(new LogPosition(1, 1)))).failsWithin(TestCluster.PATIENCE);
    }

    private static void assertAllThere(TestCluster cluster) {
        cluster.awaitEqual();
        assertThat(cluster.replicas()).allSatisfy(replica -> {
            for (int i = 0; i < RECORDS; i++) {
                assertThat(Images.get(replica, "image-" + i)).contains(Images.bytes(1 + i % 300, i));
            }
            for (int i = 0; i < LARGE; i++) {
                assertThat(Images.get(replica, "large-" + i)).contains(Images.bytes(1 << 20, i));
            }
        });
    }

    private static double level(TestNode node, String gauge) {
        return node.registry().get(gauge).gauge().value();
    }

    private static void putMany(ShardReplica primary) {
        var puts = new ArrayList<CompletableFuture<?>>();
        for (int i = 0; i < RECORDS; i++) {
            puts.add(Images.put(primary, "image-" + i, Images.bytes(1 + i % 300, i)));
            if (puts.size() == 500) {
                puts.forEach(CompletableFuture::join);
                puts.clear();
            }
        }
        puts.forEach(CompletableFuture::join);
    }

    /** At most so many at a time, until told to stop. */
    private static void writeUntil(
            AtomicBoolean stop, ShardReplica primary, Map<Integer, CompletableFuture<?>> written) {
        var places = new Semaphore(8);
        for (int i = 0; !stop.get(); i++) {
            places.acquireUninterruptibly();
            written.put(
                    i,
                    Images.put(primary, "more-" + i, Images.bytes(2_000, i))
                            .whenComplete((done, e) -> places.release()));
        }
    }

    /** The logs of so many nodes begin behind their first records. */
    private static void awaitTrimmed(TestCluster cluster, int nodes) {
        await("logs being trimmed")
                .atMost(TestCluster.PATIENCE)
                .until(() -> cluster.nodes().stream()
                                .filter(node -> node.registry()
                                                .get("tintype.log.trimmed.records")
                                                .counter()
                                                .count()
                                        > 0)
                                .count()
                        == nodes);
        assertThat(cluster.replicas()).noneMatch(replica -> replica.status().state() == ReplicaState.INSTALLING);
    }
}
