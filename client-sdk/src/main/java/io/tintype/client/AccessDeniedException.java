// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import io.tintype.model.TintypeException;

/** The caller may not do this: ACCESS_DENIED. Nothing was read or changed. Over HTTP alone so far. */
public final class AccessDeniedException extends TintypeException {
    AccessDeniedException(TintypeException cause) {
        super(
                cause.reason(),
                String.valueOf(cause.getMessage()),
                cause.details(),
                cause.retryAfter().orElse(null),
                cause);
    }
}
