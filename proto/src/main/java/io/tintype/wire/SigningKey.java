// SPDX-License-Identifier: Apache-2.0
package io.tintype.wire;

import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import java.nio.charset.StandardCharsets;
import java.security.InvalidKeyException;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** A key that signs URLs, and its id. Immutable; never shows its secret. */
public final class SigningKey {
    /** Least bytes of a secret. */
    public static final int LEAST_SECRET_BYTES = 16;
    /** Most bytes of a secret. */
    public static final int MOST_SECRET_BYTES = 256;
    /** Most keys in one file. */
    public static final int MOST_KEYS = 64;

    private static final String ALGORITHM = "HmacSHA256";
    private static final Pattern ID = Pattern.compile("[A-Za-z0-9._-]{1,32}");

    private final String id;
    private final SecretKeySpec secret;

    private SigningKey(String id, byte[] secret) {
        this.id = id;
        this.secret = new SecretKeySpec(secret, ALGORITHM);
    }

    /**
     * A key from its text.
     *
     * @param id 1 to 32 characters out of letters, digits, '.', '_' and '-'
     * @param secret 16 to 256 bytes in Base64, plain or for URLs
     * @throws TintypeException INVALID_ARGUMENT
     */
    public static SigningKey of(String id, String secret) {
        if (!ID.matcher(id).matches()) {
            throw invalid("A signing key's id is 1 to 32 characters out of letters, digits, '.', '_' and '-'.");
        }
        byte[] bytes;
        try {
            bytes = Base64.getDecoder().decode(secret.trim().replace('-', '+').replace('_', '/'));
        } catch (IllegalArgumentException e) {
            throw invalid("The secret of signing key " + id + " is not Base64.");
        }
        if (bytes.length < LEAST_SECRET_BYTES || bytes.length > MOST_SECRET_BYTES) {
            throw invalid("The secret of signing key " + id + " has " + bytes.length + " bytes; give "
                    + LEAST_SECRET_BYTES + " to " + MOST_SECRET_BYTES + ".");
        }
        return new SigningKey(id, bytes);
    }

    /**
     * Keys from the text of a file: on each line an id, white space, a secret; empty lines and those that begin with '#' say
     * nothing.
     *
     * @return in the order of the file, by id; at most {@value #MOST_KEYS}
     * @throws TintypeException INVALID_ARGUMENT, naming the line
     */
    public static Map<String, SigningKey> parse(String text) {
        Map<String, SigningKey> keys = new LinkedHashMap<>();
        int number = 0;
        for (String line : text.split("\n", -1)) {
            number++;
            String trimmed = line.trim();
            if (trimmed.isEmpty() || trimmed.startsWith("#")) {
                continue;
            }
            String[] words = trimmed.split("\\s+", -1);
            if (words.length != 2) {
                throw invalid("Line " + number + " of the signing keys is not an id, white space and a secret.");
            }
            if (keys.size() == MOST_KEYS) {
                throw invalid("There are more than " + MOST_KEYS + " signing keys.");
            }
            if (keys.put(words[0], of(words[0], words[1])) != null) {
                throw invalid("Line " + number + " of the signing keys has the id " + words[0] + " again.");
            }
        }
        return keys;
    }

    /** Its id. */
    public String id() {
        return id;
    }

    /** HMAC-SHA256 of a text's UTF-8, in lower-case hex digits. */
    String hmac(String text) {
        try {
            var mac = Mac.getInstance(ALGORITHM);
            mac.init(secret);
            return HexFormat.of().formatHex(mac.doFinal(text.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException | InvalidKeyException e) {
            throw new IllegalStateException("every Java has " + ALGORITHM, e);
        }
    }

    @Override
    public String toString() {
        return "signing key " + id;
    }

    private static TintypeException invalid(String message) {
        return new TintypeException(Reason.INVALID_ARGUMENT, message);
    }
}
