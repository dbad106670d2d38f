// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.peer;

import io.tintype.storage.shard.ShardReplica;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What those who read and write notice of a snapshot: latencies without and with one being sent and installed, three nodes
 * in one process. Not part of the build; see docs/benchmarks.md for the command. Settings are system properties: {@code
 * bench.mib} of blobs, {@code bench.rate} in MiB/s, {@code bench.rounds}.
 */
class InstallBench {
    private static final int BLOB_BYTES = 64 << 10;
    private static final int WRITERS = 2;
    private static final int READERS = 2;

    @TempDir
    Path directory;

    @Test
    void readsAndWritesBesideASnapshot() throws Exception {
        int blobs = (Integer.getInteger("bench.mib", 256) << 20) / BLOB_BYTES;
        long rate = Long.getLong("bench.rate", 32) << 20;
        int rounds = Integer.getInteger("bench.rounds", 3);
        try (var cluster = new TestCluster(directory, 3)) {
            cluster.assign(2);
            var primary = cluster.primary();
            cluster.awaitInSync(3);
            Images.claim(primary);
            for (int i = 0; i < Math.max(blobs, 2_000); i++) {
                Images.put(primary, "image-" + i, Images.bytes(i < blobs ? BLOB_BYTES : 10, i))
                        .join();
            }
            cluster.snapshotRate(rate);
            for (int round = 0; round < rounds; round++) {
                var wiped = cluster.nodeOf(cluster.follower());
                cluster.wipe(wiped);
                cluster.awaitInSync(2);
                measure("without", primary, blobs, () -> false, 8_000_000_000L);
                var started = System.nanoTime();
                var node = cluster.start(wiped);
                measure("with", primary, blobs, () -> installed(node), 60_000_000_000L);
                System.out.printf(Locale.ROOT, "installed in %.1f s%n", (System.nanoTime() - started) / 1e9);
                cluster.awaitInSync(3);
            }
        }
    }

    private static boolean installed(TestNode node) {
        return node.registry().get("tintype.snapshots.installed").counter().count() > 0;
    }

    private static void measure(String name, ShardReplica primary, int blobs, BooleanSupplier over, long mostNanos)
            throws Exception {
        var stop = new AtomicBoolean();
        var reads = new ConcurrentLinkedQueue<Long>();
        var writes = new ConcurrentLinkedQueue<Long>();
        var threads = new Thread[READERS + WRITERS];
        for (int t = 0; t < threads.length; t++) {
            int number = t;
            threads[t] = new Thread(() -> {
                var random = new Random(number);
                for (int i = 0; !stop.get(); i++) {
                    long began = System.nanoTime();
                    if (number < READERS) {
                        var unused = Images.get(primary, "image-" + random.nextInt(blobs))
                                .orElseThrow();
                        reads.add(System.nanoTime() - began);
                    } else {
                        Images.put(primary, name + number + "-" + i % 100, Images.bytes(4_096, i))
                                .join();
                        writes.add(System.nanoTime() - began);
                    }
                    LockSupport.parkNanos(4_000_000);
                }
            });
            threads[t].start();
        }
        long end = System.nanoTime() + mostNanos;
        while (System.nanoTime() < end && !over.getAsBoolean()) {
            LockSupport.parkNanos(50_000_000);
        }
        stop.set(true);
        for (var thread : threads) {
            thread.join();
        }
        System.out.println(name + ": read " + percentiles(reads) + "   put " + percentiles(writes));
    }

    private static String percentiles(ConcurrentLinkedQueue<Long> all) {
        long[] sorted = all.stream().mapToLong(Long::longValue).toArray();
        Arrays.sort(sorted);
        return String.format(
                Locale.ROOT,
                "n=%d p50=%.2f p99=%.2f ms",
                sorted.length,
                sorted[sorted.length / 2] / 1e6,
                sorted[(int) (sorted.length * 0.99)] / 1e6);
    }
}
