// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import io.tintype.model.TintypeException;

/** The user was never registered and has never written: USER_NOT_FOUND. */
public final class UserNotFoundException extends NotFoundException {
    UserNotFoundException(TintypeException cause) {
        super(cause);
    }
}
