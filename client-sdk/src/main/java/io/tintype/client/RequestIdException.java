// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import io.tintype.model.TintypeException;

/** A request id was used for something else, or repeated later than 15 minutes after: REQUEST_ID_REUSED or
 * REQUEST_EXPIRED. The request changed nothing. */
public final class RequestIdException extends TintypeException {
    RequestIdException(TintypeException cause) {
        super(
                cause.reason(),
                String.valueOf(cause.getMessage()),
                cause.details(),
                cause.retryAfter().orElse(null),
                cause);
    }
}
