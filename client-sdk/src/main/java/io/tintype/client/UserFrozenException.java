// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import io.tintype.model.TintypeException;

/** An operator has frozen the user: he can be read, and nothing of his can be changed until he is unfrozen. */
public final class UserFrozenException extends TintypeException {
    UserFrozenException(TintypeException cause) {
        super(
                cause.reason(),
                String.valueOf(cause.getMessage()),
                cause.details(),
                cause.retryAfter().orElse(null),
                cause);
    }
}
