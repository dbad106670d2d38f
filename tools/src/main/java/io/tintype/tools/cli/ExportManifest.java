// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.cli;

import com.fasterxml.jackson.annotation.JsonIgnore;
import io.tintype.client.BlobInfo;
import io.tintype.client.UserBlobs;
import java.time.Instant;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What {@code manifest.json} of an exported user says: all that he had at one moment. Written, never read as a whole.
 *
 * @param format version of this document: 1
 * @param user his id
 * @param pool region.tier
 * @param shard the shard he lived on
 * @param generation rises with every move
 * @param sequence the moment: a place in that shard's log
 * @param exportedAt when the export was whole, ISO 8601, UTC
 * @param bytes bytes of all blobs
 * @param blobs in the order of their names; made one after the other as they are written
 */
record ExportManifest(
        int format,
        String user,
        String pool,
        int shard,
        long generation,
        long sequence,
        String exportedAt,
        long bytes,
        Iterable<Entry> blobs) {
    static final int FORMAT = 1;

    static ExportManifest of(UserBlobs state, Iterable<Entry> entries) {
        return new ExportManifest(
                FORMAT,
                state.user().id(),
                state.user().pool().toString(),
                state.user().shard().value(),
                state.user().generation(),
                state.sequence(),
                Instant.now().toString(),
                state.bytes(),
                entries);
    }

    /**
     * A blob and its file.
     *
     * @param name the blob's name
     * @param file path of its bytes within the folder
     * @param version the version; also the HTTP entity tag
     * @param size bytes
     * @param crc32c CRC32C of all bytes, eight hexadecimal digits
     * @param sha256 SHA-256 of all bytes, in hexadecimal
     * @param contentType media type
     * @param metadata the application's own properties
     * @param writtenAt ISO 8601, UTC
     * @param expiresAt ISO 8601, UTC; null: never
     */
    record Entry(
            String name,
            String file,
            String version,
            long size,
            String crc32c,
            String sha256,
            String contentType,
            Map<String, String> metadata,
            String writtenAt,
            @Nullable String expiresAt) {
        /** Refuses what has no name, version or checksum, as a document may that was changed by hand. */
        Entry {
            if (name == null || version == null || sha256 == null) {
                throw new IllegalArgumentException("a blob without name, version or sha256");
            }
        }

        static Entry of(BlobInfo info, String file, String sha256) {
            return new Entry(
                    info.name(),
                    file,
                    info.version().etag(),
                    info.size(),
                    String.format(Locale.ROOT, "%08x", info.crc32c()),
                    sha256,
                    info.contentType(),
                    new TreeMap<>(info.metadata()),
                    info.writtenAt().toString(),
                    info.expiresAt().map(Instant::toString).orElse(null));
        }

        /** The line of {@code SHA256SUMS}. */
        @JsonIgnore
        String sumLine() {
            return sha256 + "  " + file + "\n";
        }
    }
}
