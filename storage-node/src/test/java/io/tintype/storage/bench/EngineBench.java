// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.bench;

import io.tintype.model.BlobName;
import io.tintype.storage.disk.Disk;
import io.tintype.storage.disk.DiskConfig;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;

/**
 * Synced puts and warm gets through the engine, beside RocksDB's own in the same run. Not part of the build; see
 * docs/benchmarks.md for the command. Settings are system properties: {@code bench.seconds}, {@code bench.sizes}, {@code
 * bench.threads}, {@code bench.shards}, {@code bench.direct}, {@code bench.gatherMicros}, {@code bench.groupBytes}, {@code
 * bench.dir}.
 */
class EngineBench {
    private static final double SECONDS = Double.parseDouble(System.getProperty("bench.seconds", "4"));
    private static final int SHARDS = Integer.getInteger("bench.shards", 4);

    @Test
    void putAndGet() throws Exception {
        var root = Path.of(System.getProperty("bench.dir", System.getProperty("java.io.tmpdir")));
        measure(root, 4096, 16); // for the compiler's sake; the figures are to be ignored
        for (int size : numbers("bench.sizes", "4096,65536,1048576")) {
            for (int threads : numbers("bench.threads", "16")) {
                measure(root, size, threads);
            }
        }
    }

    private static void measure(Path root, int size, int threads) throws Exception {
        var bytes = new byte[threads][size];
        var random = new Random(1);
        for (var each : bytes) {
            random.nextBytes(each);
        }
        var directory = Files.createTempDirectory(root, "tintype-bench");
        try {
            try (var raw = new RawStore(directory.resolve("raw"))) {
                Load.run(threads, SECONDS / 4, (thread, n) -> raw.put(key(thread, n), bytes[thread]));
                var put = Load.run(threads, SECONDS, (thread, n) -> raw.put(key(thread, n), bytes[thread]));
                print("raw put", size, threads, put);
                raw.flush();
                int keys = known(put, threads);
                var get = Load.run(threads, SECONDS / 2, (thread, n) -> raw.get(key(thread, n % keys)));
                print("raw get", size, threads, get);
                print(
                        "raw get, no checksum",
                        size,
                        threads,
                        Load.run(threads, SECONDS / 2, (thread, n) -> raw.getUnchecked(key(thread, n % keys))));
            }
            var applier = Executors.newSingleThreadExecutor();
            try (var disk = Disk.open(config(directory.resolve("engine")))) {
                var shards = new LoneShard[SHARDS];
                Arrays.setAll(shards, i -> new LoneShard(disk, i + 1, applier));
                Load.Operation op =
                        (thread, n) -> shards[(int) ((thread + n) % SHARDS)].put(name(thread, n), bytes[thread]);
                Load.run(threads, SECONDS / 4, op);
                var before = disk.metrics();
                var put = Load.run(threads, SECONDS, op);
                print("engine put", size, threads, put);
                var after = disk.metrics();
                System.out.printf(
                        "    %.1f writes a group, %d syncs%n",
                        (double) delta(before, after, "commit.writes") / delta(before, after, "commit.groups"),
                        delta(before, after, "wal.syncs"));
                int names = known(put, threads);
                var get = Load.run(threads, SECONDS / 2, (thread, n) -> get(shards, thread, n % names));
                print("engine get", size, threads, get);
            } finally {
                applier.shutdown();
            }
        } finally {
            delete(directory);
        }
    }

    private static DiskConfig config(Path directory) {
        return DiskConfig.of(directory, "00000000000000000000000000000001")
                .withReserve(0)
                .withBlobFiles(
                        Integer.getInteger("bench.minBlob", DiskConfig.MIN_BLOB_FILE_VALUE_BYTES),
                        Boolean.getBoolean("bench.direct"))
                .withCommitter(
                        DiskConfig.QUEUE_WRITES,
                        DiskConfig.QUEUE_BYTES,
                        Long.getLong("bench.groupBytes", DiskConfig.GROUP_BYTES),
                        Duration.ofNanos(1000L * Integer.getInteger("bench.gatherMicros", 1_000)));
    }

    private static void get(LoneShard[] shards, int thread, long n) {
        var shard = shards[(int) ((thread + n) % SHARDS)];
        var reader = shard.store().reader();
        var head = reader.head(shard.user(), BlobName.of(name(thread, n)), System.currentTimeMillis())
                .orElseThrow();
        reader.chunk(shard.user(), head.getManifest(), 0);
    }

    /** How many names each thread surely has written. */
    private static int known(Load.Result put, int threads) {
        return (int) Math.max(1, Math.min(200, put.perSecond() * SECONDS / threads / 4));
    }

    private static String name(int thread, long n) {
        return "album/" + thread + "/" + n + ".jpg";
    }

    private static byte[] key(int thread, long n) {
        return name(thread, n).getBytes(StandardCharsets.UTF_8);
    }

    private static long delta(java.util.Map<String, Long> before, java.util.Map<String, Long> after, String name) {
        return after.getOrDefault(name, 0L) - before.getOrDefault(name, 0L);
    }

    private static int[] numbers(String property, String otherwise) {
        return Arrays.stream(System.getProperty(property, otherwise).split(",", -1))
                .mapToInt(Integer::parseInt)
                .toArray();
    }

    private static void print(String what, int size, int threads, Load.Result result) {
        System.out.printf("%-22s %8d B  %3d threads  %s%n", what, size, threads, result);
    }

    private static void delete(Path directory) throws Exception {
        try (var files = Files.walk(directory)) {
            for (var file : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
