// SPDX-License-Identifier: Apache-2.0
package io.tintype.client.internal.net;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The client's threads, all daemons. Thread-safe.
 *
 * <p>Workers run gRPC's callbacks where no {@link CallingThread} waits for them, file and stream I/O, and what applications chain to futures: all of that may block
 * without holding up anyone else, for a new worker is made whenever none is idle. Their number is bounded by the limit
 * on calls in flight. The one timer thread only hands work over.
 */
public final class ClientThreads implements AutoCloseable {
    private final ExecutorService workers;
    private final ScheduledThreadPoolExecutor timer;

    public ClientThreads() {
        workers = Executors.newCachedThreadPool(named("tintype-client-"));
        timer = new ScheduledThreadPoolExecutor(1, named("tintype-client-timer-"));
        timer.setRemoveOnCancelPolicy(true);
        timer.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    }

    /** May block. */
    public ExecutorService workers() {
        return workers;
    }

    /** Must not block. */
    public ScheduledThreadPoolExecutor timer() {
        return timer;
    }

    /** Runs a task on a worker after a delay; does nothing once closed. */
    public void after(long delayNanos, Runnable task) {
        try {
            var unused = timer.schedule(() -> workers.execute(task), delayNanos, TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException closed) {
            // The client is closed: nobody waits for this any more.
        }
    }

    @Override
    public void close() {
        timer.shutdownNow();
        workers.shutdown();
    }

    private static ThreadFactory named(String prefix) {
        var number = new AtomicLong();
        return task -> {
            var thread = new Thread(task, prefix + number.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        };
    }
}
