// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.cache;

import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * One cache in the row of them. Thread-safe; no call blocks or throws.
 *
 * <p>Whatever a layer yields is checked by whoever asked it: a layer may be wrong, but then it is asked in vain.
 */
public interface PieceLayer extends AutoCloseable {
    /** What it is called in figures: one word in lower case. */
    String name();

    /**
     * Looks for a piece. The future never fails: whatever goes wrong is a miss. The asker owns a share of what it yields.
     */
    CompletableFuture<Optional<Piece>> get(PieceSpec spec);

    /** Tells of a piece that another layer, or the origin, had. The layer may keep a copy of it; the
     * caller's share stays the caller's. */
    void offer(PieceKey key, Piece piece);

    /** Forgets a piece that turned out to be damaged. */
    void drop(PieceKey key);

    /** Tells whether it has a piece, without keeping it longer for that. The future never fails. */
    default CompletableFuture<Look> look(PieceSpec spec) {
        return get(spec)
                .thenApply(found ->
                        found.map(piece -> Look.at(spec, piece)).orElse(Look.without(Look.State.NOT_HELD, "")));
    }

    /**
     * Forgets all pieces of a user, and keeps none of his anew that were offered before. Layers that cannot tell whose pieces they
     * have do nothing. The future fails where it cannot be done.
     */
    default CompletableFuture<Void> forget(String user) {
        return CompletableFuture.completedFuture(null);
    }

    /** What it keeps of a user, where it can tell. The future fails where it cannot be found out. */
    default CompletableFuture<Optional<Holding>> holding(String user) {
        return CompletableFuture.completedFuture(Optional.empty());
    }

    /** Whether asking it for this piece can be worth while; the version does not matter. */
    default boolean mayHelp(PieceKey key) {
        return true;
    }

    /** Whether what it keeps is this process's own, and counts against its room. */
    default boolean isLocal() {
        return true;
    }

    /** Bytes it holds now; 0 where they are not its own. */
    default long heldBytes() {
        return 0;
    }

    /** Questions that it has not answered yet. */
    default int underWay() {
        return 0;
    }

    /** Pieces it has pushed out for others so far. */
    default long evictions() {
        return 0;
    }

    @Override
    default void close() {}
}
