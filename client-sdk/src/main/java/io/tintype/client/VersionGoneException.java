// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import io.tintype.model.TintypeException;

/** The version being read was replaced or deleted while it was read: VERSION_GONE. Start over. */
public final class VersionGoneException extends TintypeException {
    VersionGoneException(TintypeException cause) {
        super(
                cause.reason(),
                String.valueOf(cause.getMessage()),
                cause.details(),
                cause.retryAfter().orElse(null),
                cause);
    }
}
