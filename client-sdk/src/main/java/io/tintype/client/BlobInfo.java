// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import io.tintype.model.Version;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What is known of one version of a blob besides its bytes.
 *
 * <p>Immutable.
 *
 * @param user the user the blob belongs to
 * @param name its name within the user
 * @param version the version these facts describe
 * @param size number of bytes
 * @param crc32c CRC32C (Castagnoli) of all bytes
 * @param contentType media type
 * @param metadata the application's own properties
 * @param caching what browsers and proxies may do with answers over HTTP
 * @param writtenAt when this version was written, by the cluster's clock
 * @param expiresAtOrNull when it ceases to exist, if ever
 */
public record BlobInfo(
        String user,
        String name,
        Version version,
        long size,
        int crc32c,
        String contentType,
        Map<String, String> metadata,
        HttpCaching caching,
        Instant writtenAt,
        @Nullable Instant expiresAtOrNull) {
    public BlobInfo {
        metadata = Map.copyOf(metadata);
    }

    /** When the blob ceases to exist; empty: never. */
    public Optional<Instant> expiresAt() {
        return Optional.ofNullable(expiresAtOrNull);
    }

    /** The HTTP entity tag of this version, without quotes. */
    public String etag() {
        return version.etag();
    }
}
