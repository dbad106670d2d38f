// SPDX-License-Identifier: Apache-2.0
package io.tintype.docker;

import io.tintype.client.BlobNotFoundException;
import io.tintype.client.TintypeClient;
import io.tintype.client.UserNotFoundException;
import io.tintype.model.TintypeException;
import io.tintype.storage.history.BlobKey;
import io.tintype.storage.history.Call;
import io.tintype.storage.history.HistoryCheck;
import io.tintype.storage.history.HistoryRecorder;
import io.tintype.storage.history.Report;
import io.tintype.storage.history.Result;
import io.tintype.storage.history.SearchLimits;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.awaitility.Awaitility;

/**
 * Clients that put, delete and read a few blobs for as long as a test goes on, and write down all that happens. Thread-safe.
 */
final class Traffic implements AutoCloseable {
    private static final int CLIENTS = 4;
    private static final int BLOBS = 12;
    private static final int MOST_OPERATIONS = 200_000;
    private static final int BYTES = 12 << 10;
    /** Every so many a blob is so large that its chunks are staged beside the log. */
    private static final int LARGE_EVERY = 20;

    private static final int LARGE_BYTES = 400 << 10;
    private static final Duration PATIENCE = Duration.ofMinutes(3);

    private final TintypeClient client;
    private final HistoryRecorder recorder = new HistoryRecorder(MOST_OPERATIONS, System::nanoTime);
    private final List<BlobKey> keys = new ArrayList<>();
    private final ExecutorService threads = Executors.newFixedThreadPool(CLIENTS);
    private final AtomicInteger written = new AtomicInteger();
    private final AtomicInteger failed = new AtomicInteger();
    private volatile boolean ending;

    /** Begins. The name keeps the blobs of several runs on one cluster apart. */
    Traffic(TintypeClient client, String name, long seed) {
        this.client = client;
        for (int i = 0; i < BLOBS; i++) {
            keys.add(BlobKey.of(name + "-" + i % CLIENTS, "blob-" + i));
        }
        var seeds = new SplittableRandom(seed);
        for (int i = 0; i < CLIENTS; i++) {
            int number = i;
            var random = seeds.split();
            threads.execute(() -> {
                while (!ending) {
                    one(number, random);
                }
            });
        }
    }

    /** Waits until so many more changes were acknowledged than now. */
    void awaitProgress(int more) {
        int before = written.get();
        Awaitility.await().atMost(PATIENCE).until(() -> written.get() >= before + more);
    }

    /** Changes and reads that had no good answer, retries included. */
    int failed() {
        return failed.get();
    }

    /** Changes that were acknowledged. */
    int written() {
        return written.get();
    }

    /** Ends the traffic, reads everything once more, and judges all of it. */
    Report endAndCheck() throws InterruptedException {
        ending = true;
        threads.shutdown();
        if (!threads.awaitTermination(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
            throw new IllegalStateException("clients did not end within " + PATIENCE);
        }
        for (var key : keys) {
            Awaitility.await().atMost(PATIENCE).until(() -> read(CLIENTS, key));
        }
        return HistoryCheck.complete(recorder.history(), SearchLimits.DEFAULT);
    }

    private void one(int number, SplittableRandom random) {
        var key = keys.get(random.nextInt(keys.size()));
        int draw = random.nextInt(10);
        if (draw < 5) {
            put(number, key, random);
        } else if (draw == 5) {
            record(number, key, new Call.Delete(), () -> {
                var gone = client.delete(key.user().value(), key.name().value());
                return new Result.Deleted(gone.existed() ? gone.version() : null, gone.existed());
            });
        } else {
            boolean unused = read(number, key);
        }
    }

    private void put(int number, BlobKey key, SplittableRandom random) {
        var bytes = new byte[random.nextInt(LARGE_EVERY) == 0 ? LARGE_BYTES : 16 + random.nextInt(BYTES)];
        random.nextBytes(bytes);
        record(number, key, new Call.Put(digest(bytes)), () -> {
            var stored = client.put(key.user().value(), key.name().value(), bytes);
            written.incrementAndGet();
            return new Result.Written(stored.info().version());
        });
    }

    private boolean read(int number, BlobKey key) {
        return record(number, key, new Call.Read(), () -> {
            var blob = client.get(key.user().value(), key.name().value());
            return new Result.Found(blob.info().version(), digest(blob.bytes()));
        });
    }

    /** Returns whether there was a definite answer. */
    private boolean record(int number, BlobKey key, Call call, Supplier<Result> action) {
        var underWay = recorder.begin(number, key, call);
        var result = Result.UNKNOWN;
        try {
            result = action.get();
            return true;
        } catch (BlobNotFoundException | UserNotFoundException e) {
            result = call instanceof Call.Read ? Result.MISSING : Result.FAILED;
            return true;
        } catch (TintypeException e) {
            failed.incrementAndGet();
            return false;
        } finally {
            underWay.end(result);
        }
    }

    /** The first bytes are random, so they tell contents apart. */
    private static String digest(byte[] bytes) {
        return HexFormat.of().formatHex(bytes, 0, 12) + "-" + bytes.length;
    }

    @Override
    public void close() {
        ending = true;
        threads.shutdownNow();
    }
}
