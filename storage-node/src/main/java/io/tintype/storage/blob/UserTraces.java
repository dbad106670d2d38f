// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.blob;

import io.tintype.proto.internal.v1.StoredUser;
import java.util.Optional;

/**
 * What a replica has of a user on its disk. Immutable.
 *
 * @param user the shard's record of him, if there is one
 * @param heads whether there are blobs
 * @param chunks whether there are bytes, of blobs or of what is still to be collected
 * @param outcomes whether there are outcomes of his requests
 */
public record UserTraces(Optional<StoredUser> user, boolean heads, boolean chunks, boolean outcomes) {
    /** Whether there is anything. */
    public boolean any() {
        return user.isPresent() || heads || chunks || outcomes;
    }
}
