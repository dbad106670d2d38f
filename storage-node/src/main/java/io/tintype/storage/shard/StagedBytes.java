// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import io.tintype.storage.blob.Chunk;
import io.tintype.storage.blob.ChunkKey;

/**
 * A chunk of an upload under way. Immutable.
 *
 * @param key user, upload and place
 * @param chunk the bytes and their checksum
 */
public record StagedBytes(ChunkKey key, Chunk chunk) {}
