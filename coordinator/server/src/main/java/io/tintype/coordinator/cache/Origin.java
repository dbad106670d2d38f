// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.cache;

import java.util.concurrent.CompletableFuture;

/** Where pieces come from that no cache has. Thread-safe; never blocks. */
@FunctionalInterface
public interface Origin {
    /**
     * Reads a piece from the node that has it.
     *
     * @return the piece, with a share for the caller; or fails with a {@link io.tintype.model.TintypeException}, VERSION_GONE
     *     where the version was replaced or removed
     */
    CompletableFuture<Piece> load(PieceSpec spec);
}
