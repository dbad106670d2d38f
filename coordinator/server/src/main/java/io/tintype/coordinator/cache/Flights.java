// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.cache;

import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** One load a piece at a time, however many wait for it. Thread-safe; never blocks. */
final class Flights {
    /** Most that wait, for all pieces together. */
    static final int MAX_WAITING = 20_000;

    private static final Duration RETRY = Duration.ofMillis(200);

    private final Map<PieceKey, Flight> flights = new ConcurrentHashMap<>();
    private final AtomicInteger waiting = new AtomicInteger();
    private final int maxWaiting;

    Flights(int maxWaiting) {
        this.maxWaiting = maxWaiting;
    }

    /** What those that wait for one piece wait for. */
    private static final class Flight {
        private @Nullable List<CompletableFuture<Piece>> waiters; // guarded by this; null: over

        Flight(CompletableFuture<Piece> first) {
            waiters = new ArrayList<>(List.of(first));
        }

        synchronized boolean join(CompletableFuture<Piece> waiter) {
            if (waiters == null) {
                return false;
            }
            waiters.add(waiter);
            return true;
        }

        synchronized List<CompletableFuture<Piece>> over() {
            var all = waiters == null ? List.<CompletableFuture<Piece>>of() : waiters;
            waiters = null;
            return all;
        }
    }

    /** Who waits, for all pieces together. */
    int waiting() {
        return waiting.get();
    }

    /** Pieces being loaded. */
    int loads() {
        return flights.size();
    }

    /**
     * The piece, by the load that is under way or by one that is begun. Each asker owns a share of it.
     *
     * @return a future that fails as the load does, or with OVERLOADED where too many wait
     */
    CompletableFuture<Piece> join(PieceKey key, Supplier<CompletableFuture<Piece>> load) {
        if (waiting.incrementAndGet() > maxWaiting) {
            waiting.decrementAndGet();
            return CompletableFuture.failedFuture(new TintypeException(
                    Reason.OVERLOADED,
                    maxWaiting + " reads wait for bytes to come to this coordinator, which is its limit. Try again a"
                            + " little later, or add coordinators of role retrieval.",
                    RETRY));
        }
        try {
            return board(key, load);
        } catch (RuntimeException | Error e) { // such as no memory to wait in
            waiting.decrementAndGet();
            throw e;
        }
    }

    private CompletableFuture<Piece> board(PieceKey key, Supplier<CompletableFuture<Piece>> load) {
        var mine = new CompletableFuture<Piece>();
        while (true) {
            var fresh = new Flight(mine);
            var there = flights.putIfAbsent(key, fresh);
            if (there == null) {
                begin(key, fresh, load);
                return mine;
            }
            if (there.join(mine)) {
                return mine;
            }
            flights.remove(key, there);
        }
    }

    private void begin(PieceKey key, Flight flight, Supplier<CompletableFuture<Piece>> load) {
        try {
            var unused = load.get().whenComplete((piece, failure) -> end(key, flight, piece, failure));
        } catch (RuntimeException | Error e) { // it must not stand in the way of all who come after
            end(key, flight, null, e);
        }
    }

    private void end(PieceKey key, Flight flight, @Nullable Piece piece, @Nullable Throwable failure) {
        flights.remove(key, flight);
        var waiters = flight.over();
        waiting.addAndGet(-waiters.size());
        for (var waiter : waiters) {
            if (piece == null) {
                waiter.completeExceptionally(failure == null ? new IllegalStateException("no piece came") : failure);
            } else {
                boolean unusedAlwaysTrue = piece.retain(); // this load has a share itself
                waiter.complete(piece);
            }
        }
        if (piece != null) {
            piece.release();
        }
    }
}
