// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import io.tintype.model.TintypeException;

/** The first byte asked for lies behind the blob's end: RANGE_NOT_SATISFIABLE. */
public final class RangeNotSatisfiableException extends TintypeException {
    RangeNotSatisfiableException(TintypeException cause) {
        super(
                cause.reason(),
                String.valueOf(cause.getMessage()),
                cause.details(),
                cause.retryAfter().orElse(null),
                cause);
    }
}
