// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.map;

import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One daemon thread that runs tasks in order; a task that throws is logged, and the next one runs. */
final class SerialLoop implements Executor, AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(SerialLoop.class);

    private final ScheduledThreadPoolExecutor executor;

    SerialLoop(String name) {
        executor = new ScheduledThreadPoolExecutor(1, task -> {
            var thread = new Thread(task, name);
            thread.setDaemon(true);
            return thread;
        });
        executor.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    }

    @Override
    public void execute(Runnable task) {
        schedule(0, task);
    }

    /** Runs a task after a delay. After {@link #close} tasks are dropped. */
    void schedule(long delayMs, Runnable task) {
        try {
            var unused = executor.schedule(
                    () -> {
                        try {
                            task.run();
                        } catch (RuntimeException e) {
                            log.error("a task failed", e);
                        }
                    },
                    delayMs,
                    TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            log.trace("dropped a task after closing", e);
        }
    }

    @Override
    public void close() {
        executor.shutdownNow();
    }
}
