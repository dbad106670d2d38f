// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import io.tintype.model.TintypeException;

/** There is no room: SHARD_FULL, POOL_FULL or DISK_FULL. Nothing was stored; the operator must add room. */
public final class StorageFullException extends TintypeException {
    StorageFullException(TintypeException cause) {
        super(
                cause.reason(),
                String.valueOf(cause.getMessage()),
                cause.details(),
                cause.retryAfter().orElse(null),
                cause);
    }
}
