// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import io.tintype.model.TintypeException;

/** The write would exceed the user's quota: QUOTA_EXCEEDED. Nothing was stored. */
public final class QuotaExceededException extends TintypeException {
    QuotaExceededException(TintypeException cause) {
        super(
                cause.reason(),
                String.valueOf(cause.getMessage()),
                cause.details(),
                cause.retryAfter().orElse(null),
                cause);
    }
}
