// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.history;

import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;

/**
 * Takes down what clients do while they do it.
 *
 * <p>Any thread may call any method. Holds at most as many operations as it was made for, about 200 bytes each.
 */
public final class HistoryRecorder {
    private final int maxOperations;
    private final LongSupplier clockNanos;
    private final AtomicInteger begun = new AtomicInteger();
    private final Queue<UnderWay> operations = new ConcurrentLinkedQueue<>();

    /**
     * A recorder with nothing in it.
     *
     * @param maxOperations most operations it takes
     * @param clockNanos a clock that never runs backwards and is the same for all threads: {@link System#nanoTime}, or a
     *     simulator's
     */
    public HistoryRecorder(int maxOperations, LongSupplier clockNanos) {
        this.maxOperations = maxOperations;
        this.clockNanos = clockNanos;
    }

    /**
     * To be called right before a request is sent.
     *
     * @throws IllegalStateException if the recorder is full; the operation must then not be sent
     */
    public UnderWay begin(int client, BlobKey key, Call call) {
        if (begun.getAndUpdate(n -> Math.min(n + 1, maxOperations)) == maxOperations) {
            throw new IllegalStateException("the history is full at " + maxOperations
                    + " operations: end the run earlier or make the recorder larger");
        }
        var operation = new UnderWay(client, key, call, clockNanos.getAsLong());
        operations.add(operation);
        return operation;
    }

    /** All so far. What has not come back is unknown, and counts as given up now. */
    public History history() {
        return new History(operations.stream().map(UnderWay::soFar).toList());
    }

    private record End(long atNanos, Result result) {}

    /** An operation that was sent. Its {@link #end} may be called by any thread, once. */
    public final class UnderWay {
        private final int client;
        private final BlobKey key;
        private final Call call;
        private final long invokedNanos;
        private final AtomicReference<End> end = new AtomicReference<>();

        private UnderWay(int client, BlobKey key, Call call, long invokedNanos) {
            this.client = client;
            this.key = key;
            this.call = call;
            this.invokedNanos = invokedNanos;
        }

        /**
         * To be called right after the answer came, or when the client gives up.
         *
         * @throws IllegalStateException at the second call
         */
        public void end(Result result) {
            if (!end.compareAndSet(null, new End(clockNanos.getAsLong(), result))) {
                throw new IllegalStateException(call + " on " + key + " of client " + client + " has already ended");
            }
        }

        private Operation soFar() {
            var ended = Objects.requireNonNullElseGet(end.get(), () -> new End(clockNanos.getAsLong(), Result.UNKNOWN));
            return new Operation(client, key, invokedNanos, ended.atNanos(), call, ended.result());
        }
    }
}
