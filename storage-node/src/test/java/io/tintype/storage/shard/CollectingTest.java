// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.tintype.cluster.embedded.EmbeddedZooKeeper;
import io.tintype.cluster.map.NodesWatcher;
import io.tintype.cluster.zk.ZkConfig;
import io.tintype.cluster.zk.ZkSession;
import io.tintype.model.NodeId;
import io.tintype.storage.disk.Disk;
import io.tintype.storage.disk.DiskConfig;
import io.tintype.storage.disk.Family;
import io.tintype.storage.disk.Write;
import io.tintype.storage.replica.ReplicaTiming;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a node removes by itself, round after round. */
@Timeout(180)
final class CollectingTest {
    private static final String CLUSTER = "0123456789abcdef0123456789abcdef";
    private static final Duration EVERY = Duration.ofMillis(200);
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

    /** No shard, hence nobody to talk to. */
    private static Peers nobody() {
        return (Peers) Proxy.newProxyInstance(
                Peers.class.getClassLoader(), new Class<?>[] {Peers.class}, (it, method, args) -> {
                    throw new AssertionError("a node without shards called " + method);
                });
    }
}
