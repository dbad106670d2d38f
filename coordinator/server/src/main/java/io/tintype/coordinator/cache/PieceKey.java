// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.cache;

import io.tintype.model.Limits;
import io.tintype.model.Version;
import io.tintype.proto.v1.BlobHead;
import io.tintype.wire.Wire;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * Which bytes: one aligned piece of one version of a blob. They never change. Immutable.
 *
 * @param user the user
 * @param name the blob's name; of what is derived from a blob, a name that no blob can have
 * @param version the version
 * @param index which piece, from 0
 */
public record PieceKey(String user, String name, Version version, int index) {
    /** Bytes of every piece but a blob's last: as many as a chunk, so that a node reads one chunk for one piece. */
    public static final int BYTES = Limits.CHUNK_BYTES;

    /** Length of {@link #digest}. */
    static final int DIGEST_BYTES = 32;

    private static final int NUMBERS_BYTES = Long.BYTES + 2 * Integer.BYTES;

    /** Stands between a blob's name and what was made of it: no name has it. */
    private static final char DERIVED = '\0';

    /** The first piece of what was made of one version of a blob; {@code what} tells one such thing from another. */
    public static PieceKey derived(BlobHead head, String what) {
        return new PieceKey(head.getUser(), head.getName() + DERIVED + what, Wire.version(head.getVersion()), 0);
    }

    /** Another piece of the same. */
    public PieceKey at(int other) {
        return new PieceKey(user, name, version, other);
    }

    /** Whether it was made of a blob, so that no node and no peer can be asked for it. */
    boolean isDerived() {
        return name.indexOf(DERIVED) >= 0;
    }

    /** The piece that holds the byte at this place. */
    public static int indexOf(long offset) {
        return Math.toIntExact(offset / BYTES);
    }

    /** Place in the blob of the piece's first byte. */
    public long offset() {
        return (long) index * BYTES;
    }

    /** Bytes of this piece in a blob of this size. */
    public int lengthIn(long size) {
        return (int) Math.min(BYTES, size - offset());
    }

    /** SHA-256 of the cluster's id and all fields, each with its length before it: what stores outside of this process
     * know the piece by. */
    byte[] digest(String clusterId) {
        try {
            var sha = MessageDigest.getInstance("SHA-256");
            for (var text : new String[] {clusterId, user, name}) {
                var bytes = text.getBytes(StandardCharsets.UTF_8);
                sha.update(
                        ByteBuffer.allocate(Integer.BYTES).putInt(bytes.length).flip());
                sha.update(bytes);
            }
            sha.update(ByteBuffer.allocate(NUMBERS_BYTES)
                    .putLong(version.number())
                    .putInt(version.nonce())
                    .putInt(index)
                    .flip());
            return sha.digest();
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
