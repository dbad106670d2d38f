// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.users;

import com.google.protobuf.InvalidProtocolBufferException;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.model.UserId;
import io.tintype.proto.internal.v1.ExportPlace;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.zip.CRC32C;

/**
 * Tokens of pages of exported lists: where the next page begins. Every coordinator of the cluster reads every other's.
 * Thread-safe.
 */
final class ExportTokens {
    private static final int FORMAT = 1;

    /** A name of the longest kind, and the numbers, in base64. */
    private static final int MAX_CHARS = 2_048;

    private final String clusterId;

    ExportTokens(String clusterId) {
        this.clusterId = clusterId;
    }

    String write(UserId user, ExportPlace.Builder place) {
        byte[] bytes = place.setFormat(FORMAT).setOwner(owner(user)).build().toByteArray();
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    /** What a token says; throws INVALID_PAGE_TOKEN unless {@link #write} gave it for this user. */
    ExportPlace read(UserId user, String token) {
        if (token.length() > MAX_CHARS) {
            throw refusal("it has " + token.length() + " characters, more than any token");
        }
        try {
            var place = ExportPlace.parseFrom(Base64.getUrlDecoder().decode(token));
            if (place.getFormat() != FORMAT || place.getShard() <= 0) {
                throw refusal("its form is unknown");
            }
            if (place.getOwner() != owner(user)) {
                throw refusal("it belongs to another user or cluster");
            }
            return place;
        } catch (IllegalArgumentException | InvalidProtocolBufferException e) {
            throw refusal("its form is unknown");
        }
    }

    static TintypeException refusal(String why) {
        return new TintypeException(
                Reason.INVALID_PAGE_TOKEN,
                "page_token does not lead on: " + why + "; begin the list again, without a token");
    }

    private int owner(UserId user) {
        var crc = new CRC32C();
        crc.update(clusterId.getBytes(StandardCharsets.UTF_8));
        crc.update(0);
        crc.update(user.utf8());
        return (int) crc.getValue();
    }
}
