// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import io.tintype.model.TintypeException;

/** The request breaks a rule of the contract and changed nothing: INVALID_NAME, INVALID_USER, INVALID_ARGUMENT,
 * METADATA_TOO_LARGE, BLOB_TOO_LARGE, INVALID_PAGE_TOKEN or MESSAGE_TOO_LARGE. Repeating it cannot help. */
public final class InvalidRequestException extends TintypeException {
    InvalidRequestException(TintypeException cause) {
        super(
                cause.reason(),
                String.valueOf(cause.getMessage()),
                cause.details(),
                cause.retryAfter().orElse(null),
                cause);
    }
}
