// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.tintype.storage.disk.Disk;
import io.tintype.storage.disk.Family;
import io.tintype.storage.disk.Write;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Native memory stays within its limit, whatever a node with many shards is given to store and to read. */
@Timeout(240)
final class NodeMemoryTest {
    private static final long CACHE = 16L << 20;
    private static final long BUFFERS = 16L << 20;
    private static final int SHARDS = 200;
    private static final int ROUNDS = 10;
    private static final int VALUES = 8;
    private static final int BYTES = 4_000;

    @TempDir
    private Path folder;

    private final Random random = new Random(5);

    @Test
    void theStoreOfTwoHundredShardsKeepsToItsLimit() throws Exception {
        var settings = new DiskSettings(CACHE, BUFFERS, 0, 0, 0);
        var registry = new SimpleMeterRegistry();
        try (var disk = Disk.open(settings.on(folder, "0123456789abcdef0123456789abcdef"))) {
            var memory = new NodeMemory(disk, settings);
            memory.bindTo(registry);
            long most = 0;
            for (int round = 0; round < ROUNDS; round++) {
                store(disk, round);
                most = Math.max(most, bytes(registry, "tintype.memory.bytes", "store"));
                read(disk, round);
                most = Math.max(most, bytes(registry, "tintype.memory.bytes", "store"));
            }
            long written = (long) ROUNDS * SHARDS * VALUES * BYTES * 2;
            assertThat(written)
                    .as("written, far more than may be kept in memory")
                    .isGreaterThan(3 * (CACHE + BUFFERS));
            assertThat(bytes(registry, "tintype.memory.limit.bytes", "store")).isEqualTo(CACHE + BUFFERS);
            assertThat(most)
                    .as("most native memory of the store; writes go on while what is gathered is flushed")
                    .isBetween(1L << 20, CACHE + BUFFERS + BUFFERS / 8);
            for (var part : List.of("heap", "network")) {
                assertThat(bytes(registry, "tintype.memory.bytes", part))
                        .as(part)
                        .isBetween(0L, bytes(registry, "tintype.memory.limit.bytes", part));
            }
            assertThat(memory.summary()).contains("store 32,").contains("together " + (memory.limit() >> 20) + " MiB");
        }
    }

    /** Some values in two families of each shard. */
    private void store(Disk disk, int round) {
        var written = new ArrayList<CompletableFuture<Void>>();
        for (int shard = 1; shard <= SHARDS; shard++) {
            var write = new Write();
            for (int i = 0; i < VALUES; i++) {
                var bytes = new byte[BYTES];
                random.nextBytes(bytes);
                write.put(Family.HEAD, key(shard, round, i), bytes).put(Family.LOG, key(shard, round, i), bytes);
            }
            written.add(disk.committer().commit(write));
        }
        written.forEach(CompletableFuture::join);
    }

    private static void read(Disk disk, int rounds) {
        for (int shard = 1; shard <= SHARDS; shard++) {
            for (int round = 0; round <= rounds; round++) {
                assertThat(disk.get(Family.HEAD, key(shard, round, shard % VALUES)))
                        .hasSize(BYTES);
            }
        }
    }

    private static byte[] key(int shard, int round, int value) {
        return ByteBuffer.allocate(12).putInt(shard).putInt(round).putInt(value).array();
    }

    private static long bytes(SimpleMeterRegistry registry, String name, String part) {
        return (long) registry.get(name).tag("part", part).gauge().value();
    }
}
