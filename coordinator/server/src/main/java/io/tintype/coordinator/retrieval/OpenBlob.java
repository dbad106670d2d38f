// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.retrieval;

import io.tintype.coordinator.cache.Piece;
import io.tintype.coordinator.cache.PieceChain;
import io.tintype.coordinator.cache.PieceKey;
import io.tintype.coordinator.cache.PieceSpec;
import io.tintype.model.Stretch;
import io.tintype.proto.v1.BlobHead;
import io.tintype.proto.v1.ByteRange;
import io.tintype.proto.v1.Freshness;
import org.jspecify.annotations.Nullable;

/**
 * A blob of which it is known which version is current: its bytes can be read, from caches where they are. Thread-safe.
 *
 * <p>Must be closed. Reads that have begun go on.
 */
public final class OpenBlob implements AutoCloseable {
    private final BlobHead head;
    private final Freshness freshness;
    private final PieceChain chain;
    private final OriginReads origin;
    private final Holds holds;
    private final int firstIndex;
    private @Nullable Piece first; // guarded by this

    OpenBlob(
            BlobHead head,
            Freshness freshness,
            PieceChain chain,
            OriginReads origin,
            Holds holds,
            int firstIndex,
            @Nullable Piece first) {
        this.head = head;
        this.freshness = freshness;
        this.chain = chain;
        this.origin = origin;
        this.holds = holds;
        this.firstIndex = firstIndex;
        this.first = first;
    }

    /** The version whose bytes are read. */
    public BlobHead head() {
        return head;
    }

    /** How fresh it is that this version is current. */
    public Freshness freshness() {
        return freshness;
    }

    /**
     * Begins to read bytes; every frame has been checked. A failure VERSION_GONE before the first frame means that the blob
     * was replaced meanwhile, and must be opened again; after the first frame it comes only where a reader is slower than the
     * ten minutes for which nodes keep what is replaced.
     *
     * @param from the first byte
     * @param to behind the last one, over {@code from} and no more than the size
     */
    public GetStream read(long from, long to, GetStream.Listener<Frame> listener) {
        var reader = new PieceReader(this, chain, origin, holds, from, to, listener);
        reader.begin();
        return reader;
    }

    /** The bytes that a range means; throws RANGE_NOT_SATISFIABLE. */
    Stretch stretch(ByteRange range) {
        return Stretch.of(head.getSize(), range.getOffset(), range.getLength());
    }

    /** The piece that came with the head, if it is this one, and was not taken yet; the share goes with it. */
    synchronized @Nullable Piece takeFirst(int index) {
        var piece = index == firstIndex ? first : null;
        if (piece != null) {
            first = null;
        }
        return piece;
    }

    @Override
    public void close() {
        var piece = takeFirst(firstIndex);
        if (piece != null) {
            piece.release();
        }
    }

    /** Has all caches forget the bytes of this version. */
    void drop() {
        int pieces = head.getSize() == 0 ? 0 : PieceKey.indexOf(head.getSize() - 1) + 1;
        for (int i = 0; i < pieces; i++) {
            chain.drop(PieceSpec.of(head, i).key());
        }
    }
}
