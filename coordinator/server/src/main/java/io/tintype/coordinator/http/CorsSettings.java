// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.http;

import io.tintype.cluster.config.Meaning;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.util.List;

/** Pages of which other origins may use the HTTP interface by script. Immutable. */
public record CorsSettings(
        @Meaning("Origins whose pages may read answers and send changes, as https://example.org; '*': all; none: none.")
        List<String> origins,

        @Meaning("How long browsers may remember what is allowed; 0s to 24h.")
        Duration maxAge) {
    /** None. */
    public static final CorsSettings NONE = new CorsSettings(List.of(), Duration.ofMinutes(10));

    /** Most origins. */
    public static final int MOST_ORIGINS = 256;

    public CorsSettings {
        origins = List.copyOf(origins);
        if (origins.size() > MOST_ORIGINS) {
            throw new IllegalArgumentException(
                    "Setting http.cors.origins has " + origins.size() + " origins; give at most " + MOST_ORIGINS + ".");
        }
        for (var origin : origins) {
            if (!origin.equals("*") && !isOrigin(origin)) {
                throw new IllegalArgumentException("Setting http.cors.origins has '" + origin
                        + "'; give scheme, host and port as browsers send them, such as https://example.org or"
                        + " http://localhost:3000, or '*'.");
            }
        }
        if (maxAge.isNegative() || maxAge.toHours() > 24) {
            throw new IllegalArgumentException("Setting http.cors.maxAge is " + maxAge + "; it must be 0 s to 24 h.");
        }
    }

    private static boolean isOrigin(String text) {
        try {
            var uri = new URI(text);
            return uri.getScheme() != null
                    && uri.getHost() != null
                    && text.equals(uri.getScheme() + "://" + uri.getRawAuthority())
                    && uri.getRawUserInfo() == null;
        } catch (URISyntaxException e) {
            return false;
        }
    }
}
