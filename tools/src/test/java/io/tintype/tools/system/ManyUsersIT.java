// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.client.PoolEdit;
import io.tintype.client.TintypeClient;
import io.tintype.cluster.zk.ZkConfig;
import io.tintype.cluster.zk.ZkSession;
import io.tintype.model.PoolId;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Many users of a cluster of three nodes, each with blobs: ZooKeeper has nothing of them, and they are found quickly. Few in
 * every build; {@code -Dtintype.users=N}, {@code -Dtintype.users.blobs=N}, {@code -Dtintype.users.blobBytes=N} and {@code
 * -Dtintype.users.atOnce=N} measure with more, see docs/benchmarks.md.
 */
@Tag("beside-another")
final class ManyUsersIT {
    private static final int USERS = Integer.getInteger("tintype.users", 500);
    private static final int BLOBS = Integer.getInteger("tintype.users.blobs", 1);
    private static final int BLOB_BYTES = Integer.getInteger("tintype.users.blobBytes", 64);
    private static final int AT_ONCE = Integer.getInteger("tintype.users.atOnce", 64);
    /** So often a long run says how far it is. */
    private static final int TELL_EACH = 20_000;

    private static final int LOOKUPS = Math.min(USERS, 20_000);

    private static String user(int i) {
        return new UUID(0x1234_5678_9abcL * (i + 1), i).toString();
    }

    @Test
    void zooKeeperKnowsNoneOfThemAndEachIsFound() throws Exception {
        try (var dev = Dev.start(Dev.folder("many-users").resolve("data"), "--processes", "--nodes", "3");
                var client = TintypeClient.builder()
                        .seeds(dev.server())
                        .nearCacheBytes(0)
                        .build();
                var session = ZkSession.connect(ZkConfig.of(dev.file().zookeeper()))) {
            PoolId pool = client.users().register("first").user().pool();
            client.admin().changePool(PoolEdit.of(pool).usersPerShard(Math.max(10_000, USERS)));
            long before = znodes(session);
            var resident = resident(dev);
            long disk = bytes(dev.data());
            double seconds = each(i -> client.users().register(user(i)));
            var lines = new StringBuilder();
            lines.append("%,d users registered at %,.0f/s by %d clients at a time%n"
                    .formatted(USERS, USERS / seconds, AT_ONCE));
            lines.append("memory of all processes, KiB: %s before, %s after; disks of all: %,d bytes more%n"
                    .formatted(resident, resident(dev), bytes(dev.data()) - disk));
            if (BLOBS > 0) {
                double stored = each(i -> {
                    for (int b = 0; b < BLOBS; b++) {
                        client.put(user(i), "blob-" + b, blob(i, b));
                    }
                });
                lines.append("%,d blobs of %,d bytes put at %,.0f/s%n"
                        .formatted((long) USERS * BLOBS, BLOB_BYTES, USERS * (double) BLOBS / stored));
            }
            assertThat(znodes(session)).as("znodes, of %d users", USERS).isEqualTo(before);
            lines.append("znodes: %d before, %d after%n".formatted(before, znodes(session)));

            try (var fresh = TintypeClient.builder()
                    .seeds(dev.server())
                    .nearCacheBytes(0)
                    .build()) {
                long[] nanos = new long[LOOKUPS];
                var random = new SplittableRandom(1);
                for (int i = 0; i < LOOKUPS; i++) {
                    var user = user(random.nextInt(USERS));
                    long from = System.nanoTime();
                    assertThat(fresh.users().lookup(user).id()).isEqualTo(user);
                    nanos[i] = System.nanoTime() - from;
                }
                Arrays.sort(nanos);
                lines.append("lookup of a random user by the coordinator, one at a time: p50 %.2f ms, p99 %.2f ms%n"
                        .formatted(nanos[LOOKUPS / 2] / 1e6, nanos[LOOKUPS * 99 / 100] / 1e6));
            }
            lines.append("memory of all processes at the end, KiB: %s%n".formatted(resident(dev)));
            System.out.print(lines);
            Files.writeString(
                    Path.of("target", "system", "many-users.txt"),
                    lines,
                    StandardOpenOption.CREATE,
                    StandardOpenOption.APPEND);
            long counted = client.admin().pool(pool).shards().stream()
                    .mapToLong(shard -> shard.users())
                    .sum();
            assertThat(counted)
                    .as("users of all shards, the first one included")
                    .isEqualTo(USERS + 1L);
        }
    }

    private static byte[] blob(int user, int number) {
        var bytes = new byte[BLOB_BYTES];
        new SplittableRandom(user * 1_000L + number).nextBytes(bytes);
        return bytes;
    }

    private interface Work {
        void on(int user);
    }

    /** Seconds that it takes for all users. */
    private static double each(Work work) throws Exception {
        var next = new AtomicInteger();
        var threads = Executors.newFixedThreadPool(AT_ONCE);
        long from = System.nanoTime();
        try {
            var running = new ArrayList<Future<?>>();
            for (int t = 0; t < AT_ONCE; t++) {
                running.add(threads.submit(() -> {
                    for (int i = next.getAndIncrement(); i < USERS; i = next.getAndIncrement()) {
                        work.on(i);
                        if (i > 0 && i % TELL_EACH == 0) {
                            System.out.printf("%,d users after %,d s%n", i, (System.nanoTime() - from) / 1_000_000_000);
                        }
                    }
                }));
            }
            for (var one : running) {
                one.get(2, TimeUnit.HOURS);
            }
        } finally {
            threads.shutdownNow();
        }
        return (System.nanoTime() - from) / 1e9;
    }

    private static long znodes(ZkSession session) throws Exception {
        return count(session, "/");
    }

    private static long count(ZkSession session, String path) throws Exception {
        long found = 1;
        for (var child : session.znodes().children(path).get(30, TimeUnit.SECONDS)) {
            found += count(session, path.equals("/") ? "/" + child : path + "/" + child);
        }
        return found;
    }

    /** By what runs in it, the resident memory of each process. */
    private static Map<String, Long> resident(Dev dev) throws Exception {
        var found = new TreeMap<String, Long>();
        found.put("zookeeper", residentKib(dev.file().pid()));
        found.put("coordinator", residentKib(dev.file().coordinatorPid()));
        for (var node : dev.file().nodes()) {
            found.put(node.id(), residentKib(node.pid()));
        }
        return found;
    }

    /** Bytes of all files that are there when they are looked at. */
    private static long bytes(Path folder) {
        try (var tree = Files.walk(folder)) {
            return tree.map(Path::toFile)
                    .filter(File::isFile)
                    .mapToLong(File::length)
                    .sum();
        } catch (IOException | UncheckedIOException e) {
            return bytes(folder); // a compaction took a file away: look again
        }
    }

    private static long residentKib(long pid) throws Exception {
        return Files.readAllLines(Path.of("/proc", Long.toString(pid), "status")).stream()
                .filter(line -> line.startsWith("VmRSS"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")))
                .sum();
    }
}
