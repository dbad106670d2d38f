// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.blob;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.tintype.checksum.Crc32c;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import java.nio.ByteBuffer;

/**
 * A chunk as it is stored: the bytes, then {@code crc32c of the bytes u32 | binding u32 | format u8}.
 *
 * <p>The binding is the CRC32C of key, length and checksum: bytes that are whole but stand under another chunk's key are
 * found out. The trailer stands behind the bytes so that what was read can be handed on without moving it.
 *
 * <p>Pure and thread-safe.
 */
final class ChunkCodec {
    static final int TRAILER_BYTES = 9;
    private static final byte FORMAT = 1;

    private ChunkCodec() {}

    static ByteString encode(byte[] key, Chunk chunk) {
        var trailer = ByteBuffer.allocate(TRAILER_BYTES)
                .putInt(chunk.crc())
                .putInt(binding(key, chunk.data().size(), chunk.crc()))
                .put(FORMAT)
                .array();
        return chunk.data().concat(UnsafeByteOperations.unsafeWrap(trailer));
    }

    /**
     * The chunk of a stored value, whose array it keeps.
     *
     * @throws TintypeException CORRUPT_DATA unless every bit is as it was stored under this very key
     */
    static Chunk decode(byte[] key, byte[] value, Object who) {
        return decode(key, value, value.length, who);
    }

    /** As above, of a value that fills only the beginning of its array. */
    static Chunk decode(byte[] key, byte[] value, int valueLength, Object who) {
        int length = valueLength - TRAILER_BYTES;
        if (length < 0) {
            throw corrupt(who, "is cut off");
        }
        var trailer = ByteBuffer.wrap(value, length, TRAILER_BYTES);
        int crc = trailer.getInt();
        int binding = trailer.getInt();
        byte format = trailer.get();
        if (format != FORMAT) {
            throw corrupt(who, "has format " + format + ", and only " + FORMAT + " is known here");
        }
        if (binding != binding(key, length, crc)) {
            throw corrupt(who, "is another chunk than the one asked for");
        }
        if (Crc32c.of(value, 0, length) != crc) {
            throw corrupt(who, "fails its checksum");
        }
        return new Chunk(UnsafeByteOperations.unsafeWrap(value, 0, length), crc);
    }

    private static int binding(byte[] key, int length, int crc) {
        return Crc32c.of(ByteBuffer.allocate(key.length + 2 * Integer.BYTES)
                .put(key)
                .putInt(length)
                .putInt(crc)
                .array());
    }

    private static TintypeException corrupt(Object who, String how) {
        return new TintypeException(
                Reason.CORRUPT_DATA, "chunk " + who + " " + how + "; another replica may have it whole");
    }
}
