// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import io.tintype.model.ShardId;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The threads that all shards of a node share.
 *
 * <ul>
 *   <li>loops: see {@link ShardLoops};
 *   <li>apply: runs the state machines, one batch of a shard at a time; blocks on the disk;
 *   <li>io: what else blocks on the disk: reading for followers that are behind, looking for chunks, collecting;
 *   <li>timer: one thread that only posts.
 * </ul>
 */
final class ShardThreads implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(ShardThreads.class);
    /** Most that wait for {@link #io}. */
    static final int IO_QUEUE = 4_096;

    private static final int CLOSE_SECONDS = 10;
    private static final long IO_RETRY_MS = 20;

    private final ShardLoops loops;
    private final ThreadPoolExecutor apply;
    private final ThreadPoolExecutor io;
    private final ScheduledExecutorService timer;
    private final Ticker ticker = new Ticker();

    ShardThreads(int loopCount, int applyCount, int ioCount) {
        loops = new ShardLoops(loopCount, named("shard-loop"));
        apply = pool(applyCount, new LinkedBlockingQueue<>(), "shard-apply");
        io = pool(ioCount, new LinkedBlockingQueue<>(IO_QUEUE), "shard-io");
        timer = Executors.newSingleThreadScheduledExecutor(named("shard-timer"));
    }

    private static ThreadPoolExecutor pool(int threads, BlockingQueue<Runnable> queue, String name) {
        return new ThreadPoolExecutor(threads, threads, 0, TimeUnit.SECONDS, queue, named(name));
    }

    /** See {@link ShardLoops#of}. */
    Executor loop(ShardId shard) {
        return loops.of(shard);
    }

    /** See {@link ShardLoops#burst}. */
    void burst(Runnable posting) {
        loops.burst(posting);
    }

    /** Tells all shards of the time; whoever stirs from rest tells it so. */
    Ticker ticker() {
        return ticker;
    }

    /** For state machines; an {@link Inbox} in front keeps a shard's batches in order. */
    Executor apply() {
        return apply;
    }

    /** For reads that block; refuses with RejectedExecutionException when too many wait. */
    Executor io() {
        return io;
    }

    /**
     * Runs something that blocks, as soon as there is room for it, and then tells on that thread how it went.
     *
     * @param then gets what was thrown; null: it went well
     */
    void io(Runnable task, Consumer<@Nullable Throwable> then) {
        try {
            io.execute(() -> {
                Throwable problem = null;
                try {
                    task.run();
                } catch (RuntimeException | Error e) {
                    problem = e;
                }
                then.accept(problem);
            });
        } catch (RejectedExecutionException e) {
            later(IO_RETRY_MS, () -> io(task, then));
        }
    }

    /** See {@link ShardLoops#waiting}. */
    int loopsWaiting() {
        return loops.waiting();
    }

    /** Shards that have something to apply and wait for a thread; each waits once. */
    int applyWaiting() {
        return apply.getQueue().size();
    }

    /** How much waits for {@link #io}. */
    int ioWaiting() {
        return io.getQueue().size();
    }

    /** Runs something short after a while, on the timer's thread; never, once the threads are closed. */
    void later(long delayMs, Runnable task) {
        try {
            var unused = timer.schedule(task, delayMs, TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            // the process is stopping
        }
    }

    /** Runs something short again and again, on the timer's thread, until the threads are closed. */
    void every(long periodNanos, Runnable task) {
        Runnable guarded = () -> {
            try {
                task.run();
            } catch (RuntimeException | Error e) {
                log.error("a periodic task failed; it is tried again", e);
            }
        };
        var unused = timer.scheduleAtFixedRate(guarded, periodNanos, periodNanos, TimeUnit.NANOSECONDS);
    }

    /** Ends all threads; what was posted and not begun is dropped. */
    @Override
    public void close() {
        timer.shutdownNow();
        var all = new ArrayList<>(loops.threads());
        all.addAll(List.of(apply, io));
        all.forEach(ExecutorService::shutdown);
        boolean interrupted = false;
        for (var executor : all) {
            try {
                if (!executor.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS)) {
                    executor.shutdownNow();
                }
            } catch (InterruptedException e) {
                executor.shutdownNow();
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private static ThreadFactory named(String name) {
        var count = new AtomicInteger();
        return task -> {
            var thread = new Thread(task, "tintype-" + name + "-" + count.getAndIncrement());
            thread.setDaemon(true);
            return thread;
        };
    }
}
