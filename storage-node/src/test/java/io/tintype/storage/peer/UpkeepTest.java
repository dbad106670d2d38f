// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.peer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.tintype.model.NodeId;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.storage.blob.ShardStore;
import io.tintype.storage.disk.Disk;
import io.tintype.storage.disk.DiskConfig;
import io.tintype.storage.disk.Family;
import io.tintype.storage.disk.Write;
import io.tintype.storage.replica.ReplicaState;
import io.tintype.storage.shard.ShardReplica;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Replicas that failed come back as others, those that nobody wants go: real nodes in one JVM, over loopback. */
@Timeout(300)
class UpkeepTest {
    private static final int IMAGES = 50;

    @TempDir
    Path directory;

    private ShardReplica filled(TestCluster cluster, int minInSync) {
        cluster.assign(minInSync);
        var primary = cluster.primary();
        cluster.awaitInSync(cluster.nodes().size());
        Images.claim(primary);
        CompletableFuture.allOf(IntStream.range(0, IMAGES)
                        .mapToObj(i -> Images.put(primary, "image-" + i, Images.bytes(1_000, i)))
                        .toArray(CompletableFuture<?>[]::new))
                .join();
        cluster.awaitEqual();
        return primary;
    }

    private static void assertAllThere(ShardReplica replica) {
        for (int i = 0; i < IMAGES; i++) {
            assertThat(Images.get(replica, "image-" + i)).contains(Images.bytes(1_000, i));
        }
    }

    /** Nothing of the user can be applied any more. */
    private static Write damagedUser() {
        return new Write().put(Family.USER, userKey(), new byte[] {-1, -1, -1});
    }

    private static byte[] userKey() {
        byte[] user = Images.ALICE.value().getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(4 + user.length)
                .putInt(TestCluster.SHARD.value())
                .put(user)
                .array();
    }

    /** Puts until it is stored: while a member is failing, writes come to nothing for a moment. */
    private static void putSomehow(TestCluster cluster, String name) {
        await("a write")
                .atMost(TestCluster.PATIENCE)
                .pollInterval(Duration.ofMillis(100))
                .until(() -> cluster.replicas()
                        .filter(replica -> replica.status().leads())
                        .findFirst()
                        .map(leader -> Images.put(leader, name, Images.bytes(10, 1))
                                .handle((done, failure) -> failure == null)
                                .join())
                        .orElse(false));
    }

    @Test
    void aFollowerThatCannotApplyIsRebuiltAsAnotherIncarnationWithoutARestart() throws Exception {
        try (var cluster = new TestCluster(directory, 3)) {
            filled(cluster, 2);
            var node = cluster.node(cluster.nodeOf(cluster.follower()));
            long incarnation = incarnation(node.disk());
            node.disk().committer().writeNow(damagedUser());

            putSomehow(cluster, "after");

            await("the replica to be rebuilt").atMost(TestCluster.PATIENCE).until(() -> rebuilt(node) == 1);
            cluster.awaitInSync(3);
            cluster.awaitEqual();
            assertThat(incarnation(node.disk())).isNotEqualTo(incarnation);
            assertAllThere(node.replica().orElseThrow());
            assertThat(Images.get(node.replica().orElseThrow(), "after")).contains(Images.bytes(10, 1));
        }
    }

    @Test
    void aPrimaryThatCannotApplyGivesWayAndIsRebuiltBehindItsSuccessor() throws Exception {
        try (var cluster = new TestCluster(directory, 3)) {
            var node = cluster.node(cluster.nodeOf(filled(cluster, 2)));
            node.disk().committer().writeNow(damagedUser());

            putSomehow(cluster, "after");

            await("the replica to be rebuilt").atMost(TestCluster.PATIENCE).until(() -> rebuilt(node) == 1);
            cluster.awaitInSync(3);
            assertThat(cluster.nodeOf(cluster.primary())).isNotEqualTo(node.id());
            cluster.awaitEqual();
            assertAllThere(node.replica().orElseThrow());
        }
    }

    @Test
    void aChunkThatRottedIsFetchedFromAnotherReplicaWhenSomebodyComesUponIt() throws Exception {
        try (var cluster = new TestCluster(directory, 3)) {
            var primary = filled(cluster, 2);
            var node = cluster.node(cluster.nodeOf(primary));
            flip(node.disk(), Integer.MAX_VALUE);

            assertThatThrownBy(() -> Images.get(primary, "image-7"))
                    .isInstanceOfSatisfying(
                            TintypeException.class, e -> assertThat(e.reason()).isEqualTo(Reason.CORRUPT_DATA));

            await("the chunk to be whole again")
                    .atMost(TestCluster.PATIENCE)
                    .untilAsserted(() -> assertThat(node.registry()
                                    .get("tintype.chunks.repaired")
                                    .counter()
                                    .count())
                            .isEqualTo(1));
            assertThat(Images.get(primary, "image-7")).contains(Images.bytes(1_000, 7));
        }
    }

    @Test
    void aSnapshotOfAPrimaryWithARottenChunkSucceedsOnceItIsRepaired() throws Exception {
        try (var cluster = new TestCluster(directory, 3)) {
            var primary = filled(cluster, 2);
            for (int batch = 0; batch < 3; batch++) {
                CompletableFuture.allOf(IntStream.range(0, 500)
                                .mapToObj(i -> Images.put(primary, "image-0", Images.bytes(1_000, 0)))
                                .toArray(CompletableFuture<?>[]::new))
                        .join();
            }
            Images.put(primary, "one more", Images.bytes(10, 1)).join(); // makes what was applied before it durable
            await("the log being trimmed")
                    .atMost(TestCluster.PATIENCE)
                    .until(() -> cluster.count("tintype.log.trimmed.records") > 1_000);
            var node = cluster.node(cluster.nodeOf(primary));
            var wiped = cluster.nodeOf(cluster.follower());
            cluster.wipe(wiped);
            cluster.awaitInSync(2);
            flip(node.disk(), 1);

            cluster.start(wiped);

            cluster.awaitInSync(3);
            cluster.awaitEqual();
            assertThat(cluster.count("tintype.chunks.repaired")).isEqualTo(1);
            assertThat(cluster.count("tintype.snapshots.failed")).isPositive();
            cluster.replicas().forEach(UpkeepTest::assertAllThere);
        }
    }

    /** Flips a bit of the first chunks there are, under RocksDB's own checksums. */
    private static void flip(Disk disk, int count) {
        var write = new Write();
        byte[] from = ByteBuffer.allocate(4).putInt(TestCluster.SHARD.value()).array();
        byte[] to = ByteBuffer.allocate(4).putInt(TestCluster.SHARD.value() + 1).array();
        try (var scan = disk.scan(Family.CHUNK, from, to)) {
            for (int i = 0; i < count && scan.valid(); i++, scan.next()) {
                byte[] value = scan.value();
                value[5] ^= 1;
                write.put(Family.CHUNK, scan.key(), value);
            }
        }
        disk.committer().writeNow(write);
    }

    @Test
    void theLastReplicaOfAShardIsNeverThrownAwayAndSaysThatItFailed() throws Exception {
        try (var cluster = new TestCluster(directory, 1)) {
            var replica = filled(cluster, 1);
            var node = cluster.node(1);
            byte[] user = node.disk().get(Family.USER, userKey());
            assertThat(user).isNotNull();
            node.disk().committer().writeNow(damagedUser());

            assertThat(Images.put(replica, "after", Images.bytes(10, 1))).failsWithin(TestCluster.PATIENCE);

            await("the replica to have failed")
                    .atMost(TestCluster.PATIENCE)
                    .until(() -> replica.status().state() == ReplicaState.FAILED);
            assertThat(replica.status().failure()).isPresent();
            assertThat(replica.status().serving()).isFalse();
            assertThat(node.registry()
                            .get("tintype.replicas.failed.now")
                            .gauge()
                            .value())
                    .isEqualTo(1);
            await("some rounds of upkeep")
                    .during(Duration.ofSeconds(4))
                    .atMost(TestCluster.PATIENCE)
                    .until(() -> rebuilt(node) == 0
                            && node.replica().filter(replica::equals).isPresent());
            node.disk().committer().writeNow(new Write().put(Family.USER, userKey(), user));
            assertAllThere(replica);
        }
    }

    @Test
    void aReplicaThatDoesNotOpenIsToldOfAndRebuilt() throws Exception {
        try (var cluster = new TestCluster(directory, 3)) {
            filled(cluster, 2);
            var id = cluster.nodeOf(cluster.follower());
            cluster.stop(id);
            try (var disk = open(id)) {
                byte[] mark = ByteBuffer.allocate(5)
                        .putInt(TestCluster.SHARD.value())
                        .put((byte) 'A')
                        .array();
                disk.committer()
                        .commit(new Write().put(Family.META, mark, new byte[7]))
                        .join();
            }

            var node = cluster.start(id);

            await("the replica to be rebuilt").atMost(TestCluster.PATIENCE).until(() -> rebuilt(node) == 1);
            assertThat(node.registry().get("tintype.replicas.failed").counter().count())
                    .isEqualTo(1);
            cluster.awaitInSync(3);
            cluster.awaitEqual();
            assertThat(node.shards().broken()).isEmpty();
            assertAllThere(node.replica().orElseThrow());
        }
    }

    @Test
    void aStoreThatRefusesToOpenIsSetAsideAndTheNodeIsRefilled() throws Exception {
        try (var cluster = new TestCluster(directory, 3)) {
            filled(cluster, 2);
            var id = cluster.nodeOf(cluster.follower());
            cluster.stop(id);
            flipInTheMiddleOfTheLog(directory.resolve(id.value()).resolve("store"));

            var node = cluster.start(id);

            cluster.awaitInSync(3);
            cluster.awaitEqual();
            assertAllThere(node.replica().orElseThrow());
            assertThat(node.disk().damagedKept()).isEqualTo(1);
            assertThat(directory.resolve(id.value()).resolve("store.damaged")).isDirectory();
        }
    }

    @Test
    void aDiskThatIsDamagedAgainAndAgainIsRefilledEachTime() throws Exception {
        try (var cluster = new TestCluster(directory, 3)) {
            filled(cluster, 2);
            var id = cluster.nodeOf(cluster.follower());
            for (int i = 0; i < 4; i++) {
                cluster.stop(id);
                flipInTheMiddleOfTheLog(directory.resolve(id.value()).resolve("store"));

                var node = cluster.start(id);

                cluster.awaitInSync(3);
                cluster.awaitEqual();
                assertAllThere(node.replica().orElseThrow());
                await("what was set aside to be needed no more")
                        .atMost(TestCluster.PATIENCE)
                        .until(() -> !node.disk().isToBeRefilled());
                assertThat(node.disk().damagedKept()).isEqualTo(1);
            }
        }
    }

    @Test
    void whatADamagedStoreHeldIsNeededUntilTheShardIsWhole() throws Exception {
        try (var cluster = new TestCluster(directory, 3)) {
            filled(cluster, 2);
            var id = cluster.nodeOf(cluster.follower());
            cluster.stop(id);
            var others = cluster.nodes().stream().map(TestNode::id).toList();
            others.forEach(cluster::stop);
            flipInTheMiddleOfTheLog(directory.resolve(id.value()).resolve("store"));

            var node = cluster.start(id);

            await("its replica to run")
                    .atMost(TestCluster.PATIENCE)
                    .until(() -> node.replica().isPresent());
            await("several looks at it")
                    .during(Duration.ofSeconds(11))
                    .atMost(TestCluster.PATIENCE)
                    .until(() -> node.disk().isToBeRefilled());
            for (var other : others) {
                cluster.start(other);
            }
            cluster.awaitInSync(3);
            await("what was set aside to be needed no more")
                    .atMost(TestCluster.PATIENCE)
                    .until(() -> !node.disk().isToBeRefilled());
        }
    }

    @Test
    void aReplicaThatIsWantedElsewhereIsDroppedOnceItIsNoMember() throws Exception {
        try (var cluster = new TestCluster(directory, 4)) {
            var all = cluster.nodes().stream().map(TestNode::id).toList();
            cluster.assignTo(2, all.subList(0, 3));
            cluster.awaitInSync(3);
            Images.claim(cluster.primary());
            Images.put(cluster.primary(), "image", Images.bytes(1_000, 1)).join();
            var leaves = cluster.nodeOf(cluster.follower());
            var wanted = all.stream().filter(id -> !id.equals(leaves)).toList();

            cluster.reassign(2, wanted);

            var node = cluster.node(leaves);
            await("the replica to be told of as dropped") // last of all, once nothing is left of it
                    .atMost(TestCluster.PATIENCE)
                    .until(() -> dropped(node) == 1);
            assertThat(node.replica()).isEmpty();
            assertThat(ShardStore.list(node.disk())).isEmpty();
            cluster.awaitInSync(3);
            assertThat(cluster.primary().status().inSync()).containsExactlyInAnyOrderElementsOf(wanted);
            for (var id : wanted) {
                await("the image on " + id)
                        .atMost(TestCluster.PATIENCE)
                        .until(() -> Images.get(cluster.node(id).replica().orElseThrow(), "image")
                                .isPresent());
            }

            cluster.reassign(2, all);

            cluster.awaitInSync(4);
            assertThat(cluster.node(leaves).replica()).isPresent();
            assertThat(dropped(node)).isEqualTo(1);
        }
    }

    @Test
    void aNodeThatWasAwayDropsWhatItHoldsForNobody() throws Exception {
        try (var cluster = new TestCluster(directory, 4)) {
            var all = cluster.nodes().stream().map(TestNode::id).toList();
            cluster.assignTo(2, all.subList(0, 3));
            cluster.awaitInSync(3);
            var leaves = cluster.nodeOf(cluster.follower());
            cluster.stop(leaves);
            cluster.reassign(2, all.stream().filter(id -> !id.equals(leaves)).toList());
            cluster.awaitInSync(3);
            await("the shard to forget the node")
                    .atMost(TestCluster.PATIENCE)
                    .until(() -> !cluster.record().getReplicasList().toString().contains(leaves.value()));

            var node = cluster.start(leaves);

            await("nothing of the shard on the node that it left")
                    .atMost(TestCluster.PATIENCE)
                    .until(() -> ShardStore.list(node.disk()).isEmpty());
            assertThat(node.replica()).isEmpty();
        }
    }

    private static double dropped(TestNode node) {
        return node.registry().get("tintype.replicas.dropped").counter().count();
    }

    private static double rebuilt(TestNode node) {
        return node.registry().get("tintype.replicas.rebuilt").counter().count();
    }

    private static long incarnation(Disk disk) {
        return ShardStore.open(disk, TestCluster.SHARD, 0).log().incarnation();
    }

    private Disk open(NodeId id) throws Exception {
        return Disk.open(DiskConfig.of(directory.resolve(id.value()), TestCluster.CLUSTER)
                .withReserve(0));
    }

    private static void flipInTheMiddleOfTheLog(Path store) throws Exception {
        List<Path> logs;
        try (var files = Files.list(store)) {
            logs = files.filter(file -> file.toString().endsWith(".log"))
                    .filter(file -> file.toFile().length() > 1_000)
                    .toList();
        }
        assertThat(logs).isNotEmpty();
        byte[] bytes = Files.readAllBytes(logs.get(0));
        bytes[bytes.length / 2] ^= 4;
        Files.write(logs.get(0), bytes);
    }
}
