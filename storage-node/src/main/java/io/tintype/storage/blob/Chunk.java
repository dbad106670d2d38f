// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.blob;

import com.google.protobuf.ByteString;

/**
 * Bytes of a blob and their checksum. Immutable. What a reader hands out was verified against the checksum; what is given
 * to be stored must be, by whoever took it from the network.
 *
 * <p>Of a sealed chunk, whose user has a key, {@code data} is what {@code io.tintype.storage.keys} made of the bytes: so it
 * is stored, replicated and moved, and only who has the key sees what is inside.
 *
 * @param data the bytes, or what they were sealed into
 * @param crc CRC32C of data
 * @param sealed whether they are sealed
 * @param plainCrc CRC32C of the blob's bytes themselves
 */
public record Chunk(ByteString data, int crc, boolean sealed, int plainCrc) {
    /** By how much a sealed chunk is larger than its bytes: id of the key, nonce, and the cipher's tag. */
    public static final int SEAL_BYTES = 16 + 12 + 16;

    /** Bytes as they are. */
    public Chunk(ByteString data, int crc) {
        this(data, crc, false, crc);
    }

    /** A chunk that is sealed. */
    public static Chunk sealed(ByteString data, int crc, int plainCrc) {
        return new Chunk(data, crc, true, plainCrc);
    }

    /** How many bytes of the blob it has; negative: it is sealed and too short to be whole. */
    public int plainBytes() {
        return sealed ? data.size() - SEAL_BYTES : data.size();
    }
}
