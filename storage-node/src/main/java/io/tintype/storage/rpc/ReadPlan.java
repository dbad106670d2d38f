// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.rpc;

import io.tintype.model.Stretch;
import io.tintype.model.TintypeException;
import io.tintype.proto.internal.v1.Manifest;
import io.tintype.proto.v1.ByteRange;

/**
 * Which stretch of which chunk answers a read, frame by frame. Immutable, pure.
 *
 * @param chunkBytes size of every chunk but the last
 * @param first first byte to send
 * @param end byte behind the last one to send; equal to first: no bytes
 * @param size bytes the blob has
 */
record ReadPlan(int chunkBytes, long first, long end, long size) {

    /** No bytes at all. */
    static final ReadPlan NOTHING = new ReadPlan(1, 0, 0, 0);

    /** A whole blob. */
    static ReadPlan whole(Manifest manifest) {
        return new ReadPlan(manifest.getChunkSize(), 0, manifest.getSize(), manifest.getSize());
    }

    /**
     * A stretch of a blob.
     *
     * @throws TintypeException RANGE_NOT_SATISFIABLE where it begins behind the end
     */
    static ReadPlan of(Manifest manifest, ByteRange range) {
        var stretch = Stretch.of(manifest.getSize(), range.getOffset(), range.getLength());
        return new ReadPlan(manifest.getChunkSize(), stretch.first(), stretch.end(), manifest.getSize());
    }

    /** Number of frames, one a chunk touched. */
    int frames() {
        return first == end ? 0 : (int) ((end - 1) / chunkBytes - first / chunkBytes) + 1;
    }

    /** The given frame, from 0. */
    Slice slice(int frame) {
        int chunk = (int) (first / chunkBytes) + frame;
        long start = (long) chunk * chunkBytes;
        long from = Math.max(first, start);
        long chunkEnd = Math.min(start + chunkBytes, size);
        long to = Math.min(end, chunkEnd);
        return new Slice(chunk, (int) (from - start), (int) (to - start), from, (int) (chunkEnd - start));
    }

    /**
     * A stretch of one chunk.
     *
     * @param chunk which one
     * @param from first byte within it
     * @param to byte behind the last one
     * @param offset place of the first byte in the blob
     * @param chunkSize bytes the whole chunk must have
     */
    record Slice(int chunk, int from, int to, long offset, int chunkSize) {
        /** Whether it is all of the chunk. */
        boolean isWholeChunk() {
            return from == 0 && to == chunkSize;
        }
    }
}
