// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import io.tintype.model.TintypeException;

/** What was named does not exist: one of the subclasses, or SHARD_NOT_FOUND, POOL_NOT_FOUND, NODE_NOT_FOUND or MOVE_NOT_FOUND. */
public class NotFoundException extends TintypeException {
    NotFoundException(TintypeException cause) {
        super(
                cause.reason(),
                String.valueOf(cause.getMessage()),
                cause.details(),
                cause.retryAfter().orElse(null),
                cause);
    }
}
