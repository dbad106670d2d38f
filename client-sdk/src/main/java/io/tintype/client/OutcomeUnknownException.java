// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import io.tintype.model.RequestId;
import io.tintype.model.TintypeException;
import java.util.Optional;

/**
 * A change was begun and the client, after all retries, does not know whether it was made: OUTCOME_UNKNOWN.
 *
 * <p>Repeat it within 15 minutes with the same content and {@link #requestId} ({@link PutOptions#repeating}) to settle it: it
 * is applied once. Or look at
 * what is there. Until then count on neither.
 */
public final class OutcomeUnknownException extends TintypeException {
    /** Detail: the request id in hexadecimal. */
    static final String REQUEST_ID = "request_id";

    OutcomeUnknownException(TintypeException cause) {
        super(
                cause.reason(),
                String.valueOf(cause.getMessage()),
                cause.details(),
                cause.retryAfter().orElse(null),
                cause);
    }

    /** Under which id to repeat the request; empty for what has none: changes of users and pools, staged chunks. */
    public Optional<RequestId> requestId() {
        return Optional.ofNullable(details().get(REQUEST_ID))
                .map(hex -> new RequestId(
                        Long.parseUnsignedLong(hex.substring(0, 16), 16),
                        Long.parseUnsignedLong(hex.substring(16), 16)));
    }
}
