// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.rpc;

import io.tintype.model.Limits;
import io.tintype.proto.v1.PutFinish;
import io.tintype.proto.v1.PutRequest;
import io.tintype.storage.blob.Chunk;
import org.jspecify.annotations.Nullable;

/**
 * What came of one streamed upload: its header, its bytes as chunks, its finish part. Each part is checked when it
 * comes. Not thread-safe: its {@link PutCall} calls it under its lock. Never blocks.
 *
 * <p>Always: until {@link #close}, what it has taken from the budget of uploads and not given back are the bytes that
 * came, but those of chunks that were handed over.
 */
final class ReceivedPut {
    private final PutSpec spec;
    private final ByteBudget budget;
    private final long maxBlobBytes;
    private final ChunkAssembler bytes;
    private @Nullable PutFinish finish;

    /** Bytes taken from the budget that are not in a chunk handed over. */
    private long counted;

    /**
     * An upload of which the header came.
     *
     * @param budget bytes that uploads may hold
     * @param maxBlobBytes most bytes a blob may have here
     */
    ReceivedPut(PutSpec spec, ByteBudget budget, long maxBlobBytes) {
        this.spec = spec;
        this.budget = budget;
        this.maxBlobBytes = maxBlobBytes;
        long declaredBytes = spec.size().orElse(-1);
        this.bytes = new ChunkAssembler(Limits.CHUNK_BYTES, maxBlobBytes, declaredBytes);
    }

    /**
     * Takes a message's frame and finish part. A full chunk must have been taken away before.
     *
     * @throws io.tintype.model.TintypeException OVERLOADED where the budget has no room for the frame;
     *     INVALID_ARGUMENT, CHECKSUM_MISMATCH, SIZE_MISMATCH or BLOB_TOO_LARGE where they do not fit what came before
     */
    void add(PutRequest message) {
        if (finish != null) {
            throw Requests.invalid("a message came behind the finish part, which must be in the last one");
        }
        if (message.hasFrame()) {
            int more = message.getFrame().getData().size();
            budget.take(more);
            counted += more;
            bytes.add(message.getFrame());
        }
        if (message.hasFinish()) {
            spec.checkFinish(message.getFinish(), maxBlobBytes);
            bytes.checkFinish(message.getFinish());
            finish = message.getFinish();
        }
    }

    /** What the header says. */
    PutSpec spec() {
        return spec;
    }

    /** The finish part, which agrees with the header and the bytes; null: it has not come. */
    @Nullable
    PutFinish finish() {
        return finish;
    }

    /** Bytes that came. */
    long size() {
        return bytes.size();
    }

    /** Whether the bytes are to be staged and not to go along with the record; true until the finish part came. */
    boolean isLarge() {
        return finish == null || bytes.size() > Limits.INLINE_BYTES;
    }

    /** Whether there is a full chunk, which must be taken away before the next message. */
    boolean isFull() {
        return bytes.isFull();
    }

    /** Whether there are bytes that were not taken away. */
    boolean hasBytes() {
        return bytes.held() > 0;
    }

    /** Takes away the next chunk, to be staged. Its bytes stay taken from the budget: who has it gives them back. */
    Chunk handOver() {
        var chunk = bytes.take();
        counted -= chunk.data().size();
        return chunk;
    }

    /** Takes away the only chunk, perhaps empty, to go along with the record. {@link #close} gives its bytes back. */
    Chunk inline() {
        return bytes.take();
    }

    /** Gives back to the budget what is counted here. Nothing may be added any more. */
    void close() {
        budget.give(counted);
        counted = 0;
    }
}
