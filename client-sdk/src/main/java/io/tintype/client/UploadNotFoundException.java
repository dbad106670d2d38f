// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import io.tintype.model.TintypeException;

/** The upload is unknown, older than 24 h, completed or aborted: UPLOAD_NOT_FOUND. */
public final class UploadNotFoundException extends NotFoundException {
    UploadNotFoundException(TintypeException cause) {
        super(cause);
    }
}
