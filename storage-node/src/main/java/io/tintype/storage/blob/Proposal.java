// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.blob;

import com.google.protobuf.ByteString;
import io.tintype.model.RequestId;
import io.tintype.model.UserId;
import io.tintype.storage.log.RecordType;
import org.jspecify.annotations.Nullable;

/**
 * What a primary is asked to append: a record without its place and time. Immutable.
 *
 * @param type what it is to do
 * @param user whom it is about
 * @param requestId to be applied once; null where it does not matter
 * @param payload the message that belongs to the type, encoded
 * @param inline the one chunk of a small blob, which travels with the record; null where there is none
 */
public record Proposal(
        RecordType type,
        @Nullable UserId user,
        @Nullable RequestId requestId,
        ByteString payload,
        @Nullable InlineChunk inline) {

    /** A proposal without a chunk and without a request. */
    public static Proposal of(RecordType type, @Nullable UserId user, ByteString payload) {
        return new Proposal(type, user, null, payload, null);
    }

    /**
     * A chunk and its key.
     *
     * @param key where it is stored
     * @param chunk the bytes
     */
    public record InlineChunk(ChunkKey key, Chunk chunk) {}
}
