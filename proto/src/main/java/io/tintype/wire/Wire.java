// SPDX-License-Identifier: Apache-2.0
package io.tintype.wire;

import com.google.protobuf.ByteString;
import io.tintype.model.Limits;
import io.tintype.model.Reason;
import io.tintype.model.RequestId;
import io.tintype.model.ShardId;
import io.tintype.model.TintypeException;
import io.tintype.model.UploadId;
import io.tintype.model.Version;
import io.tintype.proto.v1.BlobVersion;
import io.tintype.proto.v1.Condition;
import io.tintype.proto.v1.PutHeader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * Small values to and from their messages, checked on the way in. Stateless and thread-safe. Every check throws {@link
 * TintypeException} with the field's name in the text.
 */
public final class Wire {
    private Wire() {}

    /** A version as a message. */
    public static BlobVersion version(Version version) {
        return BlobVersion.newBuilder()
                .setNumber(version.number())
                .setNonce(version.nonce())
                .build();
    }

    /** A version from its message. */
    public static Version version(BlobVersion version) {
        return new Version(version.getNumber(), version.getNonce());
    }

    /** A request id from its field. */
    public static RequestId requestId(ByteString bytes) {
        return RequestId.of(bytes.toByteArray());
    }

    /** A request id as a field. */
    public static ByteString bytes(RequestId id) {
        return ByteString.copyFrom(id.toBytes());
    }

    /** An upload id from its field. */
    public static UploadId uploadId(ByteString bytes) {
        return UploadId.of(bytes.toByteArray());
    }

    /** An upload id as a field. */
    public static ByteString bytes(UploadId id) {
        return ByteString.copyFrom(id.toBytes());
    }

    /** A shard hint from its field: 0 means that the caller knows none. */
    public static Optional<ShardId> shardHint(int shard) {
        if (shard < 0) {
            throw new TintypeException(
                    Reason.INVALID_ARGUMENT, "shard " + Integer.toUnsignedString(shard) + " is no shard id");
        }
        return shard == 0 ? Optional.empty() : Optional.of(new ShardId(shard));
    }

    /** Refuses a condition that asks for nothing that can be checked. */
    public static void checkCondition(Condition condition) {
        switch (condition.getKindCase()) {
            case VERSION -> {}
            case ABSENT -> {
                if (!condition.getAbsent()) {
                    throw new TintypeException(
                            Reason.INVALID_ARGUMENT, "condition.absent is false; leave the condition out instead");
                }
            }
            case KIND_NOT_SET ->
                throw new TintypeException(
                        Reason.INVALID_ARGUMENT,
                        "condition names neither a version nor absence; leave it out, or use a newer server");
        }
    }

    /**
     * Refuses content type and metadata that are over {@link Limits#MAX_METADATA_BYTES}, a time to live outside its
     * limits, and a declared size over {@code maxBlobBytes}. User, name, request id and condition are checked where they
     * are read.
     */
    public static void checkHeader(PutHeader header, long maxBlobBytes) {
        checkMetadata(header.getContentType(), header.getMetadataMap());
        checkHttpCaching(header.getCacheControl(), header.getHttpExpiresMs());
        long ttl = header.getTimeToLiveMs();
        if (ttl < 0 || ttl > Limits.MAX_TIME_TO_LIVE.toMillis()) {
            throw new TintypeException(
                    Reason.INVALID_ARGUMENT,
                    "time_to_live_ms is " + ttl + "; give 0 for ever, or up to " + Limits.MAX_TIME_TO_LIVE.toMillis());
        }
        if (header.hasSize()) {
            checkSize(header.getSize(), maxBlobBytes);
        }
    }

    /** Refuses a blob over the limit. */
    public static void checkSize(long size, long maxBlobBytes) {
        if (Long.compareUnsigned(size, maxBlobBytes) > 0) {
            throw new TintypeException(
                    Reason.BLOB_TOO_LARGE,
                    "blob has " + Long.toUnsignedString(size) + " bytes; at most " + maxBlobBytes + " are allowed");
        }
    }

    /** Refuses content type and metadata over the limit, and characters that HTTP headers could not carry. */
    public static void checkMetadata(String contentType, Map<String, String> metadata) {
        checkPrintable("content_type", contentType);
        long bytes = contentType.getBytes(StandardCharsets.UTF_8).length;
        for (var entry : metadata.entrySet()) {
            if (entry.getKey().isEmpty()) {
                throw new TintypeException(Reason.INVALID_ARGUMENT, "metadata has an empty key");
            }
            bytes += entry.getKey().getBytes(StandardCharsets.UTF_8).length;
            bytes += entry.getValue().getBytes(StandardCharsets.UTF_8).length;
        }
        if (bytes > Limits.MAX_METADATA_BYTES) {
            throw new TintypeException(
                    Reason.METADATA_TOO_LARGE,
                    "metadata and content type have " + bytes + " bytes together; at most " + Limits.MAX_METADATA_BYTES
                            + " are allowed");
        }
    }

    /** Refuses what the HTTP headers Cache-Control and Expires could not carry. */
    public static void checkHttpCaching(String cacheControl, long expiresMs) {
        checkPrintable("cache_control", cacheControl);
        if (cacheControl.length() > Limits.MAX_CACHE_CONTROL) {
            throw new TintypeException(
                    Reason.INVALID_ARGUMENT,
                    "cache_control has " + cacheControl.length() + " characters; give at most "
                            + Limits.MAX_CACHE_CONTROL);
        }
        if (expiresMs < 0 || expiresMs > Limits.MAX_HTTP_EXPIRES_MS) {
            throw new TintypeException(
                    Reason.INVALID_ARGUMENT,
                    "http_expires_ms is " + expiresMs + "; give 0 for none, or up to " + Limits.MAX_HTTP_EXPIRES_MS
                            + " (the year 9999)");
        }
    }

    /** The expiry that a time to live means at a given time; 0: never. Both in milliseconds. */
    public static long expiry(long nowMs, Duration timeToLive) {
        return timeToLive.isZero() ? 0 : nowMs + timeToLive.toMillis();
    }

    private static void checkPrintable(String what, String value) {
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c < 0x20 || c > 0x7e) {
                throw new TintypeException(
                        Reason.INVALID_ARGUMENT,
                        what + " has a character outside printable ASCII at position " + i + "; encode or drop it");
            }
        }
    }
}
