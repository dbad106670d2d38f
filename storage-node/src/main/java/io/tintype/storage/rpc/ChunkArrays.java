// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.rpc;

import io.tintype.model.Limits;
import io.tintype.storage.blob.ShardReader;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Arrays that chunks are read into, used again and again: one of a mebibyte would be zeroed, and found by the collector, for
 * every chunk that is sent. Thread-safe.
 *
 * <p>An array is given back by who knows that nobody reads it any more; one that is not given back is the collector's, and the
 * next taker gets a new one. So nothing waits here, and nothing leaks.
 */
final class ChunkArrays {
    /** No array: small chunks are better off with one of their own size. */
    static final byte[] NONE = new byte[0];

    private static final int SIZE = Limits.CHUNK_BYTES + ShardReader.STORED_WITH;
    private static final int LEAST_CHUNK = Limits.INLINE_BYTES / 2;

    private final int most;

    // Guarded by this. The one used last comes first: parts of it may still be in the processor's cache.
    private final Deque<byte[]> idle = new ArrayDeque<>();

    /** @param most arrays kept */
    ChunkArrays(int most) {
        this.most = most;
    }

    /** An array with room for a chunk of that size as it is stored, or {@link #NONE}. */
    byte[] take(int chunkBytes) {
        if (chunkBytes < LEAST_CHUNK || chunkBytes > Limits.CHUNK_BYTES) {
            return NONE;
        }
        synchronized (this) {
            var array = idle.pollFirst();
            if (array != null) {
                return array;
            }
        }
        return new byte[SIZE];
    }

    /** Nobody reads this array any more. */
    synchronized void giveBack(byte[] array) {
        if (array.length == SIZE && idle.size() < most) {
            idle.addFirst(array);
        }
    }
}
