// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.system;

import io.tintype.client.BlobNotFoundException;
import io.tintype.client.BlobSource;
import io.tintype.client.OutcomeUnknownException;
import io.tintype.client.PutOptions;
import io.tintype.client.TintypeClient;
import io.tintype.storage.history.BlobKey;
import io.tintype.storage.history.Call;
import io.tintype.storage.history.History;
import io.tintype.storage.history.HistoryRecorder;
import io.tintype.storage.history.Result;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;

/**
 * Clients who write, read and delete a user's blobs without a pause, and take down what they saw. {@code
 * -Dtintype.moves.pauseMs=N} has each rest between two operations, so that a long run fits what is taken down.
 */
final class MoveLoad implements AutoCloseable {
    private static final int OPERATIONS = 400_000;
    private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(Long.getLong("tintype.moves.pauseMs", 0));
    private static final int NAMES = 24;
    private static final int LARGE = 400_000;

    private final HistoryRecorder recorder = new HistoryRecorder(OPERATIONS, System::nanoTime);
    private final AtomicBoolean stop = new AtomicBoolean();
    private final List<Throwable> failedReads = new ArrayList<>();
    private final List<Throwable> failedWrites = new ArrayList<>();
    private final ConcurrentLinkedQueue<long[]> writes = new ConcurrentLinkedQueue<>();
    private final ExecutorService threads;
    private final TintypeClient client;
    private final String user;
    private final String prefix;

    MoveLoad(TintypeClient client, String user, int writers, int readers, long seed) {
        this(client, user, "load/", writers, readers, seed);
    }

    /** @param prefix of the names it writes, of which none is there yet */
    MoveLoad(TintypeClient client, String user, String prefix, int writers, int readers, long seed) {
        this.client = client;
        this.user = user;
        this.prefix = prefix;
        this.threads = Executors.newFixedThreadPool(writers + readers);
        for (int i = 0; i < writers; i++) {
            int number = i;
            threads.execute(() -> write(number, new SplittableRandom(seed + number)));
        }
        for (int i = 0; i < readers; i++) {
            int number = writers + i;
            threads.execute(() -> read(number, new SplittableRandom(seed + number)));
        }
    }

    private void write(int number, SplittableRandom random) {
        for (int n = 0; !stop.get(); n++) {
            LockSupport.parkNanos(PAUSE_NANOS);
            var name = prefix + random.nextInt(NAMES);
            boolean delete = random.nextInt(8) == 0;
            String content = number + "-" + n;
            var text = random.nextInt(40) == 0 ? content + ".".repeat(LARGE) : content;
            var operation =
                    recorder.begin(number, BlobKey.of(user, name), delete ? new Call.Delete() : new Call.Put(content));
            long begun = System.nanoTime();
            try {
                if (delete) {
                    var done = client.delete(user, name);
                    operation.end(new Result.Deleted(done.version(), done.existed()));
                } else {
                    var done = client.put(
                            user, name, BlobSource.of(text.getBytes(StandardCharsets.UTF_8)), PutOptions.DEFAULT);
                    operation.end(new Result.Written(done.info().version()));
                }
                writes.add(new long[] {begun, System.nanoTime()});
            } catch (OutcomeUnknownException e) {
                operation.end(Result.UNKNOWN);
                fail(failedWrites, e);
            } catch (RuntimeException e) {
                operation.end(Result.UNKNOWN);
                fail(failedWrites, e);
            }
        }
    }

    private void read(int number, SplittableRandom random) {
        while (!stop.get()) {
            LockSupport.parkNanos(PAUSE_NANOS);
            var name = prefix + random.nextInt(NAMES);
            var operation = recorder.begin(number, BlobKey.of(user, name), new Call.Read());
            try {
                var blob = client.get(user, name);
                var text = new String(blob.bytes(), StandardCharsets.UTF_8);
                int end = text.indexOf('.');
                operation.end(new Result.Found(blob.info().version(), end < 0 ? text : text.substring(0, end)));
            } catch (BlobNotFoundException e) {
                operation.end(new Result.Missing());
            } catch (RuntimeException e) {
                operation.end(Result.UNKNOWN);
                fail(failedReads, e);
            }
        }
    }

    private static void fail(List<Throwable> into, Throwable failure) {
        synchronized (into) {
            into.add(failure);
        }
    }

    /** Ends all and waits for them. */
    void stop() throws InterruptedException {
        stop.set(true);
        threads.shutdown();
        if (!threads.awaitTermination(60, TimeUnit.SECONDS)) {
            throw new IllegalStateException("clients did not end");
        }
    }

    List<Throwable> failedReads() {
        return failedReads;
    }

    List<Throwable> failedWrites() {
        return failedWrites;
    }

    History history() {
        return recorder.history();
    }

    /** Milliseconds that writes took which were under way in a stretch of time, in order. */
    List<Double> writesBetween(long from, long to) {
        return writes.stream()
                .filter(write -> write[1] >= from && write[0] <= to)
                .map(write -> (write[1] - write[0]) / 1e6)
                .sorted()
                .toList();
    }

    /** The same of those that began in it. */
    List<Double> writesBegunBetween(long from, long to) {
        return writes.stream()
                .filter(write -> write[0] >= from && write[0] <= to)
                .map(write -> (write[1] - write[0]) / 1e6)
                .sorted()
                .toList();
    }

    @Override
    public void close() {
        stop.set(true);
        threads.shutdownNow();
    }
}
