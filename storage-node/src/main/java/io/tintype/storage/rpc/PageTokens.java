// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.rpc;

import io.tintype.model.Limits;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.model.UserId;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Page tokens of listings: where the next page begins, sealed together with the listing it belongs to, so that a token
 * from another user, prefix, delimiter or cluster is refused instead of answered with a wrong page.
 *
 * <p>Form: base64url of version byte 1 | last entry in UTF-8 | first 8 bytes of HMAC-SHA-256, keyed with the cluster's id,
 * over that and the listing. Every node of the cluster can read every other's. The key is no secret: the seal tells
 * mistakes, and who forges a token only lists what he may list anyway. Thread-safe.
 */
final class PageTokens {
    private static final byte FORMAT = 1;
    private static final int SEAL_BYTES = 8;
    private static final int MAX_CHARS = 4 * (1 + Limits.MAX_NAME_BYTES + SEAL_BYTES + 2) / 3 + 4;
    private static final String ALGORITHM = "HmacSHA256";

    private final SecretKeySpec key;

    PageTokens(String clusterId) {
        this.key = new SecretKeySpec(("page token " + clusterId).getBytes(StandardCharsets.UTF_8), ALGORITHM);
    }

    /** The token of the page behind an entry. */
    String after(UserId user, String prefix, String delimiter, String lastEntry) {
        byte[] last = lastEntry.getBytes(StandardCharsets.UTF_8);
        byte[] seal = seal(user, prefix, delimiter, last);
        var token = ByteBuffer.allocate(1 + last.length + SEAL_BYTES)
                .put(FORMAT)
                .put(last)
                .put(seal, 0, SEAL_BYTES);
        return Base64.getUrlEncoder().withoutPadding().encodeToString(token.array());
    }

    /**
     * The entry behind which a page begins.
     *
     * @throws TintypeException INVALID_PAGE_TOKEN unless {@link #after} gave the token for this very listing
     */
    String open(UserId user, String prefix, String delimiter, String token) {
        if (token.length() > MAX_CHARS) {
            throw refusal("it has " + token.length() + " characters, more than any token");
        }
        byte[] bytes;
        try {
            bytes = Base64.getUrlDecoder().decode(token);
        } catch (IllegalArgumentException e) {
            throw refusal("it is not base64url");
        }
        if (bytes.length < 1 + SEAL_BYTES || bytes[0] != FORMAT) {
            throw refusal("its form is unknown");
        }
        byte[] last = Arrays.copyOfRange(bytes, 1, bytes.length - SEAL_BYTES);
        byte[] seal = Arrays.copyOf(seal(user, prefix, delimiter, last), SEAL_BYTES);
        if (!MessageDigest.isEqual(seal, Arrays.copyOfRange(bytes, bytes.length - SEAL_BYTES, bytes.length))) {
            throw refusal("it belongs to another user, prefix, delimiter or cluster");
        }
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(last))
                    .toString();
        } catch (CharacterCodingException e) {
            throw refusal("its form is unknown");
        }
    }

    private byte[] seal(UserId user, String prefix, String delimiter, byte[] last) {
        try {
            var mac = Mac.getInstance(ALGORITHM);
            mac.init(key);
            mac.update(FORMAT);
            for (byte[] part : new byte[][] {
                user.utf8(), prefix.getBytes(StandardCharsets.UTF_8), delimiter.getBytes(StandardCharsets.UTF_8), last
            }) {
                mac.update(
                        ByteBuffer.allocate(Integer.BYTES).putInt(part.length).flip());
                mac.update(part);
            }
            return mac.doFinal();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has " + ALGORITHM, e);
        }
    }

    private static TintypeException refusal(String why) {
        return new TintypeException(
                Reason.INVALID_PAGE_TOKEN,
                "page_token is not one that this listing gave: " + why
                        + "; begin again without a token, or repeat user, prefix and delimiter unchanged");
    }
}
