// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.rendition;

import com.google.protobuf.ByteString;
import io.tintype.checksum.Crc32c;
import io.tintype.coordinator.cache.Piece;
import io.tintype.coordinator.cache.PieceKey;
import io.tintype.proto.v1.BlobHead;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * One rendition's bytes: as they were made, or as caches have them. Caches have them in pieces like those of any blob, with their
 * number and checksum before the first byte: two coordinators may make other bytes of one image, as by another Java, and their
 * pieces go by one name. Whoever gets one releases it once, after he last touched the bytes.
 */
public final class Rendition {
    private static final int PREFIX = 2 * Integer.BYTES;

    private final ByteString made;
    private final List<Piece> pieces;

    private Rendition(ByteString made, List<Piece> pieces) {
        this.made = made;
        this.pieces = pieces;
    }

    /** Of bytes that were just made. */
    static Rendition ofMade(ByteString bytes) {
        return new Rendition(bytes, List.of());
    }

    /** Of all its pieces, with a share of each. */
    static Rendition ofPieces(List<Piece> pieces) {
        return new Rendition(ByteString.EMPTY, List.copyOf(pieces));
    }

    /**
     * The name of the first piece. It ends in how renditions and their pieces are made, so that what coordinators of another version
     * made, disk caches keep it, is not taken for their own.
     */
    static PieceKey key(BlobHead head, RenditionSpec spec) {
        return PieceKey.derived(head, spec.text() + ";3");
    }

    /** What caches are to keep of it. */
    static List<Piece> cut(ByteString file) {
        var prefix = ByteString.copyFrom(ByteBuffer.allocate(PREFIX)
                .putInt(file.size())
                .putInt(Crc32c.of(file))
                .flip());
        var whole = prefix.concat(file);
        List<Piece> pieces = new ArrayList<>();
        for (int from = 0; from < whole.size(); from += PieceKey.BYTES) {
            var part = whole.substring(from, Math.min(whole.size(), from + PieceKey.BYTES));
            pieces.add(Piece.onHeap(part, Crc32c.of(part)));
        }
        return pieces;
    }

    /** Bytes of all pieces, as the first one tells; what it says may be anything, for the checksum alone was looked at. */
    static long lengthOf(Piece first) {
        return first.length() < PREFIX ? 0 : PREFIX + Integer.toUnsignedLong(number(first, 0));
    }

    /** Whether pieces of the right lengths, each with its checksum, are of one rendition. */
    static boolean areOne(List<Piece> pieces) {
        var first = pieces.get(0);
        int crc = Crc32c.of(first.buffers(PREFIX, first.length()));
        for (var piece : pieces.subList(1, pieces.size())) {
            crc = Crc32c.combine(crc, piece.crc(), piece.length());
        }
        return crc == number(first, Integer.BYTES);
    }

    private static int number(Piece first, int at) {
        return first.buffers(at, at + Integer.BYTES).get(0).getInt();
    }

    /** The bytes, not copied; the buffers are the caller's own, and can only be read. */
    public List<ByteBuffer> buffers() {
        if (pieces.isEmpty()) {
            return made.asReadOnlyByteBufferList();
        }
        List<ByteBuffer> all = new ArrayList<>();
        for (int i = 0; i < pieces.size(); i++) {
            var piece = pieces.get(i);
            all.addAll(piece.buffers(i == 0 ? PREFIX : 0, piece.length()));
        }
        return all;
    }

    /** The bytes must not be touched any more. */
    public void release() {
        pieces.forEach(Piece::release);
    }
}
