// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.http;

import io.tintype.coordinator.retrieval.RetrievalGateway;
import io.tintype.proto.v1.BlobHead;
import java.time.InstantSource;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;

/**
 * What of a blob one request is answered with: its own bytes, or these compressed; and what caches may do with it. Immutable.
 *
 * @param head what the blob is
 * @param caching what caches may do with it
 * @param varies the answer depends on Accept-Encoding
 * @param gzip it is compressed
 */
record Representation(BlobHead head, HttpCaching caching, boolean varies, boolean gzip) {
    /** Chooses what to answer with; thread-safe. */
    record Choice(RetrievalGateway gateway, Compression compression, InstantSource clock) {
        Representation of(BlobHead head, HttpFields request) {
            var caching = HttpCaching.of(head, gateway.poolCacheControl(head.getUser()), clock.instant());
            boolean varies = compression.applies(head, caching);
            return new Representation(head, caching, varies, varies && Compression.isWanted(request));
        }
    }

    /** The same, with the blob's own bytes. */
    Representation identity() {
        return new Representation(head, caching, varies, false);
    }

    /** The headers; content length and status are the caller's to set. */
    void write(HttpFields.Mutable out) {
        BlobHeaders.write(head, out);
        caching.write(out);
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
