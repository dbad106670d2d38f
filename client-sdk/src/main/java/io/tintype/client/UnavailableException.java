// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import io.tintype.model.TintypeException;

/** The cluster could not answer in time, after all retries: NO_PRIMARY, NOT_ENOUGH_REPLICAS, FRESHNESS_UNPROVEN,
 * USER_MOVING, UNAVAILABLE, NOT_PRIMARY or WRONG_SHARD. A change that fails with this was not made. */
public final class UnavailableException extends TintypeException {
    UnavailableException(TintypeException cause) {
        super(
                cause.reason(),
                String.valueOf(cause.getMessage()),
                cause.details(),
                cause.retryAfter().orElse(null),
                cause);
    }
}
