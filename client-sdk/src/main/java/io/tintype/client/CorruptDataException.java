// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import io.tintype.model.TintypeException;

/** Bytes fail their checksum at the first source and at another: CORRUPT_DATA. No wrong byte was handed out. */
public final class CorruptDataException extends TintypeException {
    CorruptDataException(TintypeException cause) {
        super(
                cause.reason(),
                String.valueOf(cause.getMessage()),
                cause.details(),
                cause.retryAfter().orElse(null),
                cause);
    }
}
