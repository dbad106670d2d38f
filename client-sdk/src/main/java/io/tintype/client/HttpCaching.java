// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What browsers and proxies may do with answers over HTTP: kept with a blob, and answered as it was given. It does not
 * bear on Tintype's own caches. Immutable.
 *
 * @param cacheControl value of the header Cache-Control, printable ASCII, at most 128 characters, such as "public,
 *     max-age=31536000, immutable"; empty: that of the user's pool
 * @param expiresOrNull the header Expires; null: none
 */
public record HttpCaching(String cacheControl, @Nullable Instant expiresOrNull) {
    /** As the user's pool says. */
    public static final HttpCaching DEFAULT = new HttpCaching("", null);

    /** This Cache-Control, and no Expires. */
    public static HttpCaching of(String cacheControl) {
        return new HttpCaching(cacheControl, null);
    }

    /** The header Expires, if there is to be one. */
    public Optional<Instant> expires() {
        return Optional.ofNullable(expiresOrNull);
    }
}
