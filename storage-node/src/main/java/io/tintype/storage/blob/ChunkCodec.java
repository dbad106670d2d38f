// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.blob;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.tintype.checksum.Crc32c;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import java.nio.ByteBuffer;

/**
 * A chunk as it is stored: the bytes, then {@code crc32c of the bytes u32 | binding u32 | format u8}. Before that, if it is
 * sealed, {@code crc32c of the bytes inside u32}.
 *
 * <p>The binding is the CRC32C of key, length and checksums: bytes that are whole but stand under another chunk's key are
 * found out. That a sealed chunk is as it was stored can be told without its key. The trailer stands behind the bytes so that what was read can be handed on without moving it.
 *
 * <p>Pure and thread-safe.
 */
final class ChunkCodec {
    /** Bytes behind those of a chunk, at most. */
    static final int TRAILER_BYTES = 13;

    private static final int PLAIN_TRAILER_BYTES = 9;
    private static final byte PLAIN = 1;
    private static final byte SEALED = 2;

    private ChunkCodec() {}

    static ByteString encode(byte[] key, Chunk chunk) {
        var trailer = ByteBuffer.allocate(chunk.sealed() ? TRAILER_BYTES : PLAIN_TRAILER_BYTES);
        if (chunk.sealed()) {
            trailer.putInt(chunk.plainCrc());
        }
        trailer.putInt(chunk.crc())
                .putInt(binding(key, chunk))
                .put(chunk.sealed() ? SEALED : PLAIN)
                .flip();
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
        byte format = valueLength < PLAIN_TRAILER_BYTES ? 0 : value[valueLength - 1];
        boolean sealed = format == SEALED;
        int length = valueLength - (sealed ? TRAILER_BYTES : PLAIN_TRAILER_BYTES);
        if (length < 0) {
            throw corrupt(who, "is cut off");
        }
        if (format != PLAIN && format != SEALED) {
            throw corrupt(who, "has format " + format + ", and only " + PLAIN + " and " + SEALED + " are known here");
        }
        var trailer = ByteBuffer.wrap(value, length, valueLength - length);
        int plainCrc = sealed ? trailer.getInt() : 0;
        int crc = trailer.getInt();
        var data = UnsafeByteOperations.unsafeWrap(value, 0, length);
        var chunk = sealed ? Chunk.sealed(data, crc, plainCrc) : new Chunk(data, crc);
        if (trailer.getInt() != binding(key, chunk)) {
            throw corrupt(who, "is another chunk than the one asked for");
        }
        if (Crc32c.of(value, 0, length) != crc) {
            throw corrupt(who, "fails its checksum");
        }
        return chunk;
    }

    private static int binding(byte[] key, Chunk chunk) {
        var bound = ByteBuffer.allocate(key.length + 3 * Integer.BYTES)
                .put(key)
                .putInt(chunk.data().size())
                .putInt(chunk.crc());
        if (chunk.sealed()) {
            bound.putInt(chunk.plainCrc());
        }
        return Crc32c.of(bound.array(), 0, bound.position());
    }

    private static TintypeException corrupt(Object who, String how) {
        return new TintypeException(
                Reason.CORRUPT_DATA, "chunk " + who + " " + how + "; another replica may have it whole");
    }
}
