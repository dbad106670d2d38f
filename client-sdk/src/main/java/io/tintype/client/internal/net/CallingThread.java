// SPDX-License-Identifier: Apache-2.0
package io.tintype.client.internal.net;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The thread of an application that waits in a blocking call, as the executor of what comes in for that call: answers are
 * decoded, checked and copied by whoever waits for them, so that no worker is woken only to wake him.
 *
 * <p>Once he has his answer, or has given up, whatever else comes in is left to the workers; nothing is lost or done twice.
 * Each gRPC call hands in one task at a time, so no more of them wait here than the operation has calls under way.
 *
 * <p>Belongs to the thread that made it, which alone may {@link #start} and {@link #await}, each once and in this order; any
 * thread may {@link #execute}.
 */
public final class CallingThread implements Executor {
    private static final ThreadLocal<@Nullable CallingThread> STARTING = new ThreadLocal<>();

    private final Thread thread = Thread.currentThread();
    private final Executor workers;

    // Guarded by this.
    private final Queue<Runnable> tasks = new ArrayDeque<>(2);
    private boolean gone;

    /** @param workers do what comes in when nobody waits any more */
    public CallingThread(Executor workers) {
        this.workers = workers;
    }

    /** Who waits for the operation that this thread is about to begin; null: nobody, for it is asynchronous. */
    static @Nullable Executor starting() {
        return STARTING.get();
    }

    /** Begins an operation. Its future is to be given to {@link #await}. */
    public <T> CompletableFuture<T> start(Supplier<CompletableFuture<T>> operation) {
        var outer = STARTING.get();
        STARTING.set(this);
        try {
            return operation.get();
        } catch (RuntimeException | Error e) {
            leave();
            throw e;
        } finally {
            if (outer == null) {
                STARTING.remove();
            } else {
                STARTING.set(outer);
            }
        }
    }

    /**
     * Does what comes in until the future is done.
     *
     * @throws ExecutionException as the future failed
     * @throws InterruptedException where the thread was interrupted; the operation goes on, for cancelling it is the caller's
     */
    public <T> T await(CompletableFuture<T> operation) throws InterruptedException, ExecutionException {
        try {
            if (!operation.isDone()) {
                var unused = operation.whenComplete((value, thrown) -> wake());
                while (!operation.isDone()) {
                    var next = next();
                    if (next != null) {
                        next.run();
                    } else {
                        LockSupport.park(this);
                    }
                    if (!operation.isDone() && Thread.interrupted()) {
                        throw new InterruptedException();
                    }
                }
            }
        } finally {
            leave();
        }
        return operation.get();
    }

    @Override
    public void execute(Runnable task) {
        if (take(task)) {
            wake(); // not while the monitor is held: who wakes wants it at once
        } else {
            workers.execute(task);
        }
    }

    private synchronized boolean take(Runnable task) {
        return !gone && tasks.add(task);
    }

    private void wake() {
        if (Thread.currentThread() != thread) {
            LockSupport.unpark(thread);
        }
    }

    private synchronized @Nullable Runnable next() {
        return tasks.poll();
    }

    private void leaveToWorkers(Runnable task) {
        try {
            workers.execute(task);
        } catch (RejectedExecutionException closed) {
            task.run(); // the client was closed meanwhile: its workers are gone, and only failures are left to tell
        }
    }

    private void leave() {
        Queue<Runnable> rest;
        synchronized (this) {
            gone = true;
            rest = new ArrayDeque<>(tasks);
            tasks.clear();
        }
        rest.forEach(this::leaveToWorkers);
    }
}
