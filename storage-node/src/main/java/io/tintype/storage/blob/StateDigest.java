// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.blob;

import com.google.protobuf.ByteString;
import io.tintype.storage.log.LogPosition;

/**
 * What a replica holds, in a few bytes. Immutable. Replicas that have applied the same records have the same digest.
 *
 * @param at the last record whose effect is in it
 * @param digest SHA-256 over users, heads and directory entries
 * @param entries how many of those there are
 * @param chunks chunks that heads name
 * @param badChunks chunks that heads name and that are not here, or not what was stored; 0 where they were not read
 * @param chunkBytes bytes of the chunks that were read
 */
public record StateDigest(
        LogPosition at, ByteString digest, long entries, long chunks, long badChunks, long chunkBytes) {}
