// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.blob;

import io.tintype.model.UploadId;
import io.tintype.model.UserId;

/**
 * Names a chunk within a shard. Immutable.
 *
 * @param user whose it is
 * @param upload the upload it came with
 * @param index its place, from 0
 */
public record ChunkKey(UserId user, UploadId upload, int index) {
    public ChunkKey {
        if (index < 0) {
            throw new IllegalArgumentException("chunk index " + index);
        }
    }
}
