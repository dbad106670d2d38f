// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import io.tintype.model.TintypeException;

/** Another move of the user is under way: MOVE_CONFLICT. Wait for it to end, or abort it first. */
public final class MoveConflictException extends TintypeException {
    MoveConflictException(TintypeException cause) {
        super(
                cause.reason(),
                String.valueOf(cause.getMessage()),
                cause.details(),
                cause.retryAfter().orElse(null),
                cause);
    }
}
