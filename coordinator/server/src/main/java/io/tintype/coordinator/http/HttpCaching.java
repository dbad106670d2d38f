// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.http;

import io.tintype.model.Limits;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.proto.v1.BlobHead;
import io.tintype.proto.v1.PutHeader;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.regex.Pattern;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;

/**
 * What browsers and proxies are told they may do with a blob. Immutable.
 *
 * <p>What was given with the blob holds; else what its pool says; else {@value #REVALIDATE}: a copy may be kept, and is
 * used only once {@code If-None-Match} has shown that it is current. So by default nobody is shown what was replaced.
 *
 * @param cacheControl value of Cache-Control; empty: there is none
 * @param expiresMs Expires, in milliseconds since 1970; 0: there is none
 */
record HttpCaching(String cacheControl, long expiresMs) {
    /** Where neither blob nor pool say anything: blobs can be replaced, so whoever keeps one asks whether it is still the one. */
    static final String REVALIDATE = "no-cache";

    private static final Pattern MAX_AGE = Pattern.compile("(?:^|[,\\s])max-age=\"?(\\d{1,10})\"?(?:$|[,\\s])");

    /** What holds of a blob, in a pool with this Cache-Control; empty: the pool has none. */
    static HttpCaching of(BlobHead head, String ofPool, Instant now) {
        if (!head.getCacheControl().isEmpty() || head.getHttpExpiresMs() != 0) {
            return new HttpCaching(head.getCacheControl(), head.getHttpExpiresMs());
        }
        if (ofPool.isEmpty()) {
            return new HttpCaching(REVALIDATE, 0);
        }
        // For caches so old that they know no max-age.
        var age = maxAge(ofPool);
        return new HttpCaching(ofPool, age.isPresent() ? now.toEpochMilli() + 1000 * age.getAsLong() : 0);
    }

    /** Whether nobody on the way may encode the bytes in another way. */
    boolean noTransform() {
        return cacheControl.toLowerCase(Locale.ROOT).contains("no-transform");
    }

    /** Tells it. */
    void write(HttpFields.Mutable out) {
        if (!cacheControl.isEmpty()) {
            out.put(HttpHeader.CACHE_CONTROL, cacheControl);
        }
        if (expiresMs != 0) {
            out.putDate(HttpHeader.EXPIRES, expiresMs);
        }
    }

    /**
     * Takes Cache-Control and Expires over from the headers of a PUT.
     *
     * @throws TintypeException INVALID_ARGUMENT where Expires is no date, or the year is not 1970 to 9999
     */
    static void read(HttpFields headers, PutHeader.Builder into) {
        String control = String.join(", ", headers.getValuesList(HttpHeader.CACHE_CONTROL));
        into.setCacheControl(control);
        String expires = headers.get(HttpHeader.EXPIRES);
        if (expires != null) {
            into.setHttpExpiresMs(date(expires));
        }
    }

    private static long date(String text) {
        try {
            long ms = ZonedDateTime.parse(text.trim(), DateTimeFormatter.RFC_1123_DATE_TIME)
                    .toInstant()
                    .toEpochMilli();
            if (ms > 0 && ms <= Limits.MAX_HTTP_EXPIRES_MS) {
                return ms;
            }
        } catch (DateTimeParseException e) {
            // told below
        }
        throw new TintypeException(
                Reason.INVALID_ARGUMENT,
                "Expires is no date of the years 1970 to 9999; write it as Tue, 14 Nov 2023 22:13:20 GMT.");
    }

    private static OptionalLong maxAge(String control) {
        var match = MAX_AGE.matcher(control.toLowerCase(Locale.ROOT));
        return match.find() ? OptionalLong.of(Long.parseLong(match.group(1))) : OptionalLong.empty();
    }
}
