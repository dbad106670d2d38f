// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.balance;

import io.tintype.client.TintypeClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/** Clients that write new blobs and read those there are, all the time, and compare every byte. */
final class Readers implements AutoCloseable {
    private static final int USERS = 24;
    private static final int BYTES = 96 << 10;

    /** Between two writes: shards must not grow faster than slow plans copy them. */
    private static final Duration WRITE_PAUSE = Duration.ofMillis(200);

    private final TintypeClient client;
    private final long seed;
    private final Map<String, Long> blobs = new ConcurrentHashMap<>();
    private final Queue<String> bad = new ConcurrentLinkedQueue<>();
    private final AtomicLong reads = new AtomicLong();
    private final AtomicLong writes = new AtomicLong();
    private final List<Thread> threads = new ArrayList<>();
    private volatile boolean stopped;

    Readers(TintypeClient client, long seed) {
        this.client = client;
        this.seed = seed;
    }

    static byte[] bytes(long content) {
        var bytes = new byte[BYTES + (int) (content & 0x3fff)];
        new Random(content).nextBytes(bytes);
        return bytes;
    }

    private static String user(String name) {
        return "user-" + Math.floorMod(name.hashCode(), USERS);
    }

    /** Stores so many blobs. */
    void fill(int count) {
        for (int i = 0; i < count; i++) {
            put("first-" + i, seed + i);
        }
    }

    private void put(String name, long content) {
        client.put(user(name), name, bytes(content));
        blobs.put(name, content);
        writes.incrementAndGet();
    }

    /** Begins to read and write. */
    void begin(int readers) {
        for (int i = 0; i < readers; i++) {
            var random = new Random(seed + i);
            thread("reader-" + i, () -> {
                var names = List.copyOf(blobs.keySet());
                read(names.get(random.nextInt(names.size())));
            });
        }
        var random = new Random(seed);
        thread("writer", () -> {
            String name = "later-" + writes.get();
            try {
                put(name, random.nextLong());
            } catch (RuntimeException e) {
                // Writes may fail while a shard changes its primary: unknown, and not promised. Reads must not.
                blobs.remove(name);
            }
            LockSupport.parkNanos(WRITE_PAUSE.toNanos());
        });
    }

    private void thread(String name, Runnable round) {
        var thread = new Thread(
                () -> {
                    while (!stopped) {
                        round.run();
                    }
                },
                name);
        thread.setDaemon(true);
        thread.start();
        threads.add(thread);
    }

    private void read(String name) {
        Long content = blobs.get(name);
        if (content == null) {
            return;
        }
        try {
            byte[] got = client.get(user(name), name).bytes();
            if (!Arrays.equals(got, bytes(content))) {
                bad.add("wrong bytes of " + name);
            }
            reads.incrementAndGet();
        } catch (RuntimeException e) {
            bad.add(name + ": " + e);
        }
    }

    /** What went wrong with reads so far. */
    List<String> bad() {
        return List.copyOf(bad);
    }

    long reads() {
        return reads.get();
    }

    /** Stops reading and writing, then reads everything once. */
    void checkAll() {
        close();
        blobs.keySet().forEach(this::read);
    }

    @Override
    public void close() {
        stopped = true;
        for (var thread : threads) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
        threads.clear();
    }
}
