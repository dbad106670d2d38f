// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.cache;

import com.google.protobuf.UnsafeByteOperations;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Pieces as stores outside of this process keep them; see docs/storage-format.md. What is not exactly the piece that is
 * looked for is no piece. Immutable and thread-safe.
 */
final class PieceCodec {
    /** Bytes before the piece's own. */
    static final int HEADER_BYTES = 56;

    private static final int MAGIC = 0x54545043; // TTPC
    private static final int FORMAT = 2;

    private final String clusterId;

    /** Of a cluster: pieces of others are not known here. */
    PieceCodec(String clusterId) {
        this.clusterId = clusterId;
    }

    /** What the piece is stored under. */
    byte[] key(PieceKey key) {
        return key.digest(clusterId);
    }

    /** The piece with its header. */
    byte[] encode(byte[] digest, Piece piece) {
        var out = ByteBuffer.allocate(HEADER_BYTES + piece.length());
        out.putInt(MAGIC).putInt(FORMAT).put(digest).putInt(piece.length()).putInt(piece.crc());
        out.putLong(System.currentTimeMillis());
        piece.buffers(0, piece.length()).forEach(out::put);
        return out.array();
    }

    /** The piece, if the stored bytes are those of this key and length; its checksum is still to be checked. */
    Optional<Piece> decode(byte[] digest, int expected, byte @Nullable [] stored) {
        if (stored == null || stored.length < HEADER_BYTES) {
            return Optional.empty();
        }
        int length = stored.length - HEADER_BYTES;
        if (expected != PieceSpec.ANY_LENGTH && length != expected) {
            return Optional.empty();
        }
        var in = ByteBuffer.wrap(stored);
        if (in.getInt() != MAGIC || in.getInt() != FORMAT) {
            return Optional.empty();
        }
        var of = new byte[PieceKey.DIGEST_BYTES];
        in.get(of);
        if (!Arrays.equals(of, digest) || in.getInt() != length) {
            return Optional.empty();
        }
        int crc = in.getInt();
        return Optional.of(
                Piece.onHeap(UnsafeByteOperations.unsafeWrap(stored, HEADER_BYTES, length), crc, in.getLong()));
    }
}
