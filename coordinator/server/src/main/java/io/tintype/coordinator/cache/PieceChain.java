// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.cache;

import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;

/**
 * The caches in the order in which they are asked, and the origin behind them: the one home of that order, of what is kept
 * where, and of the check that no wrong byte leaves a cache. Thread-safe; never blocks.
 *
 * <p>A piece that a layer yields is offered to all layers before it; one from the origin to all. Below the first layer there
 * is one search a piece at a time. A piece that is damaged is dropped where it was, and the search goes on.
 */
public final class PieceChain implements AutoCloseable {
    /** Most reads that wait for pieces. */
    public static final int MAX_WAITING = Flights.MAX_WAITING;

    private final List<PieceLayer> layers;
    private final List<LayerFigures> figures;
    private final LayerFigures ofOrigin = new LayerFigures("origin");
    private final Origin origin;
    private final Predicate<PieceKey> keeps;
    private final Flights flights = new Flights(Flights.MAX_WAITING);
    private final LatelyForgotten forgotten = new LatelyForgotten();

    /** Of layers, the fastest first, which are closed with the chain. */
    public PieceChain(List<PieceLayer> layers, Origin origin) {
        this(layers, origin, key -> true);
    }

    /** The same, keeping in local layers only the pieces that pass the test; what is there already is found. */
    PieceChain(List<PieceLayer> layers, Origin origin, Predicate<PieceKey> keeps) {
        this.keeps = keeps;
        this.layers = List.copyOf(layers);
        this.figures = this.layers.stream()
                .map(layer -> new LayerFigures(layer.name()))
                .toList();
        this.origin = origin;
    }

    /** The layers, the fastest first. */
    public List<PieceLayer> layers() {
        return layers;
    }

    /** What each layer was good for, and last the origin. */
    public List<LayerFigures> figures() {
        List<LayerFigures> all = new ArrayList<>(figures);
        all.add(ofOrigin);
        return all;
    }

    /** Pieces that are being looked for below the first layer. */
    public int searches() {
        return flights.loads();
    }

    /** Reads that wait for those; {@link #MAX_WAITING} at most. */
    public int waiting() {
        return flights.waiting();
    }

    /** Whether nothing is cached at all. */
    public boolean isEmpty() {
        return layers.isEmpty();
    }

    /** Whether a piece might be found without asking the origin. */
    public boolean mayHave(PieceKey key) {
        return hasMoreThanMemory(key)
                || layers.stream().anyMatch(layer -> layer instanceof MemoryLayer memory && memory.contains(key));
    }

    /** Whether some layer behind this process's memory might have a piece of this name, of whatever version. */
    public boolean hasMoreThanMemory(PieceKey key) {
        return layers.stream().anyMatch(layer -> !(layer instanceof MemoryLayer) && layer.mayHelp(key));
    }

    /** Finds the piece wherever it is. The asker owns a share of it. Fails as {@link Origin#load} does, or OVERLOADED. */
    public CompletableFuture<Piece> get(PieceSpec spec) {
        return find(spec, layer -> true);
    }

    /** The same, asking only layers that the test passes. */
    public CompletableFuture<Piece> find(PieceSpec spec, Predicate<PieceLayer> asked) {
        var trace = CacheTrace.begin();
        return trace.until(find(spec, asked, trace));
    }

    private CompletableFuture<Piece> find(PieceSpec spec, Predicate<PieceLayer> asked, CacheTrace trace) {
        if (layers.isEmpty()) {
            return load(spec, trace);
        }
        if (layers.get(0) instanceof MemoryLayer memory) {
            var piece = memory.find(spec.key());
            if (piece != null && accept(0, spec, piece)) {
                trace.answeredBy(memory.name());
                return CompletableFuture.completedFuture(piece);
            }
            figures.get(0).miss();
            return join(spec, 1, asked, trace);
        }
        return join(spec, 0, asked, trace);
    }

    /**
     * Waits with those who look for the piece already. What they find they have held against what they know of it: a peer knows
     * no checksum, and may have said another length.
     */
    private CompletableFuture<Piece> join(PieceSpec spec, int from, Predicate<PieceLayer> asked, CacheTrace trace) {
        return flights.join(spec.key(), () -> search(spec, from, asked, trace)).thenCompose(piece -> {
            if (spec.fits(piece)) {
                return CompletableFuture.completedFuture(piece);
            }
            piece.release();
            return search(spec, from, asked, trace);
        });
    }

    /** The piece if a cache has it; the origin is not asked. Never fails. */
    public CompletableFuture<Optional<Piece>> cached(PieceSpec spec) {
        var trace = CacheTrace.begin();
        return trace.until(cached(spec, 0, trace));
    }

    private CompletableFuture<Optional<Piece>> cached(PieceSpec spec, int layer, CacheTrace trace) {
        if (layer == layers.size()) {
            trace.answeredBy(CacheTrace.NOBODY);
            return CompletableFuture.completedFuture(Optional.empty());
        }
        return layers.get(layer)
                .get(spec)
                .exceptionally(bug -> Optional.empty())
                .thenCompose(found -> {
                    if (found.isPresent() && accept(layer, spec, found.get())) {
                        trace.answeredBy(layers.get(layer).name());
                        offer(spec.key(), found.get(), layer);
                        return CompletableFuture.completedFuture(found);
                    }
                    figures.get(layer).miss();
                    return cached(spec, layer + 1, trace);
                });
    }

    private CompletableFuture<Piece> search(PieceSpec spec, int from, Predicate<PieceLayer> asked, CacheTrace trace) {
        int index = from;
        while (index < layers.size() && !asked.test(layers.get(index))) {
            index++;
        }
        if (index == layers.size()) {
            return load(spec, trace);
        }
        int current = index;
        return layers.get(current)
                .get(spec)
                .exceptionally(bug -> Optional.empty())
                .thenCompose(found -> {
                    if (found.isPresent() && accept(current, spec, found.get())) {
                        trace.answeredBy(layers.get(current).name());
                        offer(spec.key(), found.get(), current);
                        return CompletableFuture.completedFuture(found.get());
                    }
                    figures.get(current).miss();
                    return search(spec, current + 1, asked, trace);
                });
    }

    /** Whether the piece is the one; gives it back and has it dropped if not. */
    private boolean accept(int layer, PieceSpec spec, Piece piece) {
        if (spec.isMetBy(piece)) {
            figures.get(layer).hit(piece.length());
            return true;
        }
        figures.get(layer).damaged();
        piece.release();
        layers.get(layer).drop(spec.key());
        return false;
    }

    private CompletableFuture<Piece> load(PieceSpec spec, CacheTrace trace) {
        trace.answeredBy(ofOrigin.name());
        return trace.of(() -> origin.load(spec)).thenApply(piece -> {
            if (!spec.isMetBy(piece)) {
                ofOrigin.damaged();
                piece.release();
                throw new TintypeException(
                        Reason.CORRUPT_DATA,
                        "Bytes from " + spec.key().offset() + " on were damaged on their way here. Try again.");
            }
            ofOrigin.hit(piece.length());
            offer(spec.key(), piece, layers.size());
            return piece;
        });
    }

    /** Tells all layers of a piece that came from the origin by another way, and was checked. */
    public void offer(PieceSpec spec, Piece piece) {
        ofOrigin.hit(piece.length());
        offer(spec.key(), piece, layers.size());
    }

    /** Tells all layers of what was made of a blob. The caller's share stays the caller's. */
    public void keep(PieceKey key, Piece piece) {
        offer(key, piece, layers.size());
    }

    private void offer(PieceKey key, Piece piece, int before) {
        if (forgotten.contains(key.user())) {
            return;
        }
        boolean kept = key.isDerived() || keeps.test(key);
        for (int i = before - 1; i >= 0; i--) {
            if (kept || !layers.get(i).isLocal()) {
                layers.get(i).offer(key, piece);
            }
        }
        if (forgotten.contains(key.user())) { // while it was offered
            drop(key);
        }
    }

    /**
     * Has every layer forget all pieces of a user, and keep none that are on their way. What a memcached has stays there for its
     * time, and is not asked for by anybody who does not know its version. Fails where a layer could not forget.
     */
    public CompletableFuture<Void> forget(String user) {
        forgotten.add(user);
        return CompletableFuture.allOf(
                layers.stream().map(layer -> layer.forget(user)).toArray(CompletableFuture[]::new));
    }

    /** What the layers of this process and its disk keep of a user. Fails where one cannot tell. */
    public CompletableFuture<List<Holding>> holdings(String user) {
        var asked = layers.stream().map(layer -> layer.holding(user)).toList();
        return CompletableFuture.allOf(asked.toArray(CompletableFuture[]::new))
                .thenApply(all -> asked.stream()
                        .flatMap(one -> one.join().stream())
                        .filter(holding -> holding.pieces() > 0)
                        .toList());
    }

    /**
     * Looks whether the layers that pass the test have a piece, one after the other, as a read would ask them, and beyond the
     * first that has it. Changes nothing and counts nothing. Never fails.
     */
    public CompletableFuture<List<Look>> look(PieceSpec spec, Predicate<PieceLayer> asked) {
        CompletableFuture<List<Look>> all = CompletableFuture.completedFuture(List.of());
        for (var layer : layers) {
            if (asked.test(layer)) {
                all = all.thenCompose(before -> look(layer, spec).thenApply(one -> {
                    var more = new ArrayList<>(before);
                    more.add(one);
                    return more;
                }));
            }
        }
        return all;
    }

    private static CompletableFuture<Look> look(PieceLayer layer, PieceSpec spec) {
        long begun = System.nanoTime();
        return layer.look(spec)
                .exceptionally(bug -> Look.without(Look.State.UNREACHABLE, ""))
                .thenApply(found -> found.by(layer.name(), Duration.ofNanos(System.nanoTime() - begun)));
    }

    /** Has every layer forget a piece. */
    public void drop(PieceKey key) {
        layers.forEach(layer -> layer.drop(key));
    }

    @Override
    public void close() {
        layers.forEach(PieceLayer::close);
    }
}
