// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import io.tintype.model.TintypeException;

/** A shard, node or plan is not in a state that allows what was ordered: WRONG_STATE. Nothing was changed. */
public final class WrongStateException extends TintypeException {
    WrongStateException(TintypeException cause) {
        super(
                cause.reason(),
                String.valueOf(cause.getMessage()),
                cause.details(),
                cause.retryAfter().orElse(null),
                cause);
    }
}
