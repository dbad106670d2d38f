// SPDX-License-Identifier: Apache-2.0
package io.tintype.heads;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
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

    private record Flight<V>(long begunNanos, CompletableFuture<V> answer) {}

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
     * @return a future of the caller's own: completing or cancelling it does nothing to the others
     */
    public CompletableFuture<V> join(K key, long notBeforeNanos, Supplier<CompletableFuture<V>> start) {
        var running = flights.get(key);
        if (running != null && running.begunNanos() - notBeforeNanos >= 0) {
            return running.answer().thenApply(Function.identity());
        }
        if (flights.size() >= maxFlights && running == null) {
            return start.get();
        }
        var mine = new Flight<V>(clock.getAsLong(), new CompletableFuture<>());
        flights.put(key, mine);
        CompletableFuture<V> request;
        try {
            request = start.get();
        } catch (RuntimeException | Error e) { // it must not stand in the way of all who come after
            request = CompletableFuture.failedFuture(e);
        }
        var unused = request.whenComplete((value, failure) -> {
            flights.remove(key, mine);
            if (failure == null) {
                mine.answer().complete(value);
            } else {
                mine.answer().completeExceptionally(failure);
            }
        });
        return mine.answer().thenApply(Function.identity());
    }
}
