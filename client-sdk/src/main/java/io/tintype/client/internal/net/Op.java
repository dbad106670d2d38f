// SPDX-License-Identifier: Apache-2.0
package io.tintype.client.internal.net;

import io.grpc.CallOptions;
import io.tintype.model.Limits;
import io.tintype.trace.Trace;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * One operation of an application over all its attempts: its clock, its counters, and how to stop it. Thread-safe.
 *
 * <p>An operation with a timeout ends by it. One without goes on as long as it makes progress, and for the client's request
 * timeout without. What an attempt sends again is progress while it lasts, and none once it has failed where another one
 * failed before.
 */
public final class Op {
    /** Repeats end well before servers forget request ids: clocks drift, and requests wait in queues. */
    private static final Duration REPEAT_WINDOW = Limits.DEDUP_WINDOW.minusMinutes(1);

    private final String name;
    private final long startNanos = System.nanoTime();
    private final @Nullable Executor waiting = CallingThread.starting();
    private final @Nullable Duration timeout;
    private final Duration patience;
    private final Duration ageBefore;
    private final AtomicInteger attempts = new AtomicInteger();
    private final AtomicInteger tries = new AtomicInteger();
    private final AtomicLong bytes = new AtomicLong();
    private final Ground ground = new Ground(startNanos);
    private volatile boolean maybeApplied;
    private volatile boolean trying;
    private volatile boolean coordinatorsChange;
    private volatile Trace trace = Trace.NONE;
    private @Nullable Runnable canceller;
    private boolean cancelled;

    /** Begins an operation that nobody has tried before. */
    public Op(String name, @Nullable Duration timeout, Duration patience) {
        this(name, timeout, patience, Duration.ZERO);
    }

    /**
     * Begins an operation.
     *
     * @param name for reports
     * @param timeout total time, or null
     * @param patience time without progress where no total time is given
     * @param ageBefore time since the first try under the same request id began, where this repeats one
     */
    public Op(String name, @Nullable Duration timeout, Duration patience, Duration ageBefore) {
        this.name = name;
        this.timeout = timeout;
        this.patience = patience;
        this.ageBefore = ageBefore;
    }

    /** Makes it part of a trace; to be called before the first attempt. */
    public Op traced(Trace of) {
        trace = of;
        return this;
    }

    /** Makes it a change of what coordinators keep, which has no request id; to be called before the first attempt. */
    public Op asCoordinatorsChange() {
        coordinatorsChange = true;
        return this;
    }

    /** Whether it changes what coordinators keep. */
    public boolean isCoordinatorsChange() {
        return coordinatorsChange;
    }

    /** The trace it is part of. */
    public Trace trace() {
        return trace;
    }

    /** For reports. */
    public String name() {
        return name;
    }

    /** An attempt begins. */
    public void attempt() {
        attempts.incrementAndGet();
        trying = true;
        ground.begin();
    }

    /** The attempt failed. Where it came no further than one before it, the time that it took was no progress. */
    public void attemptFailed() {
        trying = false;
        ground.lost();
    }

    /** Whether an attempt began and was not heard to fail; also once it succeeded. */
    boolean isTrying() {
        return trying;
    }

    /** How many attempts began. */
    public int attempts() {
        return attempts.get();
    }

    /** Bytes moved on, counted from where the attempt began. */
    public void progress(long moved) {
        bytes.addAndGet(moved);
        ground.covered(moved, System.nanoTime());
    }

    /** Bytes that moved in all. */
    public long bytes() {
        return bytes.get();
    }

    /** Time since the beginning. */
    public Duration elapsed() {
        return Duration.ofNanos(System.nanoTime() - startNanos);
    }

    /** Nanoseconds that are left, zero or less when time is up. */
    public long remainingNanos() {
        long now = System.nanoTime();
        return timeout != null
                ? timeout.toNanos() - (now - startNanos)
                : patience.toNanos() - (now - ground.lastGainedNanos());
    }

    /** Whether another try would come so late that servers might not recognise it as one. */
    public boolean isTooOldToRepeat() {
        return ageBefore.plus(elapsed()).compareTo(REPEAT_WINDOW) >= 0;
    }

    /** Another try of a change begins: milliseconds since the first one, 0 for the first. */
    public long nextTryAgeMs() {
        return tries.getAndIncrement() == 0
                ? ageBefore.toMillis()
                : Math.max(1, ageBefore.plus(elapsed()).toMillis());
    }

    /** The options of a call that lasts as long as bytes flow: it has a deadline only where the application set one. */
    public CallOptions transferOptions() {
        return timeout == null
                ? options()
                : options().withDeadlineAfter(Math.max(1, remainingNanos()), TimeUnit.NANOSECONDS);
    }

    /** The options of a call that answers at once: it gets what is left, but no more than one attempt may take. */
    public CallOptions unaryOptions(Duration longest) {
        return options()
                .withDeadlineAfter(Math.max(1, Math.min(longest.toNanos(), remainingNanos())), TimeUnit.NANOSECONDS);
    }

    /** Who does what comes in for it: the application's thread while it waits, else those given. */
    public Executor waitingOr(Executor workers) {
        return waiting == null ? workers : waiting;
    }

    private CallOptions options() {
        var options = waiting == null ? CallOptions.DEFAULT : CallOptions.DEFAULT.withExecutor(waiting);
        var part = trace;
        return part == Trace.NONE ? options : options.withOption(Trace.OF_CALL, part);
    }

    /** The change may have been made, whatever later attempts say short of a final answer. */
    public void maybeApplied() {
        maybeApplied = true;
    }

    /** Whether an attempt may have made the change. */
    public boolean isMaybeApplied() {
        return maybeApplied;
    }

    /** Names what {@link #cancel} is to stop from now on; stops it at once where the operation was cancelled already. */
    public void onCancel(Runnable stop) {
        synchronized (this) {
            if (!cancelled) {
                canceller = stop;
                return;
            }
        }
        stop.run();
    }

    /** Stops the operation: the call in flight is cancelled and no attempt follows. */
    public void cancel() {
        Runnable stop;
        synchronized (this) {
            cancelled = true;
            stop = canceller;
        }
        if (stop != null) {
            stop.run();
        }
    }

    /** Whether it was stopped. */
    public synchronized boolean isCancelled() {
        return cancelled;
    }
}
