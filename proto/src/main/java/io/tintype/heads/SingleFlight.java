// SPDX-License-Identifier: Apache-2.0
package io.tintype.heads;

import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * Lets those who want the same share one request for it. Thread-safe; never blocks.
 *
 * <p>A request under way is joined only by readers for whom its beginning is late enough: whoever must see all that was
 * acknowledged before he asked never gets the answer to an earlier question.
 *
 * @param <K> what is wanted
 * @param <V> the answer
 */
public final class SingleFlight<K, V> {
    private final LongSupplier clock;
    private final int maxFlights;
    private final ConcurrentHashMap<K, Flight<V>> flights = new ConcurrentHashMap<>();

    /** A request, for as long as anybody waits for it. */
    private static final class Flight<V> {
        private final long begunNanos;
        private final CompletableFuture<V> answer = new CompletableFuture<>();
        private int waiting = 1; // guarded by this
        private boolean over; // guarded by this: all have gone
        private CompletableFuture<V> request = answer; // until it is made, before which not all can go

        Flight(long begunNanos) {
            this.begunNanos = begunNanos;
        }

        /** One more waits; false: all have gone before him. */
        synchronized boolean join() {
            waiting += over ? 0 : 1;
            return !over;
        }

        /** One has gone; true: he was the last. */
        synchronized boolean leave() {
            over = --waiting == 0;
            return over;
        }
    }

    /**
     * Nothing under way.
     *
     * @param nanoTime the clock that {@code notBeforeNanos} is measured by
     * @param maxFlights requests remembered at once; what is more goes its way alone
     */
    public SingleFlight(LongSupplier nanoTime, int maxFlights) {
        this.clock = nanoTime;
        this.maxFlights = maxFlights;
    }

    /**
     * The answer of a request under way that began late enough, else of a new one.
     *
     * @param notBeforeNanos the earliest beginning that will do
     * @param start makes the request; called by the calling thread, at most once
     * @return a future of the caller's own: completing or cancelling it does nothing to the others; once all have cancelled
     *     theirs, the request is cancelled
     */
    public CompletableFuture<V> join(K key, long notBeforeNanos, Supplier<CompletableFuture<V>> start) {
        var running = flights.get(key);
        if (running != null && running.begunNanos - notBeforeNanos >= 0 && running.join()) {
            return waiter(key, running);
        }
        if (flights.size() >= maxFlights && running == null) {
            return start.get();
        }
        var mine = new Flight<V>(clock.getAsLong());
        flights.put(key, mine);
        try {
            mine.request = start.get();
        } catch (RuntimeException | Error e) { // it must not stand in the way of all who come after
            mine.request = CompletableFuture.failedFuture(e);
        }
        var unused = mine.request.whenComplete((value, failure) -> {
            flights.remove(key, mine);
            if (failure == null) {
                mine.answer.complete(value);
            } else {
                mine.answer.completeExceptionally(failure);
            }
        });
        return waiter(key, mine);
    }

    private CompletableFuture<V> waiter(K key, Flight<V> flight) {
        var waiter = new CompletableFuture<V>() {
            @Override
            public boolean cancel(boolean mayInterrupt) {
                if (completeExceptionally(new CancellationException()) && flight.leave()) { // and not again
                    flights.remove(key, flight);
                    flight.request.cancel(mayInterrupt);
                }
                return isCancelled();
            }
        };
        var unused = flight.answer.whenComplete((value, failure) -> {
            if (failure == null) {
                waiter.complete(value);
            } else {
                waiter.completeExceptionally(failure);
            }
        });
        return waiter;
    }
}
