// SPDX-License-Identifier: Apache-2.0
package io.tintype.wire;

import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * URLs that anyone who has them may use until they expire. Pure.
 *
 * <p>Three parameters at the end of the query: {@value #KEY} names the key, {@value #EXPIRES} the second since 1970 from
 * which on the URL is refused, and {@value #SIGNATURE}, the very last one, is HMAC-SHA256 in 64 lower-case hex digits over
 *
 * <pre>tintype-url-v1 LF METHOD LF raw path LF raw query before "&amp;tintype-signature="</pre>
 *
 * all exactly as they are sent. HEAD counts as GET, so that whoever may read may ask what there is to be read.
 */
public final class UrlSignature {
    /** Parameter: id of the key. */
    public static final String KEY = "tintype-key";
    /** Parameter: the second since 1970 from which on the URL is refused. */
    public static final String EXPIRES = "tintype-expires";
    /** Parameter: the signature. */
    public static final String SIGNATURE = "tintype-signature";

    private static final String VERSION = "tintype-url-v1";
    private static final int MAX_DIGITS = 12;

    private UrlSignature() {}

    /**
     * The query with which a URL is signed.
     *
     * @param method GET, PUT or DELETE
     * @param rawPath the path, percent-encoded exactly as it will be sent
     * @param rawQuery the query as it will be sent, without question mark; empty: none
     * @param expires from when on the URL is refused; counted in whole seconds
     */
    public static String sign(SigningKey key, String method, String rawPath, String rawQuery, Instant expires) {
        if (rawQuery.contains(KEY) || rawQuery.contains(EXPIRES) || rawQuery.contains(SIGNATURE)) {
            throw new TintypeException(
                    Reason.INVALID_ARGUMENT, "The URL is signed already; sign it without its query.");
        }
        String before = (rawQuery.isEmpty() ? "" : rawQuery + "&") + KEY + "=" + key.id() + "&" + EXPIRES + "="
                + expires.getEpochSecond();
        return before + "&" + SIGNATURE + "=" + key.hmac(text(method, rawPath, before));
    }

    /**
     * Checks a request's signature, if it has one.
     *
     * @param keys finds a key by its id
     * @param rawQuery as it was sent; null: none
     * @return the query without the signature, empty where there is nothing else; no value: the request is not signed
     * @throws TintypeException ACCESS_DENIED, saying what is wrong with the signature
     */
    public static Optional<String> verify(
            Function<String, Optional<SigningKey>> keys,
            String method,
            String rawPath,
            @Nullable String rawQuery,
            Instant now) {
        if (rawQuery == null || !rawQuery.contains("tintype-")) {
            return Optional.empty();
        }
        List<String> parts = Arrays.asList(rawQuery.split("&", -1));
        var ours = parts.stream().filter(UrlSignature::isOurs).toList();
        if (ours.isEmpty()) {
            return Optional.empty();
        }
        int at = rawQuery.lastIndexOf("&" + SIGNATURE + "=");
        if (ours.size() != 3 || at < 0 || !parts.get(parts.size() - 1).startsWith(SIGNATURE + "=")) {
            throw denied("A signed URL has " + KEY + ", " + EXPIRES + " and, at its very end, " + SIGNATURE
                    + ", each once. This one was changed after it was signed.");
        }
        String id = value(ours, KEY);
        var key = keys.apply(id)
                .orElseThrow(
                        () -> denied("The URL was signed with a key that is not known here. Sign it anew, with a key"
                                + " that the coordinators have."));
        String expected = key.hmac(text(method, rawPath, rawQuery.substring(0, at)));
        String given = rawQuery.substring(at + SIGNATURE.length() + 2);
        if (!MessageDigest.isEqual(ascii(expected), ascii(given))) {
            throw denied("The signature is not that of this method, path and query. The URL was changed after it was"
                    + " signed, or was signed for another method.");
        }
        long expires = seconds(value(ours, EXPIRES));
        if (now.getEpochSecond() >= expires) {
            throw denied("The URL expired at " + Instant.ofEpochSecond(expires)
                    + ". Ask whoever gave it to you for a new" + " one.");
        }
        return Optional.of(parts.stream().filter(part -> !isOurs(part)).collect(Collectors.joining("&")));
    }

    private static boolean isOurs(String part) {
        return part.startsWith(KEY + "=") || part.startsWith(EXPIRES + "=") || part.startsWith(SIGNATURE + "=");
    }

    private static String value(List<String> ours, String name) {
        return ours.stream()
                .filter(part -> part.startsWith(name + "="))
                .map(part -> part.substring(name.length() + 1))
                .findFirst()
                .orElseThrow(() -> denied("The URL has no " + name + ". It was changed after it was signed."));
    }

    private static long seconds(String text) {
        if (text.isEmpty() || text.length() > MAX_DIGITS || !text.chars().allMatch(c -> c >= '0' && c <= '9')) {
            throw denied(EXPIRES + " is no second since 1970.");
        }
        return Long.parseLong(text);
    }

    private static String text(String method, String rawPath, String query) {
        return String.join("\n", VERSION, method.equals("HEAD") ? "GET" : method, rawPath, query);
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static TintypeException denied(String message) {
        return new TintypeException(Reason.ACCESS_DENIED, message);
    }
}
