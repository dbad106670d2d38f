// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.rpc;

import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import java.time.Duration;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The threads that read the disk for calls: a fixed number of them, behind a bounded queue. Thread-safe; handing over never
 * blocks.
 */
final class ReaderPool implements Executor, AutoCloseable {
    private static final Duration RETRY_AFTER = Duration.ofMillis(100);
    private static final long LAST_TASKS_SECONDS = 10;

    /** One that is being filled, one that waits to be sent. */
    private static final int ARRAYS_PER_THREAD = 2;

    private final ThreadPoolExecutor threads;
    private final int queue;
    private final ChunkArrays arrays;

    /**
     * Starts the threads.
     *
     * @param threads how many reads go on at once
     * @param queue how many more may wait
     */
    ReaderPool(int threads, int queue) {
        var count = new AtomicInteger();
        this.queue = queue;
        this.arrays = new ChunkArrays(ARRAYS_PER_THREAD * threads);
        this.threads =
                new ThreadPoolExecutor(threads, threads, 0, TimeUnit.SECONDS, new ArrayBlockingQueue<>(queue), task -> {
                    var thread = new Thread(task, "reader-" + count.incrementAndGet());
                    thread.setDaemon(true);
                    return thread;
                });
        this.threads.prestartAllCoreThreads();
    }

    /**
     * Runs a task on one of the threads.
     *
     * @throws TintypeException OVERLOADED where too many wait already, UNAVAILABLE after {@link #close}
     */
    @Override
    public void execute(Runnable task) {
        try {
            threads.execute(task);
        } catch (RejectedExecutionException e) {
            throw threads.isShutdown()
                    ? new TintypeException(Reason.UNAVAILABLE, "this node is stopping; ask another one")
                    : new TintypeException(
                            Reason.OVERLOADED,
                            queue + " reads wait for this node's disk, as many as limits.readerQueue allows; try again"
                                    + " a little later, or another node",
                            RETRY_AFTER);
        }
    }

    /** What chunks are read into. */
    ChunkArrays arrays() {
        return arrays;
    }

    /** Reads that wait for a thread. */
    int waiting() {
        return threads.getQueue().size();
    }

    /** Takes no more tasks and waits a while for those it has. */
    @Override
    public void close() {
        threads.shutdown();
        try {
            if (!threads.awaitTermination(LAST_TASKS_SECONDS, TimeUnit.SECONDS)) {
                threads.shutdownNow();
            }
        } catch (InterruptedException e) {
            threads.shutdownNow();
            Thread.currentThread().interrupt();
        }
    }
}
