// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.http;

import io.tintype.model.BlobName;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.model.UserId;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a path under {@code /v1/users/} names.
 *
 * <p>The user is one segment; the name is all the rest, slashes included. Both are percent-decoded exactly once, after the
 * path was taken apart: {@code %2F}, {@code ..}, {@code //} and {@code ;} are parts of a name like any other, and nothing
 * is resolved or normalised.
 *
 * @param user the user
 * @param nameOrNull the blob's name; null: the path names the user's listing
 */
record BlobPath(UserId user, @Nullable BlobName nameOrNull) {
    private static final String USERS = "/v1/users/";
    private static final String BLOBS = "blobs";

    /**
     * Takes a raw path apart.
     *
     * @return empty where it is no path of this kind
     * @throws TintypeException INVALID_USER or INVALID_NAME where it is, but names nothing legal
     */
    static Optional<BlobPath> parse(String rawPath) {
        if (!rawPath.startsWith(USERS)) {
            return Optional.empty();
        }
        int userEnd = rawPath.indexOf('/', USERS.length());
        if (userEnd < 0 || !rawPath.startsWith(BLOBS, userEnd + 1)) {
            return Optional.empty();
        }
        int blobsEnd = userEnd + 1 + BLOBS.length();
        boolean isListing = rawPath.length() == blobsEnd;
        if (!isListing && rawPath.charAt(blobsEnd) != '/') {
            return Optional.empty();
        }
        var user = UserId.of(decode(rawPath.substring(USERS.length(), userEnd), "user", Reason.INVALID_USER));
        if (isListing) {
            return Optional.of(new BlobPath(user, null));
        }
        var name = decode(rawPath.substring(blobsEnd + 1), "blob name", Reason.INVALID_NAME);
        return Optional.of(new BlobPath(user, BlobName.of(name)));
    }

    private static String decode(String raw, String what, Reason reason) {
        return PercentCoding.decode(raw)
                .orElseThrow(() -> new TintypeException(
                        reason,
                        "The " + what + " in the path is not percent-encoded UTF-8: write each byte that is not a"
                                + " letter, digit or one of -._~ as % and two hex digits."));
    }
}
