// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import io.tintype.model.TintypeException;

/** The user, or pool, exists with other properties: ALREADY_EXISTS. */
public final class AlreadyExistsException extends TintypeException {
    AlreadyExistsException(TintypeException cause) {
        super(
                cause.reason(),
                String.valueOf(cause.getMessage()),
                cause.details(),
                cause.retryAfter().orElse(null),
                cause);
    }
}
