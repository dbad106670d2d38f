// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.tintype.cluster.embedded.EmbeddedZooKeeper;
import io.tintype.cluster.map.NodesWatcher;
import io.tintype.cluster.zk.Paths;
import io.tintype.cluster.zk.ZkConfig;
import io.tintype.cluster.zk.ZkSession;
import io.tintype.cluster.zk.ZnodeCodec;
import io.tintype.model.NodeId;
import io.tintype.model.ShardId;
import io.tintype.model.UserId;
import io.tintype.proto.internal.v1.ClaimUser;
import io.tintype.proto.internal.v1.Manifest;
import io.tintype.proto.internal.v1.Placement;
import io.tintype.proto.internal.v1.PutCommit;
import io.tintype.proto.internal.v1.ReplicaRole;
import io.tintype.proto.internal.v1.ShardAssignment;
import io.tintype.proto.internal.v1.ShardType;
import io.tintype.storage.blob.Proposal;
import io.tintype.storage.disk.Disk;
import io.tintype.storage.disk.DiskConfig;
import io.tintype.storage.disk.Family;
import io.tintype.storage.disk.Write;
import io.tintype.storage.log.RecordType;
import io.tintype.storage.replica.ReplicaTiming;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a node removes by itself, round after round. */
@Timeout(180)
final class CollectingTest {
    private static final String CLUSTER = "0123456789abcdef0123456789abcdef";
    private static final Duration EVERY = Duration.ofMillis(200);
    private static final Duration FEW_ROUNDS = Duration.ofSeconds(5);
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final ShardId SHARD = new ShardId(7);
    private static final UserId USER = UserId.of("alice");
    private static final int DUE = 10_000;
    private static final long DUE_MS = 1_000;
    private static final int EXPIRED = 3_000;
    private static final int AT_ONCE = 500;
    private static final int CHUNKS = 64;
    private static final int CHUNK_BYTES = 256 << 10;

    @TempDir
    private Path folder;

    private final Random random = new Random(3);

    @Test
    void theRoomOfRemovedChunksGoesBackToTheFileSystemWithoutAnybodyAsking() throws Exception {
        try (var zooKeeper = EmbeddedZooKeeper.start(folder.resolve("zookeeper"), 0);
                var session = ZkSession.connect(ZkConfig.of(zooKeeper.connectString()));
                var nodes = NodesWatcher.start(session);
                var disk = disk();
                var host = host(disk, session, nodes, EVERY)) {
            assertThat(host.shards().all()).isEmpty();
            storeAndRemoveMost(disk);
            var most = new AtomicLong(blobBytes(disk)); // files are still being written out of memory

            await("files that shrink while the node goes on").until(() -> {
                // Deletions reach the files as later writes push them out of memory; so many that the disk keeps up
                // with them.
                int later = 1_000 + random.nextInt(CHUNKS);
                put(disk, later);
                remove(disk, later);
                long now = blobBytes(disk);
                return now < most.accumulateAndGet(now, Math::max) / 2;
            });

            for (int i = 0; i < CHUNKS; i += 4) {
                assertThat(disk.get(Family.CHUNK, key(i)))
                        .as("chunk %d, which nobody removed", i)
                        .hasSize(CHUNK_BYTES);
            }
        }
    }

    @Test
    void theDiskStopsToRewriteFilesSoonAfterLittleIsGarbageHoweverRareRoundsAre() throws Exception {
        try (var zooKeeper = EmbeddedZooKeeper.start(folder.resolve("zookeeper"), 0);
                var session = ZkSession.connect(ZkConfig.of(zooKeeper.connectString()));
                var nodes = NodesWatcher.start(session);
                var disk = disk();
                var host = host(disk, session, nodes, Duration.ofHours(1))) {
            assertThat(host.shards().all()).isEmpty();
            storeAndRemoveMost(disk);
            await("so much garbage that it is collected").until(() -> {
                int later = 1_000 + random.nextInt(CHUNKS);
                put(disk, later);
                remove(disk, later);
                return disk.maintain();
            });
            await("collected, and not for longer").until(() -> !disk.isCollecting());
        }
    }

    @Test
    void howeverMuchIsDueIsGoneWithinARoundOrTwo() throws Exception {
        try (var zooKeeper = EmbeddedZooKeeper.start(folder.resolve("zookeeper"), 0);
                var session = ZkSession.connect(ZkConfig.of(zooKeeper.connectString()));
                var nodes = NodesWatcher.start(session);
                var disk = disk();
                var host = host(disk, session, nodes, FEW_ROUNDS)) {
            var path = Paths.assignment(SHARD.value());
            session.znodes()
                    .create(path, ZnodeCodec.ASSIGNMENT.encode(path, assignment()))
                    .join();
            await("a shard that serves")
                    .atMost(PATIENCE)
                    .until(() -> host.shards()
                            .find(SHARD)
                            .filter(shard ->
                                    shard.status().leads() && shard.status().serving())
                            .isPresent());
            var shard = host.shards().find(SHARD).orElseThrow();
            var claim =
                    ClaimUser.newBuilder().setGeneration(1).setUsersLimit(10).build();
            shard.propose(Proposal.of(RecordType.USER_CLAIM, USER, claim.toByteString()))
                    .join();
            for (int from = 0; from < EXPIRED; from += AT_ONCE) {
                CompletableFuture.allOf(IntStream.range(from, from + AT_ONCE)
                                .mapToObj(i -> shard.propose(Proposal.of(
                                        RecordType.PUT_COMMIT, USER, expired(i).toByteString())))
                                .toArray(CompletableFuture<?>[]::new))
                        .join();
            }
            var write = new Write();
            for (int i = 0; i < DUE; i++) {
                write.put(
                        Family.GARBAGE,
                        due(i),
                        ByteBuffer.allocate(12).putInt(1).array());
            }
            disk.committer().commit(write).join();

            await("no garbage, and no expired blob")
                    .atMost(FEW_ROUNDS.multipliedBy(5))
                    .until(() -> garbage(disk) == 0 && shard.reader().stats().blobs() == 0);
        }
    }

    /** A chunk of an upload of its own that may have gone long ago. */
    private static byte[] due(int number) {
        byte[] user = USER.utf8();
        return ByteBuffer.allocate(4 + 1 + 8 + 2 + user.length + 16 + 4)
                .putInt(SHARD.value())
                .put((byte) 'C')
                .putLong(DUE_MS)
                .putShort((short) user.length)
                .put(user)
                .putLong(number)
                .putLong(number)
                .putInt(0)
                .array();
    }

    /** Entries of those above that are left. */
    private static int garbage(Disk disk) {
        byte[] from =
                ByteBuffer.allocate(5).putInt(SHARD.value()).put((byte) 'C').array();
        byte[] behind = ByteBuffer.allocate(13)
                .putInt(SHARD.value())
                .put((byte) 'C')
                .putLong(DUE_MS + 1)
                .array();
        int count = 0;
        try (var scan = disk.scan(Family.GARBAGE, from, behind)) {
            for (; scan.valid(); scan.next()) {
                count++;
            }
        }
        return count;
    }

    private static PutCommit expired(int number) {
        return PutCommit.newBuilder()
                .setName("image-" + number)
                .setManifest(Manifest.newBuilder().setChunkSize(1 << 20))
                .setContentType("image/png")
                .setVersionNonce(1)
                .setExpiresAtMs(DUE_MS)
                .build();
    }

    private static ShardAssignment assignment() {
        return ShardAssignment.newBuilder()
                .setFormat(ZnodeCodec.FORMAT)
                .setShard(SHARD.value())
                .setType(ShardType.SHARD_TYPE_DATA)
                .setPool("local.standard")
                .setMinInsync(1)
                .setUsersLimit(10)
                .addReplicas(Placement.newBuilder().setNode("node-1").setRole(ReplicaRole.REPLICA_ROLE_VOTER))
                .build();
    }

    private void storeAndRemoveMost(Disk disk) {
        for (int i = 0; i < CHUNKS; i++) {
            put(disk, i);
        }
        for (int i = 0; i < CHUNKS; i++) {
            if (i % 4 != 0) {
                remove(disk, i);
            }
        }
    }

    private Disk disk() throws Exception {
        return Disk.open(DiskConfig.of(folder.resolve("disk"), CLUSTER)
                .withMemory(8 << 20, 16 << 20)
                .withReserve(0));
    }

    private static ShardHost host(Disk disk, ZkSession session, NodesWatcher nodes, Duration every) {
        return ShardHost.start(new ShardHostConfig(
                new NodeId("node-1"),
                disk,
                session,
                nodes,
                nobody(),
                ReplicaTiming.DEFAULT,
                every,
                ShardLimits.SNAPSHOT_BYTES_PER_SECOND,
                Clock.SYSTEM,
                new SimpleMeterRegistry(),
                ""));
    }

    private void put(Disk disk, int number) {
        var bytes = new byte[CHUNK_BYTES];
        random.nextBytes(bytes);
        disk.committer()
                .commit(new Write().put(Family.CHUNK, key(number), bytes))
                .join();
    }

    private static void remove(Disk disk, int number) {
        disk.committer().commit(new Write().delete(Family.CHUNK, key(number))).join();
    }

    private static long blobBytes(Disk disk) {
        return disk.metrics().getOrDefault("files.blob.bytes", 0L);
    }

    private static byte[] key(int number) {
        return ByteBuffer.allocate(8).putInt(1).putInt(number).array();
    }

    /** No replicas elsewhere, hence nobody to ask. */
    private static Peers nobody() {
        return (Peers) Proxy.newProxyInstance(
                Peers.class.getClassLoader(), new Class<?>[] {Peers.class}, (it, method, args) -> {
                    if (method.getReturnType() != void.class) {
                        throw new AssertionError("a node on its own called " + method);
                    }
                    return null;
                });
    }
}
