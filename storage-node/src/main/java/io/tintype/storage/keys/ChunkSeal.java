// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.keys;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.tintype.checksum.Crc32c;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.model.UserId;
import io.tintype.storage.blob.Chunk;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;

/**
 * Seals chunks and opens them: {@code key id 16 | nonce 12 | AES-256-GCM of the bytes | tag 16}. Bound to what is inside are the
 * user, the chunk's place in its blob, and length and checksum of the bytes; not the upload, for a move and a copy carry
 * chunks as they are to another one. Which upload a chunk belongs to is for the chunk's record on the disk to hold.
 *
 * <p>Nonces are random: by the birthday bound two of a user's 2^32 chunks have the same with a probability of 2^-33.
 *
 * <p>Thread-safe; takes the processor for about a millisecond a mebibyte, and never blocks.
 */
final class ChunkSeal {
    private static final String CIPHER = "AES/GCM/NoPadding";
    private static final int NONCE_BYTES = 12;
    private static final int TAG_BITS = 128;
    private static final int HEAD_BYTES = UserKey.ID_BYTES + NONCE_BYTES;

    private final SecureRandom random = new SecureRandom();

    Chunk seal(UserKey key, UserId user, int index, Chunk plain) {
        var sealed = ByteBuffer.allocate(plain.data().size() + Chunk.SEAL_BYTES);
        byte[] nonce = new byte[NONCE_BYTES];
        random.nextBytes(nonce);
        sealed.put(key.id().asReadOnlyByteBuffer()).put(nonce);
        try {
            var cipher = cipher(Cipher.ENCRYPT_MODE, key, nonce, user, index, plain);
            for (var part : plain.data().asReadOnlyByteBufferList()) {
                cipher.update(part, sealed);
            }
            cipher.doFinal(ByteBuffer.allocate(0), sealed);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("AES-256-GCM fails", e);
        }
        int crc = Crc32c.of(sealed.array(), 0, sealed.position());
        return Chunk.sealed(
                UnsafeByteOperations.unsafeWrap(sealed.array(), 0, sealed.position()), crc, plain.plainCrc());
    }

    /** Which key a sealed chunk was sealed with. */
    static ByteString keyId(Chunk sealed) {
        return sealed.data().substring(0, UserKey.ID_BYTES);
    }

    /** @throws TintypeException CORRUPT_DATA unless it is what was sealed for this very place */
    Chunk open(UserKey key, UserId user, int index, Chunk sealed) {
        var in = sealed.data().asReadOnlyByteBuffer();
        byte[] nonce = new byte[NONCE_BYTES];
        in.position(UserKey.ID_BYTES).get(nonce);
        var plain = ByteBuffer.allocate(sealed.plainBytes());
        try {
            cipher(Cipher.DECRYPT_MODE, key, nonce, user, index, sealed).doFinal(in, plain);
        } catch (GeneralSecurityException e) {
            throw new TintypeException(
                    Reason.CORRUPT_DATA,
                    "chunk " + index + " of a blob of user '" + user + "' is not what was sealed with his key; another"
                            + " replica may have it whole",
                    java.util.Map.of(),
                    null,
                    e);
        }
        return new Chunk(UnsafeByteOperations.unsafeWrap(plain.array()), sealed.plainCrc());
    }

    private static Cipher cipher(int mode, UserKey key, byte[] nonce, UserId user, int index, Chunk chunk)
            throws GeneralSecurityException {
        var cipher = Cipher.getInstance(CIPHER);
        cipher.init(mode, key.secret(), new GCMParameterSpec(TAG_BITS, nonce));
        cipher.updateAAD(ByteBuffer.allocate(3 * Integer.BYTES)
                .putInt(index)
                .putInt(chunk.plainBytes())
                .putInt(chunk.plainCrc())
                .array());
        cipher.updateAAD(user.value().getBytes(StandardCharsets.UTF_8));
        return cipher;
    }

    /** Whether it is long enough to have been sealed. */
    static boolean isLongEnough(Chunk sealed) {
        return sealed.data().size() >= HEAD_BYTES + TAG_BITS / Byte.SIZE;
    }
}
