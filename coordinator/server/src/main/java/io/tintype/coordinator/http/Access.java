// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.http;

import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.wire.UrlSignature;
import java.time.InstantSource;
import org.eclipse.jetty.server.Request;
import org.jspecify.annotations.Nullable;

/**
 * Who may do what: whoever's URL is signed, and, unless that is required, everyone. Thread-safe; never blocks.
 *
 * @param keys whose signatures are taken
 * @param required whether there must be one
 * @param clock by which URLs expire
 */
record Access(SigningKeys keys, boolean required, InstantSource clock) {
    /**
     * Checks a request.
     *
     * @return its raw query, without the signature; null: it has none
     * @throws TintypeException ACCESS_DENIED
     */
    @Nullable
    String check(Request request) {
        var uri = request.getHttpURI();
        String path = String.valueOf(uri.getPath());
        var signed = UrlSignature.verify(keys::find, request.getMethod(), path, uri.getQuery(), clock.instant());
        if (signed.isEmpty() && required) {
            throw new TintypeException(
                    Reason.ACCESS_DENIED,
                    "The URL is not signed, and this coordinator takes signed ones only. Whoever has the keys makes them"
                            + " with 'tintype url sign'.");
        }
        return signed.orElse(uri.getQuery());
    }
}
