// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import io.tintype.model.RequestId;
import io.tintype.model.Version;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a blob is to be besides its bytes, and how it is to be stored. Immutable: begin with {@link #DEFAULT} and chain the
 * {@code with} methods.
 *
 * @param contentType media type; empty: application/octet-stream
 * @param metadata the application's own properties; with the content type at most 8 KiB of UTF-8
 * @param caching what browsers and proxies may do with answers over HTTP
 * @param timeToLive after which the blob ceases to exist, up to 10 years; zero: never
 * @param condition what must hold of the current version
 * @param timeout total time with all retries; null: no limit as long as bytes flow
 * @param requestId names the request; null: a fresh random one
 * @param requestAge time since the first try under the request id began
 */
public record PutOptions(
        String contentType,
        Map<String, String> metadata,
        HttpCaching caching,
        Duration timeToLive,
        Condition condition,
        @Nullable Duration timeout,
        @Nullable RequestId requestId,
        Duration requestAge) {
    /** No type, no metadata, for ever, unconditionally. */
    public static final PutOptions DEFAULT = new PutOptions(
            "", Map.of(), HttpCaching.DEFAULT, Duration.ZERO, Condition.none(), null, null, Duration.ZERO);

    public PutOptions {
        metadata = Map.copyOf(metadata);
    }

    /** With this media type, such as "image/jpeg". */
    public PutOptions withContentType(String type) {
        return new PutOptions(type, metadata, caching, timeToLive, condition, timeout, requestId, requestAge);
    }

    /** With these properties instead of those so far. */
    public PutOptions withMetadata(Map<String, String> properties) {
        return new PutOptions(contentType, properties, caching, timeToLive, condition, timeout, requestId, requestAge);
    }

    /** With this Cache-Control and Expires in answers over HTTP, instead of those of the user's pool. */
    public PutOptions withCaching(HttpCaching headers) {
        return new PutOptions(contentType, metadata, headers, timeToLive, condition, timeout, requestId, requestAge);
    }

    /** Ceases to exist after this time; counted in milliseconds, up to 10 years. */
    public PutOptions withTimeToLive(Duration duration) {
        return new PutOptions(contentType, metadata, caching, duration, condition, timeout, requestId, requestAge);
    }

    /** Only where the condition holds, else {@link VersionConflictException}. */
    public PutOptions withCondition(Condition demand) {
        return new PutOptions(contentType, metadata, caching, timeToLive, demand, timeout, requestId, requestAge);
    }

    /** Only where there is no blob of this name yet. */
    public PutOptions ifAbsent() {
        return withCondition(Condition.ifAbsent());
    }

    /** Only where this is the current version. */
    public PutOptions ifVersion(Version version) {
        return withCondition(Condition.ifVersion(version));
    }

    /** Gives up after this time in all. */
    public PutOptions withTimeout(Duration limit) {
        return new PutOptions(contentType, metadata, caching, timeToLive, condition, limit, requestId, requestAge);
    }

    /**
     * Repeats a request: to settle an unknown outcome.
     *
     * @param id the id it had, see {@link OutcomeUnknownException#requestId}
     * @param age time since its first try began, as far as known rather more than less; from 15 minutes on it is refused
     */
    public PutOptions repeating(RequestId id, Duration age) {
        return new PutOptions(contentType, metadata, caching, timeToLive, condition, timeout, id, age);
    }

    /** Under an id of your own choice, drawn at random for this one request. */
    public PutOptions withRequestId(RequestId id) {
        return repeating(id, Duration.ZERO);
    }
}
