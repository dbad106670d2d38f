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

    /** Pieces it has pushed out for others so far. */
    default long evictions() {
        return 0;
    }

    @Override
    default void close() {}
}
