// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import io.tintype.model.TintypeException;

/** There is no such blob, or its time to live is over: BLOB_NOT_FOUND. */
public final class BlobNotFoundException extends NotFoundException {
    BlobNotFoundException(TintypeException cause) {
        super(cause);
    }
}
