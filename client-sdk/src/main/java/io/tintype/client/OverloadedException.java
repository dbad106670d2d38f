// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import io.tintype.model.TintypeException;

/** A named limit on work in flight is reached, at the cluster or in this client: OVERLOADED. Not done; slow down and try
 * again. */
public final class OverloadedException extends TintypeException {
    OverloadedException(TintypeException cause) {
        super(
                cause.reason(),
                String.valueOf(cause.getMessage()),
                cause.details(),
                cause.retryAfter().orElse(null),
                cause);
    }
}
