// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import io.tintype.wire.SigningKey;
import io.tintype.wire.UrlSignature;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HexFormat;

/**
 * Makes URLs that anyone who has them may use until they expire: an application gives them to browsers, so that images come
 * from the coordinators straight. Asks nobody. Thread-safe.
 *
 * <pre>{@code
 * var signer = new UrlSigner(URI.create("https://images.example.org"), SigningKey.of("2024a", secret));
 * return signer.get("alice", "cat.jpg", Duration.ofMinutes(5));
 * }</pre>
 */
public final class UrlSigner {
    /** Longest time for which a URL can be signed. */
    public static final Duration MOST_LIFETIME = Duration.ofDays(3650);

    private static final HexFormat HEX = HexFormat.of().withUpperCase();

    private final String base;
    private final SigningKey key;
    private final InstantSource clock;

    /**
     * A signer.
     *
     * @param base scheme and address of the coordinators' HTTP interface, as browsers will call it
     * @param key one of the keys that the coordinators have
     */
    public UrlSigner(URI base, SigningKey key) {
        this(base, key, InstantSource.system());
    }

    /** The same by another clock, which must agree with that of the coordinators. */
    public UrlSigner(URI base, SigningKey key, InstantSource clock) {
        String text = base.toString();
        this.base = text.endsWith("/") ? text.substring(0, text.length() - 1) : text;
        this.key = key;
        this.clock = clock;
    }

    /** A URL that reads a blob (GET and HEAD), for so long. */
    public URI get(String user, String name, Duration lifetime) {
        return sign("GET", user, name, "", lifetime);
    }

    /** A URL that stores a blob, for so long; whoever has it chooses the bytes and the headers. */
    public URI put(String user, String name, Duration lifetime) {
        return sign("PUT", user, name, "", lifetime);
    }

    /**
     * A URL for any request.
     *
     * @param method GET, PUT or DELETE
     * @param query the query, percent-encoded, without question mark; empty: none
     * @param lifetime one second to 10 years
     */
    public URI sign(String method, String user, String name, String query, Duration lifetime) {
        if (lifetime.compareTo(Duration.ofSeconds(1)) < 0 || lifetime.compareTo(MOST_LIFETIME) > 0) {
            throw new IllegalArgumentException(
                    "A URL is signed for one second to " + MOST_LIFETIME.toDays() + " days, not for " + lifetime + ".");
        }
        String path = "/v1/users/" + encode(Convert.user(user)) + "/blobs/" + encode(Convert.name(name));
        Instant expires = clock.instant().plus(lifetime);
        return URI.create(base + path + "?" + UrlSignature.sign(key, method, path, query, expires));
    }

    /** Percent-encodes all but what no client or proxy has a reason to write in another way. */
    private static String encode(String text) {
        var out = new StringBuilder();
        for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
            boolean plain =
                    (b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z') || (b >= '0' && b <= '9') || b == '-' || b == '_';
            if (plain) {
                out.append((char) b);
            } else {
                out.append('%').append(HEX.toHexDigits(b));
            }
        }
        return out.toString();
    }
}
