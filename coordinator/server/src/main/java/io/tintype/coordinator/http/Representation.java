// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.http;

import io.tintype.coordinator.retrieval.RetrievalGateway;
import io.tintype.proto.v1.BlobHead;
import java.time.Duration;
import java.time.InstantSource;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;

/**
 * What of a blob one request is answered with: its own bytes, or these compressed; and what caches may do with it. Immutable.
 *
 * @param head what the blob is
 * @param caching what caches may do with it
 * @param settled when it was written tells it from all that is written after: see {@link #SETTLES}
 * @param varies the answer depends on Accept-Encoding
 * @param gzip it is compressed
 */
record Representation(BlobHead head, HttpCaching caching, boolean settled, boolean varies, boolean gzip) {
    /**
     * How old a version must be for its time to be told. Times are told in whole seconds, and whoever has one may ask by it
     * whether something was written since: while another version can be of the same second, he would not hear of that. A second
     * is enough where clocks agree; those of nodes and coordinators may not.
     */
    static final Duration SETTLES = Duration.ofMinutes(1);

    /** Chooses what to answer with; thread-safe. */
    record Choice(RetrievalGateway gateway, Compression compression, InstantSource clock) {
        Representation of(BlobHead head, HttpFields request) {
            var now = clock.instant();
            var caching = HttpCaching.of(head, gateway.poolCacheControl(head.getUser()), now);
            boolean settled = now.toEpochMilli() - head.getWrittenAtMs() >= SETTLES.toMillis();
            boolean varies = compression.applies(head, caching);
            return new Representation(head, caching, settled, varies, varies && Compression.isWanted(request));
        }
    }

    /** The same, with the blob's own bytes. */
    Representation identity() {
        return new Representation(head, caching, settled, varies, false);
    }

    /** What holds of a rendition of it too: what caches may do with it, and when it was written. */
    void writeOfVersion(HttpFields.Mutable out) {
        caching.write(out);
        if (settled) {
            out.putDate(HttpHeader.LAST_MODIFIED, head.getWrittenAtMs());
        }
    }

    /** The headers; content length and status are the caller's to set. */
    void write(HttpFields.Mutable out) {
        BlobHeaders.write(head, out);
        writeOfVersion(out);
        if (varies) {
            out.add(HttpHeader.VARY, HttpHeader.ACCEPT_ENCODING.asString());
        }
        if (gzip) {
            out.put(HttpHeader.CONTENT_ENCODING, "gzip");
            // Other bytes than those that the strong tag names: good to ask whether they are current, not to cut
            // ranges.
            out.put(HttpHeader.ETAG, "W/\"" + head.getEtag() + '"');
            out.remove(HttpHeader.ACCEPT_RANGES);
        }
    }
}
