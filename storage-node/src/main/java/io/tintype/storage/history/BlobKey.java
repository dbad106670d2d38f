// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.history;

import io.tintype.model.BlobName;
import io.tintype.model.UserId;

/**
 * One register of the store: a name of a user.
 *
 * <p>Immutable.
 *
 * @param user whose
 * @param name which of his
 */
public record BlobKey(UserId user, BlobName name) {
    /**
     * Checks and takes both.
     *
     * @throws io.tintype.model.TintypeException INVALID_USER or INVALID_NAME, saying what is wrong
     */
    public static BlobKey of(String user, String name) {
        return new BlobKey(UserId.of(user), BlobName.of(name));
    }

    @Override
    public String toString() {
        return user + "/" + name;
    }
}
