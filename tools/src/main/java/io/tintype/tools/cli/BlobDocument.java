// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.cli;

import io.tintype.client.BlobInfo;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A version of a blob as commands print it. Immutable.
 *
 * @param user the user
 * @param name the name within the user
 * @param version the version; also the HTTP entity tag, and what {@code --if-version} takes
 * @param size bytes
 * @param crc32c CRC32C of all bytes, eight hexadecimal digits
 * @param contentType media type
 * @param metadata the application's own properties
 * @param cacheControl Cache-Control of answers over HTTP; empty: that of the user's pool
 * @param httpExpires Expires of answers over HTTP, ISO 8601, UTC; null: none
 * @param writtenAt ISO 8601, UTC
 * @param expiresAt ISO 8601, UTC; null: never
 */
record BlobDocument(
        String user,
        String name,
        String version,
        long size,
        String crc32c,
        String contentType,
        Map<String, String> metadata,
        String cacheControl,
        @Nullable String httpExpires,
        String writtenAt,
        @Nullable String expiresAt) {
    /** Headings of {@link #row}. */
    static final List<String> COLUMNS = List.of("size>", "written", "version", "name");

    static BlobDocument of(BlobInfo info) {
        return new BlobDocument(
                info.user(),
                info.name(),
                info.version().etag(),
                info.size(),
                String.format(Locale.ROOT, "%08x", info.crc32c()),
                info.contentType(),
                new TreeMap<>(info.metadata()),
                info.caching().cacheControl(),
                info.caching().expires().map(Instant::toString).orElse(null),
                info.writtenAt().toString(),
                info.expiresAt().map(Instant::toString).orElse(null));
    }

    /** As a line of a listing. */
    static List<String> row(BlobInfo info) {
        return List.of(
                Long.toString(info.size()),
                info.writtenAt().truncatedTo(ChronoUnit.SECONDS).toString(),
                info.version().etag(),
                Text.printable(info.name()));
    }
}
