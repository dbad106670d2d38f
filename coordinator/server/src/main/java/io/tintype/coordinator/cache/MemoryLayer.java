// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.cache;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.RemovalCause;
import com.github.benmanes.caffeine.cache.Weigher;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * Pieces in memory outside the heap, so that the garbage collector never looks at them. Caffeine decides which stay: one
 * scan does not push out what is asked for often (TinyLFU). Thread-safe.
 *
 * <p>A piece that is pushed out while it is being sent stays where it is until it was sent. One sixteenth of the memory is
 * there for such pieces; when it is all in use, new pieces are not kept.
 */
final class MemoryLayer implements PieceLayer {
    private static final int SLACK_SHARE = 16;

    private final Arena arena;
    private final Cache<PieceKey, Piece> pieces;
    private final LongAdder evictions = new LongAdder();

    /** Of so many bytes, rounded down to whole slabs. */
    MemoryLayer(long bytes) {
        this(new Arena(bytes), (key, piece) -> piece.footprint());
    }

    /** In an arena; {@code weigher} tells how much of it a piece takes. */
    MemoryLayer(Arena arena, Weigher<PieceKey, Piece> weigher) {
        this.arena = arena;
        pieces = Caffeine.newBuilder()
                .maximumWeight(room())
                .weigher(weigher)
                .executor(Runnable::run) // what is pushed out makes room at once
                .removalListener(this::removed)
                .build();
    }

    private long room() {
        return arena.capacity() - arena.capacity() / SLACK_SHARE;
    }

    private void removed(@Nullable PieceKey key, @Nullable Piece piece, RemovalCause cause) {
        if (piece != null) {
            piece.release();
        }
        if (cause.wasEvicted()) {
            evictions.increment();
        }
    }

    @Override
    public String name() {
        return "memory";
    }

    @Override
    public CompletableFuture<Optional<Piece>> get(PieceSpec spec) {
        return CompletableFuture.completedFuture(Optional.ofNullable(find(spec.key())));
    }

    /** The piece, with a share for the caller; null: it is not here. */
    @Nullable
    Piece find(PieceKey key) {
        var piece = pieces.getIfPresent(key);
        return piece != null && piece.retain() ? piece : null;
    }

    @Override
    public CompletableFuture<Look> look(PieceSpec spec) {
        var piece = pieces.policy().getIfPresentQuietly(spec.key());
        return CompletableFuture.completedFuture(
                piece != null && piece.retain() ? Look.at(spec, piece) : Look.without(Look.State.NOT_HELD, ""));
    }

    /** Looks at every piece's name: up to a few million. */
    @Override
    public CompletableFuture<Void> forget(String user) {
        pieces.asMap().keySet().removeIf(key -> key.user().equals(user));
        return CompletableFuture.completedFuture(null);
    }

    @Override
    public CompletableFuture<Optional<Holding>> holding(String user) {
        long count = 0;
        long bytes = 0;
        for (var entry : pieces.asMap().entrySet()) {
            if (entry.getKey().user().equals(user)) {
                count++;
                bytes += entry.getValue().length();
            }
        }
        return CompletableFuture.completedFuture(Optional.of(new Holding(name(), count, bytes)));
    }

    /** Whether it is here; does not count as a use. */
    boolean contains(PieceKey key) {
        return pieces.asMap().containsKey(key);
    }

    @Override
    public void offer(PieceKey key, Piece piece) {
        if (piece.length() == 0 || contains(key)) {
            return;
        }
        var copy = piece.copyTo(arena);
        if (copy == null) {
            pieces.policy().eviction().ifPresent(policy -> policy.setMaximum(room())); // the system may have less
            pieces.cleanUp();
            copy = piece.copyTo(arena);
        }
        if (copy != null) {
            keep(key, copy);
        }
    }

    private void keep(PieceKey key, Piece copy) {
        try {
            pieces.put(key, copy);
        } catch (RuntimeException | Error e) { // such as no memory for the entry
            if (!pieces.asMap().remove(key, copy)) {
                copy.release(); // nobody else would
            }
            throw e;
        }
    }

    @Override
    public void drop(PieceKey key) {
        pieces.invalidate(key);
    }

    @Override
    public long heldBytes() {
        return arena.usedBytes();
    }

    @Override
    public long evictions() {
        return evictions.sum();
    }

    /** Gives up everything that is not being sent. */
    @Override
    public void close() {
        pieces.invalidateAll();
    }
}
