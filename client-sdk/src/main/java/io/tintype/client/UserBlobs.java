// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import java.util.List;

/**
 * Exactly the blobs that a user had at one moment. Immutable.
 *
 * @param user the user and his home then
 * @param sequence the moment: a place in the log of his shard
 * @param blobs in the order of their names
 */
public record UserBlobs(UserInfo user, long sequence, List<BlobInfo> blobs) {
    public UserBlobs {
        blobs = List.copyOf(blobs);
    }

    /** Their bytes. */
    public long bytes() {
        return blobs.stream().mapToLong(BlobInfo::size).sum();
    }
}
