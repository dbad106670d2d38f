// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.keys;

import io.tintype.model.UserId;
import io.tintype.storage.blob.Chunk;

/**
 * What is to be done to chunks of one user before they are stored: nothing, or sealing. Thread-safe; never blocks.
 */
public interface Sealing {
    /** Chunks stay as they are. */
    Sealing NONE = (user, index, chunk) -> chunk;

    /**
     * A chunk as it is to be stored; one that is sealed already stays as it is.
     *
     * @param index its place in its blob
     */
    Chunk seal(UserId user, int index, Chunk chunk);

    /** Whether chunks are sealed. */
    default boolean seals() {
        return this != NONE;
    }
}
