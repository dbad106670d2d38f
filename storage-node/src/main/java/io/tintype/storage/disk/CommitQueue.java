// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.disk;

import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Writes that wait for the committer, in order and within bounds, and how they become groups.
 *
 * <p>Thread-safe; one thread takes. Adding never blocks.
 */
final class CommitQueue {
    private static final Duration RETRY_AFTER = Duration.ofMillis(50);

    /** Gathering ends early when nobody came for this part of its time. */
    private static final int SLICES = 4;

    /** A write, and the future that tells when it is durable. */
    record Waiting(Write write, CompletableFuture<Void> done) {}

    private final DiskConfig config;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final ArrayDeque<Waiting> queue = new ArrayDeque<>();
    private long queuedBytes;
    private int lastGroup;
    private boolean idle;
    private boolean gathering;
    private boolean closed;

    CommitQueue(DiskConfig config) {
        this.config = config;
    }

    /**
     * Lets a write wait.
     *
     * @throws TintypeException OVERLOADED when too much waits already, UNAVAILABLE once closed
     */
    CompletableFuture<Void> add(Write write) {
        var waiting = new Waiting(write, new CompletableFuture<>());
        lock.lock();
        try {
            if (closed) {
                throw new TintypeException(Reason.UNAVAILABLE, config.directory() + " is being closed");
            }
            boolean full = queue.size() >= config.queueWrites()
                    || (!queue.isEmpty() && queuedBytes + write.bytes() > config.queueBytes());
            if (full) {
                throw new TintypeException(
                        Reason.OVERLOADED,
                        "the disk of " + config.directory() + " is behind: " + queue.size() + " writes of "
                                + queuedBytes + " bytes wait; try again a little later",
                        RETRY_AFTER);
            }
            queue.add(waiting);
            queuedBytes += write.bytes();
            if (idle || (gathering && queuedBytes >= config.groupBytes())) {
                changed.signal();
            }
        } finally {
            lock.unlock();
        }
        return waiting.done();
    }

    /** Waits for writes and moves a group of them over; false: it was closed, and there is nothing more to do. */
    boolean take(List<Waiting> group) {
        lock.lock();
        try {
            while (queue.isEmpty()) {
                if (closed) {
                    return false;
                }
                idle = true;
                changed.awaitUninterruptibly();
                idle = false;
            }
            gather();
            long size = 0;
            while (true) {
                var next = queue.peek();
                if (next == null || (size > 0 && size + next.write().bytes() > config.groupBytes())) {
                    break;
                }
                size += next.write().bytes();
                group.add(queue.remove());
            }
            queuedBytes -= size;
            lastGroup = group.size();
            return !group.isEmpty();
        } finally {
            lock.unlock();
        }
    }

    /** Writes that wait. */
    int writes() {
        lock.lock();
        try {
            return queue.size();
        } finally {
            lock.unlock();
        }
    }

    /** Bytes of the writes that wait. */
    long bytes() {
        lock.lock();
        try {
            return queuedBytes;
        } finally {
            lock.unlock();
        }
    }

    /** Takes no more; what waits is still to be taken. */
    void close() {
        lock.lock();
        try {
            closed = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Takes no more, and gives back what waited. */
    List<Waiting> abandon() {
        lock.lock();
        try {
            closed = true;
            var abandoned = new ArrayList<>(queue);
            queue.clear();
            queuedBytes = 0;
            changed.signalAll();
            return abandoned;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Waits for company, but only when the last group had some: a write that comes alone is not held up. Ends when the
     * group is full, or when nobody came for a part of the time.
     */
    private void gather() {
        if (lastGroup <= 1) {
            return;
        }
        long slice = config.gather().toNanos() / SLICES;
        gathering = true;
        try {
            int before = 0;
            for (int i = 0; i < SLICES && queue.size() > before && queuedBytes < config.groupBytes(); i++) {
                before = queue.size();
                long left = slice;
                while (left > 0 && queuedBytes < config.groupBytes() && !closed) {
                    left = changed.awaitNanos(left);
                }
            }
        } catch (InterruptedException e) {
            // Nobody interrupts this thread to any end; the group simply goes as it is.
            Thread.currentThread().interrupt();
        } finally {
            gathering = false;
        }
    }
}
