// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.http;

import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.proto.v1.Consistency;
import io.tintype.proto.v1.Freshness;
import io.tintype.proto.v1.ReadOptions;
import io.tintype.proto.v1.SessionToken;
import io.tintype.wire.ReadOptionsText;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.Request;

/** How fresh a reader wants his answer, and how fresh it is, as headers. Stateless. */
final class ReadDemand {
    /** How fresh the answer must be. */
    static final String CONSISTENCY = "Tintype-Consistency";
    /** In answers to changes: what a later read may show to see them. */
    static final String SESSION = "Tintype-Session";
    /** In answers to reads that may miss acknowledged changes: since when, milliseconds since 1970; 0: not known. */
    static final String STALE_AS_OF = "Tintype-Stale-As-Of-Ms";

    private ReadDemand() {}

    /**
     * What the headers ask for; linearizable where they say nothing.
     *
     * @throws TintypeException INVALID_ARGUMENT, saying what may be written
     */
    static ReadOptions of(HttpFields headers) {
        String text = headers.get(CONSISTENCY);
        return text == null ? ReadOptions.getDefaultInstance() : ReadOptionsText.parse(text.trim());
    }

    /** Whether one version is wanted, current or not. */
    static boolean isExact(ReadOptions options) {
        return options.getConsistency() == Consistency.CONSISTENCY_EXACT_VERSION;
    }

    /**
     * Tells that an answer may be stale, where it may. One to a request that says how fresh it must be is for such requests
     * alone: a cache that keeps it must not show what may be an hour old to who asks for what is current.
     */
    static void write(Freshness freshness, Request request, HttpFields.Mutable out) {
        if (request.getHeaders().contains(CONSISTENCY)) {
            out.add(HttpHeader.VARY, CONSISTENCY);
        }
        if (freshness.getStale()) {
            out.put(STALE_AS_OF, Long.toString(freshness.getAsOfMs()));
        }
    }

    /** Tells what to show to later reads that must see a change. */
    static void write(SessionToken token, HttpFields.Mutable out) {
        out.put(SESSION, ReadOptionsText.token(token));
    }

    static TintypeException exactWithoutVersion() {
        return new TintypeException(
                Reason.INVALID_ARGUMENT,
                CONSISTENCY + ": exact needs an If-Match of exactly one entity tag, which says the version.");
    }
}
