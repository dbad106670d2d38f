// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.retrieval;

import io.grpc.Context;
import io.grpc.SynchronizationContext;
import io.tintype.coordinator.cache.Piece;
import io.tintype.coordinator.cache.PieceChain;
import io.tintype.coordinator.cache.PieceKey;
import io.tintype.coordinator.cache.PieceSpec;
import io.tintype.model.TintypeException;
import io.tintype.wire.Errors;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Looks in the caches for the pieces of one read, one after the other, and holds on to those it finds until they are
 * handed out. Nothing is to be handed out before the search has ended.
 *
 * <p>It ends with the read's last piece, or before the first one that no cache has or {@link Holds} has no room for. A
 * read within one piece has that piece brought by the caches, from a node if need be; it takes no room.
 *
 * <p>Confined to the read's context: all methods are called there, and the caches' answers are brought there. The
 * pieces that wait follow one another. This object owns a share of each, and the room for it, until {@link #poll} or
 * {@link #close}; the latter must come in the end.
 */
final class PieceSearch {
    private final OpenBlob blob;
    private final PieceChain chain;
    private final Holds holds;
    private final long from;
    private final long to;
    /** The read is within one piece. */
    private final boolean single;

    private final SynchronizationContext inOrder;
    private final Outcome outcome;
    private final Context context = Context.current();

    // Confined to inOrder:
    private final Deque<Found> found = new ArrayDeque<>();
    private long foundTo;
    private boolean closed;

    /** A piece that waits to be handed out; {@code room}: bytes taken of {@link Holds} for it. */
    private record Found(Piece piece, int room) {}

    /** Is told in the read's context how the search ended: once, or never where it was closed before. */
    interface Outcome {
        /** All pieces before this place in the blob wait to be handed out: the read's end, or a node must go on. */
        void foundUpTo(long offset);

        /** The only piece of the read could not be brought. */
        void failed(TintypeException failure);
    }

    /**
     * For one read; the caches are asked in the caller's {@link Context}.
     *
     * @param from the first byte
     * @param to behind the last one, over {@code from}
     * @param inOrder the read's context
     */
    PieceSearch(
            OpenBlob blob,
            PieceChain chain,
            Holds holds,
            long from,
            long to,
            SynchronizationContext inOrder,
            Outcome outcome) {
        this.blob = blob;
        this.chain = chain;
        this.holds = holds;
        this.from = from;
        this.foundTo = from;
        this.to = to;
        this.single = PieceKey.indexOf(from) == PieceKey.indexOf(to - 1);
        this.inOrder = inOrder;
        this.outcome = outcome;
    }

    /** Looks for the next piece, and then by itself for those after it. Called once. */
    void find() {
        if (closed) {
            return;
        }
        if (foundTo == to) {
            outcome.foundUpTo(to);
            return;
        }
        var spec = PieceSpec.of(blob.head(), PieceKey.indexOf(foundTo));
        var first = blob.takeFirst(spec.key().index());
        if (first != null) {
            found(first, spec);
        } else if (chain.isEmpty()) {
            outcome.foundUpTo(foundTo);
        } else {
            var unused = search(spec)
                    .whenComplete((piece, failure) -> inOrder.execute(() -> {
                        if (failure == null) {
                            found(piece.orElse(null), spec);
                        } else if (!closed) {
                            outcome.failed(Errors.fromWire(failure));
                        }
                    }));
        }
    }

    private CompletableFuture<Optional<Piece>> search(PieceSpec spec) {
        var before = context.attach();
        try {
            return single ? chain.get(spec).thenApply(Optional::of) : chain.cached(spec);
        } finally {
            context.detach(before);
        }
    }

    /** A piece was found, or is nowhere: null. */
    private void found(@Nullable Piece piece, PieceSpec spec) {
        int room = found.isEmpty() ? 0 : spec.length(); // one piece is what every reader may hold
        if (piece != null && !closed && mayHold(spec) && (room == 0 || holds.take(room))) {
            found.add(new Found(piece, room));
            foundTo = Math.min(to, spec.key().offset() + spec.length());
            inOrder.execute(this::find);
            return;
        }
        if (piece != null) {
            piece.release();
        }
        if (!closed) {
            outcome.foundUpTo(foundTo);
        }
    }

    private boolean mayHold(PieceSpec spec) {
        return spec.key().offset() + spec.length() - from <= Holds.MOST_OF_ONE;
    }

    /** Whether no piece waits to be handed out. */
    boolean isEmpty() {
        return found.isEmpty();
    }

    /** The next piece that waits, whose share goes to the caller, and whose room is given back; null: none waits. */
    @Nullable
    Piece poll() {
        var next = found.poll();
        if (next == null) {
            return null;
        }
        holds.give(next.room());
        return next.piece();
    }

    /** Gives the search up, and back whatever waits or is still found. May be called again. */
    void close() {
        closed = true;
        for (var one = poll(); one != null; one = poll()) {
            one.release();
        }
    }
}
