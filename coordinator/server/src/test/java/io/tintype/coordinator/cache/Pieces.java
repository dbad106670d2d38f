// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.cache;

import com.google.protobuf.ByteString;
import io.tintype.checksum.Crc32c;
import io.tintype.model.Version;
import java.nio.ByteBuffer;
import java.util.OptionalInt;
import java.util.Random;

/** Pieces whose bytes follow from their names, for tests. */
final class Pieces {
    private Pieces() {}

    static PieceKey key(int number) {
        return new PieceKey("u", "n" + number, new Version(number + 1, 7), 0);
    }

    static byte[] bytes(int number, int length) {
        var bytes = new byte[length];
        new Random(number).nextBytes(bytes);
        return bytes;
    }

    static Piece piece(int number, int length) {
        var bytes = ByteString.copyFrom(bytes(number, length));
        return Piece.onHeap(bytes, Crc32c.of(bytes));
    }

    static PieceSpec spec(int number, int length) {
        return new PieceSpec(key(number), length, OptionalInt.empty());
    }

    static byte[] read(Piece piece) {
        return read(piece, 0, piece.length());
    }

    static byte[] read(Piece piece, int from, int to) {
        var bytes = ByteBuffer.allocate(to - from);
        piece.buffers(from, to).forEach(bytes::put);
        return bytes.array();
    }
}
