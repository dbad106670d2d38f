// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import io.tintype.model.ShardId;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The loops of a node's shards: threads to one of which each shard is pinned, never blocked on disk or network. Thread-safe.
 *
 * <p>To wake a thread that sleeps costs more than most of what a shard at rest has to do. So whoever has something for many
 * shards, a tick or a message with the heartbeats of all, hands it over in a {@link #burst}, which wakes each loop once.
 */
final class ShardLoops {
    private static final Logger log = LoggerFactory.getLogger(ShardLoops.class);

    /** What the burst under way on a thread has for each loop. */
    private static final ThreadLocal<Map<Loop, List<Runnable>>> BURST = new ThreadLocal<>();

    private final List<Loop> loops;

    ShardLoops(int count, ThreadFactory factory) {
        loops = IntStream.range(0, count)
                .mapToObj(i -> new Loop(
                        new ThreadPoolExecutor(1, 1, 0, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), factory)))
                .toList();
    }

    /** The loop a shard is pinned to. */
    Executor of(ShardId shard) {
        return loops.get(shard.value() % loops.size());
    }

    /**
     * Runs something that executes tasks on loops: they begin once it has ended, each loop's in the order in which they were
     * given. What it posts is dropped without a word once the loops are shut down.
     */
    void burst(Runnable posting) {
        if (BURST.get() != null) {
            posting.run();
            return;
        }
        var gathered = new LinkedHashMap<Loop, List<Runnable>>();
        BURST.set(gathered);
        try {
            posting.run();
        } finally {
            BURST.remove();
            gathered.forEach(Loop::runAll);
        }
    }

    /** Shards that have something to do and wait for their loop's turn; each waits once, those of one burst together. */
    int waiting() {
        return loops.stream().mapToInt(loop -> loop.thread.getQueue().size()).sum();
    }

    /** The threads, to be shut down. */
    List<ExecutorService> threads() {
        return loops.stream().<ExecutorService>map(loop -> loop.thread).toList();
    }

    private static final class Loop implements Executor {
        private final ThreadPoolExecutor thread;

        Loop(ThreadPoolExecutor thread) {
            this.thread = thread;
        }

        @Override
        public void execute(Runnable task) {
            var gathered = BURST.get();
            if (gathered == null) {
                thread.execute(task);
            } else {
                gathered.computeIfAbsent(this, key -> new ArrayList<>()).add(task);
            }
        }

        /** Tasks of one burst are those of different shards: what ends one must not keep the others from theirs. */
        private static void runGuarded(Runnable task) {
            try {
                task.run();
            } catch (RuntimeException | Error e) {
                log.error("a task of a shard's loop failed", e);
            }
        }

        void runAll(List<Runnable> tasks) {
            try {
                thread.execute(() -> tasks.forEach(Loop::runGuarded));
            } catch (RejectedExecutionException e) {
                // the process is stopping
            }
        }
    }
}
