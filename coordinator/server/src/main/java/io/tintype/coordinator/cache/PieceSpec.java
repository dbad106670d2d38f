// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.cache;

import io.tintype.proto.v1.BlobHead;
import io.tintype.wire.Wire;
import java.util.OptionalInt;

/**
 * A piece that is wanted, and how to know it. Immutable.
 *
 * @param key which one
 * @param length bytes it must have; {@link #ANY_LENGTH}: not known
 * @param crc its CRC32C, where it is known: where the piece is the whole blob
 */
public record PieceSpec(PieceKey key, int length, OptionalInt crc) {
    /** For what was made, whose length only those know who have it. */
    static final int ANY_LENGTH = -1;

    /** A piece of which neither length nor checksum are known beforehand. */
    public static PieceSpec ofAnyLength(PieceKey key) {
        return new PieceSpec(key, ANY_LENGTH, OptionalInt.empty());
    }

    /** A piece of which the length is known, but not the checksum. */
    public static PieceSpec ofLength(PieceKey key, int length) {
        return new PieceSpec(key, length, OptionalInt.empty());
    }

    /** One piece of the version that the head describes. */
    public static PieceSpec of(BlobHead head, int index) {
        var key = new PieceKey(head.getUser(), head.getName(), Wire.version(head.getVersion()), index);
        boolean whole = head.getSize() <= PieceKey.BYTES;
        return new PieceSpec(
                key, key.lengthIn(head.getSize()), whole ? OptionalInt.of(head.getCrc32C()) : OptionalInt.empty());
    }

    /** Whether these are the bytes; reads all of them. */
    boolean isMetBy(Piece piece) {
        return fits(piece) && piece.isSound();
    }

    /** Whether a sound piece is the one. */
    boolean fits(Piece piece) {
        return (length == ANY_LENGTH || piece.length() == length) && (crc.isEmpty() || crc.getAsInt() == piece.crc());
    }
}
