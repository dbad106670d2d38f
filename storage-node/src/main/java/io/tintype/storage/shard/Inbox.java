// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/**
 * Things posted from any thread and handled by one thread at a time, in batches and in order.
 *
 * <p>Has no bound of its own, because turning away an event could only stall its shard: everything that posts bounds
 * what it has under way (proposals by {@link ShardLimits}, peers by flow control, disk and timers by one answer each).
 */
final class Inbox<E> {
    private static final int BATCH = 256;

    private final Executor executor;
    private final Consumer<List<E>> handler;
    private final ConcurrentLinkedQueue<E> queue = new ConcurrentLinkedQueue<>();
    private final AtomicBoolean scheduled = new AtomicBoolean();
    private final List<E> batch = new ArrayList<>();

    /**
     * @param executor where to handle
     * @param handler takes a batch, which is valid during the call only; must not throw
     */
    Inbox(Executor executor, Consumer<List<E>> handler) {
        this.executor = executor;
        this.handler = handler;
    }

    /** Posts; dropped without a word once the executor is shut down. */
    void post(E event) {
        queue.add(event);
        schedule();
    }

    private void schedule() {
        if (scheduled.compareAndSet(false, true)) {
            try {
                executor.execute(this::drain);
            } catch (RejectedExecutionException e) {
                queue.clear(); // the process is stopping
            }
        }
    }

    private void drain() {
        try {
            E event;
            while (batch.size() < BATCH && (event = queue.poll()) != null) {
                batch.add(event);
            }
            if (!batch.isEmpty()) {
                handler.accept(batch);
            }
        } finally {
            batch.clear();
            scheduled.set(false);
            if (!queue.isEmpty()) {
                schedule();
            }
        }
    }
}
