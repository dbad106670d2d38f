// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import io.tintype.model.TintypeException;

/** The pool holds what the change would leave without a place: POOL_IN_USE. Nothing was changed. */
public final class PoolInUseException extends TintypeException {
    PoolInUseException(TintypeException cause) {
        super(
                cause.reason(),
                String.valueOf(cause.getMessage()),
                cause.details(),
                cause.retryAfter().orElse(null),
                cause);
    }
}
