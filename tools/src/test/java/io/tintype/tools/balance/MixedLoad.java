// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.balance;

import io.tintype.client.BlobNotFoundException;
import io.tintype.client.TintypeClient;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.Recorder;

/**
 * Clients that read, overwrite and delete at a steady pace, so that what there is grows no larger, and hold every read against
 * what was acknowledged: a read must show the last acknowledged change, or one that was under way. Each read's time counts
 * from when it was due, so that one that holds up others is felt.
 */
final class MixedLoad implements AutoCloseable {
    private static final int USERS = 120;

    /** Every so manieth change of a blob is its deletion; the next one brings it back. */
    private static final int DELETES = 10;

    private static final int WRITERS = 2;
    private static final Duration WRITE_PAUSE = Duration.ofMillis(250);
    private static final int HEADER = 16;

    /** Longer than any read takes by itself that waits for nobody. */
    private static final Duration SLOW = Duration.ofMillis(50);

    /** A blob: its last change that was acknowledged, and its last one that was begun. Changed by one writer alone. */
    private static final class Entry {
        final int number;
        final AtomicLong acknowledged = new AtomicLong();
        final AtomicLong begun = new AtomicLong();
        volatile boolean unknown;

        Entry(int number) {
            this.number = number;
        }
    }

    private final TintypeClient client;
    private final long seed;
    private final int bytes;
    private final byte[] noise;
    private final List<Entry> entries = new ArrayList<>();
    private final Recorder times = new Recorder(3);
    private final Recorder latest = new Recorder(3);
    private final AtomicLong reads = new AtomicLong();
    private final AtomicLong writes = new AtomicLong();
    private final AtomicInteger unknownWrites = new AtomicInteger();
    private final Queue<String> bad = new ConcurrentLinkedQueue<>();
    private final List<Thread> threads = new ArrayList<>();
    private volatile Consumer<String> slow = read -> {};
    private volatile boolean stopped;

    /** So many blobs of so many bytes each; nothing is stored yet. */
    MixedLoad(TintypeClient client, long seed, int blobs, int bytes) {
        this.client = client;
        this.seed = seed;
        this.bytes = bytes;
        this.noise = new byte[2 * bytes];
        new Random(seed).nextBytes(noise);
        for (int i = 0; i < blobs; i++) {
            entries.add(new Entry(i));
        }
    }

    private static String user(Entry entry) {
        return "user-" + entry.number % USERS;
    }

    private static String name(Entry entry) {
        return "blob-" + entry.number;
    }

    private static boolean deletes(long version) {
        return version % DELETES == DELETES - 1;
    }

    /** Unlike those of any other blob and version. */
    private byte[] content(Entry entry, long version) {
        int from = (int) Math.floorMod(entry.number * 31L + version * 7_919, (long) bytes);
        var content = Arrays.copyOfRange(noise, from, from + bytes);
        ByteBuffer.wrap(content).putLong(entry.number).putLong(version);
        return content;
    }

    /** Stores all blobs, several at a time. */
    void fill(int atOnce) throws InterruptedException {
        var next = new AtomicInteger();
        ExecutorService fillers = Executors.newFixedThreadPool(atOnce);
        var done = new CountDownLatch(atOnce);
        for (int i = 0; i < atOnce; i++) {
            fillers.execute(() -> {
                try {
                    for (int at = next.getAndIncrement(); at < entries.size(); at = next.getAndIncrement()) {
                        change(entries.get(at));
                    }
                } finally {
                    done.countDown();
                }
            });
        }
        done.await();
        fillers.shutdown();
    }

    /** Begins to read and to write. */
    void begin(int readers, int readsPerSecond) {
        for (int i = 0; i < readers; i++) {
            var random = new Random(seed + i);
            long every = TimeUnit.SECONDS.toNanos(1) * readers / readsPerSecond;
            thread("reader-" + i, () -> {
                long due = System.nanoTime() + (long) (random.nextDouble() * every);
                while (!stopped) {
                    LockSupport.parkNanos(due - System.nanoTime());
                    long began = System.nanoTime();
                    if (due - began <= 0) {
                        var entry = entries.get(random.nextInt(entries.size()));
                        read(entry);
                        long ended = System.nanoTime();
                        long micros = Math.max(0, ended - due) / 1_000;
                        tellIfSlow(entry, Duration.ofNanos(ended - began));
                        times.recordValue(micros);
                        latest.recordValue(micros);
                        due += every;
                    }
                }
            });
        }
        for (int i = 0; i < WRITERS; i++) {
            int own = i;
            var random = new Random(seed - 1 - i);
            thread("writer-" + i, () -> {
                while (!stopped) {
                    change(entries.get(random.nextInt(entries.size() / WRITERS) * WRITERS + own));
                    LockSupport.parkNanos(WRITE_PAUSE.toNanos());
                }
            });
        }
    }

    private void tellIfSlow(Entry entry, Duration took) {
        if (took.compareTo(SLOW) > 0) {
            var at = Instant.now();
            slow.accept(String.format(
                    Locale.ROOT,
                    "a read of %s took %d ms until %s; shard %s has him",
                    user(entry),
                    took.toMillis(),
                    at,
                    client.users().lookup(user(entry)).shard()));
        }
    }

    private void thread(String name, Runnable work) {
        var thread = new Thread(work, name);
        thread.setDaemon(true);
        thread.start();
        threads.add(thread);
    }

    private void change(Entry entry) {
        if (entry.unknown) {
            return;
        }
        long version = entry.begun.incrementAndGet();
        try {
            if (deletes(version)) {
                client.delete(user(entry), name(entry));
            } else {
                client.put(user(entry), name(entry), content(entry, version));
            }
            entry.acknowledged.set(version);
            writes.incrementAndGet();
        } catch (RuntimeException e) {
            // It may have been made or not, or may still be: both are right from now on, and it is left alone.
            entry.unknown = true;
            unknownWrites.incrementAndGet();
        }
    }

    private void read(Entry entry) {
        long least = entry.acknowledged.get();
        try {
            byte[] got = client.get(user(entry), name(entry)).bytes();
            long version = got.length < HEADER ? -1 : ByteBuffer.wrap(got).getLong(Long.BYTES);
            if (version < least || version > entry.begun.get() || deletes(version)) {
                bad.add(name(entry) + ": version " + version + " came; " + least + " was acknowledged, and "
                        + entry.begun + " begun");
            } else if (!Arrays.equals(got, content(entry, version))) {
                bad.add(name(entry) + ": wrong bytes");
            }
        } catch (BlobNotFoundException e) {
            long most = entry.begun.get();
            boolean may = least == 0;
            for (long version = least; version <= most; version++) {
                may |= deletes(version);
            }
            if (!may) {
                bad.add(name(entry) + " is not there; version " + least + " was acknowledged");
            }
        } catch (RuntimeException e) {
            bad.add(name(entry) + ": " + e);
        }
        reads.incrementAndGet();
    }

    /** Has somebody told of each read that takes long by itself, on the thread that read. */
    void tellOfSlowReads(Consumer<String> whom) {
        slow = whom;
    }

    /** The times of reads since the last call, in microseconds. */
    Histogram times() {
        return times.getIntervalHistogram();
    }

    /** The same, since this was called last: for who looks on. */
    Histogram latest() {
        return latest.getIntervalHistogram();
    }

    long reads() {
        return reads.get();
    }

    long writes() {
        return writes.get();
    }

    /** Writes whose outcome nobody knows. */
    int unknownWrites() {
        return unknownWrites.get();
    }

    /** Reads that failed or were wrong. */
    List<String> bad() {
        return List.copyOf(bad);
    }

    /** Stops, and reads every blob once. */
    void checkAll() {
        close();
        for (var entry : entries) {
            read(entry);
        }
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
