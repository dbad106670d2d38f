// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.http;

import io.tintype.model.Limits;
import io.tintype.model.Reason;
import io.tintype.model.RequestId;
import io.tintype.model.TintypeException;
import io.tintype.proto.v1.BlobHead;
import io.tintype.proto.v1.Condition;
import io.tintype.proto.v1.PutHeader;
import io.tintype.wire.Wire;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.jspecify.annotations.Nullable;

/** Blobs' properties to and from HTTP headers. Stateless. */
final class BlobHeaders {
    /** Prefix of the caller's own properties. */
    static final String META = "Tintype-Meta-";
    /** CRC32C of all bytes, 8 hex digits. */
    static final String CRC32C = "Tintype-Crc32c";
    /** Request id of a change, 32 hex digits. */
    static final String REQUEST_ID = "Tintype-Request-Id";
    /** Milliseconds since the first attempt under this request id; 0, or left out: this is the first one. */
    static final String RETRY_AGE = "Tintype-Retry-Age-Ms";
    /** true: answer a removal only once no cache shows what was removed. */
    static final String STRICT = "Tintype-Strict";
    /** Milliseconds until the blob ceases to exist. */
    static final String TIME_TO_LIVE = "Tintype-Time-To-Live-Ms";
    /** When the blob ceases to exist, milliseconds since 1970. */
    static final String EXPIRES_AT = "Tintype-Expires-At-Ms";

    private BlobHeaders() {}

    /** Tells what a blob is; when it was written, content length and status are the caller's to set. */
    static void write(BlobHead head, HttpFields.Mutable out) {
        out.put(HttpHeader.ETAG, '"' + head.getEtag() + '"');
        out.put(HttpHeader.CONTENT_TYPE, head.getContentType());
        out.put(HttpHeader.ACCEPT_RANGES, "bytes");
        out.put("X-Content-Type-Options", "nosniff");
        out.put(CRC32C, crc(head.getCrc32C()));
        if (head.getExpiresAtMs() != 0) {
            out.put(EXPIRES_AT, Long.toString(head.getExpiresAtMs()));
        }
        head.getMetadataMap()
                .forEach((key, value) ->
                        out.put(META + PercentCoding.encodeHeaderName(key), PercentCoding.encodeHeaderValue(value)));
    }

    /** Eight hex digits. */
    static String crc(int crc) {
        return HexFormat.of().toHexDigits(crc);
    }

    /**
     * What a blob is to be, by its request's headers.
     *
     * @throws TintypeException INVALID_ARGUMENT, naming the header
     */
    static PutHeader.Builder read(BlobPath path, HttpFields headers, RandomGenerator random) {
        checkWhole(headers);
        var header = PutHeader.newBuilder()
                .setUser(path.user().value())
                .setName(String.valueOf(path.nameOrNull()))
                .setRequestId(Wire.bytes(requestId(headers, random)))
                .setRetryAgeMs(retryAge(headers))
                .putAllMetadata(metadata(headers));
        String type = headers.get(HttpHeader.CONTENT_TYPE);
        if (type != null) {
            header.setContentType(type);
        }
        String timeToLive = headers.get(TIME_TO_LIVE);
        if (timeToLive != null) {
            header.setTimeToLiveMs(number(TIME_TO_LIVE, timeToLive, Limits.MAX_TIME_TO_LIVE.toMillis()));
        }
        var condition = condition(headers);
        if (condition != null) {
            header.setCondition(condition);
        }
        HttpCaching.read(headers, header);
        return header;
    }

    /** What comes is the whole blob, as it is to be stored: a part would take its place, and be told as the whole. */
    private static void checkWhole(HttpFields headers) {
        if (headers.contains(HttpHeader.CONTENT_RANGE)) {
            throw new TintypeException(
                    Reason.INVALID_ARGUMENT,
                    "Content-Range: a blob is stored as a whole. Send all of it, or upload it in chunks by gRPC.");
        }
        String encoding = headers.get(HttpHeader.CONTENT_ENCODING);
        if (encoding != null && !encoding.trim().equalsIgnoreCase("identity")) {
            throw new TintypeException(
                    Reason.INVALID_ARGUMENT,
                    "Content-Encoding: bytes are stored as they come and served without one. Send them decoded.");
        }
    }

    /** The request id that the caller gave, else one at random. */
    static RequestId requestId(HttpFields headers, RandomGenerator random) {
        String given = headers.get(REQUEST_ID);
        if (given == null) {
            return RequestId.random(random);
        }
        try {
            return RequestId.of(HexFormat.of().parseHex(given.trim()));
        } catch (IllegalArgumentException e) {
            throw new TintypeException(Reason.INVALID_ARGUMENT, REQUEST_ID + " is not 32 hex digits.");
        }
    }

    /** Whether a removal is to be answered only once no cache shows what was removed. */
    static boolean strict(HttpFields headers) {
        String given = headers.get(STRICT);
        if (given == null || given.equals("false")) {
            return false;
        }
        if (given.equals("true")) {
            return true;
        }
        throw new TintypeException(Reason.INVALID_ARGUMENT, STRICT + " is neither true nor false.");
    }

    /** How old the request is, if it is a retry. */
    static long retryAge(HttpFields headers) {
        String given = headers.get(RETRY_AGE);
        return given == null ? 0 : number(RETRY_AGE, given, Long.MAX_VALUE);
    }

    /** The checksum that the caller declares, if he does. */
    static OptionalInt declaredCrc(HttpFields headers) {
        String given = headers.get(CRC32C);
        if (given == null) {
            return OptionalInt.empty();
        }
        try {
            if (given.length() != 8) {
                throw new NumberFormatException(given);
            }
            return OptionalInt.of(Integer.parseUnsignedInt(given, 16));
        } catch (NumberFormatException e) {
            throw new TintypeException(Reason.INVALID_ARGUMENT, CRC32C + " is not 8 hex digits.");
        }
    }

    /** What must hold of the current version for a change; null: nothing. */
    static @Nullable Condition condition(HttpFields headers) {
        if (headers.contains(HttpHeader.IF_UNMODIFIED_SINCE)) {
            throw new TintypeException(
                    Reason.INVALID_ARGUMENT,
                    "If-Unmodified-Since: versions may be of one second; send If-Match with an earlier answer's ETag.");
        }
        var match = ETags.parse("If-Match", joined(headers, HttpHeader.IF_MATCH));
        var noneMatch = ETags.parse("If-None-Match", joined(headers, HttpHeader.IF_NONE_MATCH));
        if (match.isPresent() && noneMatch.isPresent()) {
            throw new TintypeException(
                    Reason.INVALID_ARGUMENT, "If-Match and If-None-Match cannot both hold of one change; send one.");
        }
        if (noneMatch.isPresent()) {
            if (!noneMatch.get().any()) {
                throw new TintypeException(
                        Reason.INVALID_ARGUMENT,
                        "If-None-Match of a change can only be *: make the blob only if there is none.");
            }
            return Condition.newBuilder().setAbsent(true).build();
        }
        if (match.isEmpty()) {
            return null;
        }
        var version = match.get()
                .single()
                .orElseThrow(() -> new TintypeException(
                        Reason.INVALID_ARGUMENT,
                        "If-Match of a change must be exactly one entity tag, as an earlier answer's ETag gave it."));
        return Condition.newBuilder().setVersion(Wire.version(version)).build();
    }

    /** A list header that may come in several lines, as one value. */
    static @Nullable String joined(HttpFields headers, HttpHeader name) {
        var values = headers.getValuesList(name);
        return values.isEmpty() ? null : String.join(",", values);
    }

    /** A header's number, 0 to {@code max}. */
    static long number(String header, String value, long max) {
        try {
            long number = Long.parseLong(value.trim());
            if (number >= 0 && number <= max) {
                return number;
            }
        } catch (NumberFormatException e) {
            // told below
        }
        throw new TintypeException(Reason.INVALID_ARGUMENT, header + " is not a whole number from 0 to " + max + ".");
    }

    private static Map<String, String> metadata(HttpFields headers) {
        Map<String, String> metadata = new TreeMap<>();
        for (HttpField field : headers) {
            String name = field.getName();
            if (name.regionMatches(true, 0, META, 0, META.length())) {
                String key = decoded(name, name.substring(META.length()).toLowerCase(Locale.ROOT));
                String value = decoded(name, field.getValue() == null ? "" : field.getValue());
                if (metadata.put(key, value) != null) {
                    throw new TintypeException(Reason.INVALID_ARGUMENT, "Header " + name + " comes twice.");
                }
            }
        }
        return metadata;
    }

    private static String decoded(String header, String text) {
        return Optional.of(text)
                .filter(sent -> sent.chars().allMatch(c -> c < 0x80)) // what others mean is anybody's guess
                .flatMap(PercentCoding::decode)
                .orElseThrow(() -> new TintypeException(
                        Reason.INVALID_ARGUMENT,
                        "Header " + header + " is not percent-encoded UTF-8; write a percent sign as %25."));
    }
}
