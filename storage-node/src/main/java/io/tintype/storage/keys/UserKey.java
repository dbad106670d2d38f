// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.keys;

import com.google.protobuf.ByteString;
import java.security.SecureRandom;
import javax.crypto.spec.SecretKeySpec;

/**
 * The key of a user. Immutable.
 *
 * @param id 16 bytes at random, which tell it from keys that users of the same id had before
 * @param secret 32 bytes for AES-256
 */
public record UserKey(ByteString id, SecretKeySpec secret) {
    /** Bytes of an id. */
    public static final int ID_BYTES = 16;

    /** Bytes of a secret. */
    public static final int SECRET_BYTES = 32;

    static final String CIPHER = "AES";

    /** Checks the lengths. */
    public UserKey {
        if (id.size() != ID_BYTES || secret.getEncoded().length != SECRET_BYTES) {
            throw new IllegalArgumentException("a key has " + ID_BYTES + " bytes of id and " + SECRET_BYTES
                    + " of secret, not " + id.size() + " and " + secret.getEncoded().length);
        }
    }

    /** A key that nobody has had. */
    public static UserKey random(SecureRandom random) {
        byte[] id = new byte[ID_BYTES];
        byte[] secret = new byte[SECRET_BYTES];
        random.nextBytes(id);
        random.nextBytes(secret);
        return of(id, secret);
    }

    /** A key of its parts. */
    public static UserKey of(byte[] id, byte[] secret) {
        return new UserKey(ByteString.copyFrom(id), new SecretKeySpec(secret, CIPHER));
    }

    /** Never shows the secret. */
    @Override
    public String toString() {
        return "key " + java.util.HexFormat.of().formatHex(id.toByteArray());
    }
}
