// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import io.tintype.model.TintypeException;

/** The bytes that arrived are not those that were declared: SIZE_MISMATCH, CHECKSUM_MISMATCH, INCOMPLETE_UPLOAD or
 * CHUNKS_MISSING. Nothing was stored. */
public final class UploadMismatchException extends TintypeException {
    UploadMismatchException(TintypeException cause) {
        super(
                cause.reason(),
                String.valueOf(cause.getMessage()),
                cause.details(),
                cause.retryAfter().orElse(null),
                cause);
    }
}
