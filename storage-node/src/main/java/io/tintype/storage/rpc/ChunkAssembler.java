// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.rpc;

import com.google.protobuf.ByteString;
import io.tintype.checksum.Crc32c;
import io.tintype.model.Limits;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.proto.v1.DataFrame;
import io.tintype.proto.v1.PutFinish;
import io.tintype.storage.blob.Chunk;

/**
 * Cuts a stream of frames into chunks, checking each frame's place and checksum. Bytes are not copied. Not thread-safe.
 *
 * <p>Always: the bytes it holds are those that came and have not been taken away as chunks.
 */
final class ChunkAssembler {
    private final int chunkBytes;
    private final long maxBytes;
    private final long declaredBytes;
    private final Crc32c.Running whole = new Crc32c.Running();
    private ByteString held = ByteString.EMPTY;
    private int heldCrc = Crc32c.EMPTY;
    private ByteString behind = ByteString.EMPTY;
    private int behindCrc = Crc32c.EMPTY;

    /**
     * An assembler to which nothing has come.
     *
     * @param chunkBytes size of every chunk but the last, at least that of a frame
     * @param maxBytes most bytes a blob may have here
     * @param declaredBytes how many will come; -1: not known
     */
    ChunkAssembler(int chunkBytes, long maxBytes, long declaredBytes) {
        this.chunkBytes = chunkBytes;
        this.maxBytes = maxBytes;
        this.declaredBytes = declaredBytes;
    }

    /**
     * Takes the next frame. Full chunks must have been taken away before.
     *
     * @throws TintypeException INVALID_ARGUMENT, CHECKSUM_MISMATCH, SIZE_MISMATCH or BLOB_TOO_LARGE
     */
    void add(DataFrame frame) {
        var data = frame.getData();
        checkPlace(frame);
        int room = chunkBytes - held.size();
        if (room == 0) {
            throw new IllegalStateException("a full chunk was not taken away");
        }
        var first = data.size() <= room ? data : data.substring(0, room);
        var second = data.size() <= room ? ByteString.EMPTY : data.substring(room);
        int firstCrc = Crc32c.of(first);
        int secondCrc = second.isEmpty() ? Crc32c.EMPTY : Crc32c.of(second);
        checkCrc(frame, join(firstCrc, secondCrc, second.size()));
        whole.add(frame.getCrc32C(), data.size());
        heldCrc = join(heldCrc, firstCrc, first.size());
        held = held.concat(first);
        behind = second;
        behindCrc = secondCrc;
    }

    /** Whether there is a full chunk, which must be taken away before the next frame. */
    boolean isFull() {
        return held.size() == chunkBytes;
    }

    /** Takes away the next chunk: a full one, or, where nothing more comes, the last one, perhaps empty. */
    Chunk take() {
        var chunk = new Chunk(held, heldCrc);
        held = behind;
        heldCrc = behindCrc;
        behind = ByteString.EMPTY;
        behindCrc = Crc32c.EMPTY;
        return chunk;
    }

    /** Bytes held. */
    int held() {
        return held.size() + behind.size();
    }

    /** Bytes that came. */
    long size() {
        return whole.length();
    }

    /** Checksum of all bytes that came. */
    int crc() {
        return whole.crc();
    }

    /**
     * Compares what came with what should have.
     *
     * @throws TintypeException SIZE_MISMATCH or CHECKSUM_MISMATCH
     */
    void checkFinish(PutFinish finish) {
        if (finish.getSize() != size()) {
            throw new TintypeException(
                    Reason.SIZE_MISMATCH,
                    "finish.size is " + Long.toUnsignedString(finish.getSize()) + ", but " + size()
                            + " bytes came; nothing was stored");
        }
        if (finish.getCrc32C() != crc()) {
            throw new TintypeException(
                    Reason.CHECKSUM_MISMATCH,
                    "finish.crc32c is " + hex(finish.getCrc32C()) + ", but the bytes that came have " + hex(crc())
                            + "; nothing was stored");
        }
    }

    private void checkPlace(DataFrame frame) {
        int bytes = frame.getData().size();
        if (bytes == 0) {
            throw Requests.invalid("frame.data is empty; leave the frame out");
        }
        if (bytes > Limits.MAX_FRAME_BYTES) {
            throw Requests.invalid(
                    "frame.data has " + bytes + " bytes; at most " + Limits.MAX_FRAME_BYTES + " are allowed");
        }
        if (frame.getOffset() != size()) {
            throw Requests.invalid("frame.offset is " + Long.toUnsignedString(frame.getOffset()) + ", but " + size()
                    + " bytes came before; send frames in order and without gaps");
        }
        long after = size() + bytes;
        if (declaredBytes >= 0 && after > declaredBytes) {
            throw new TintypeException(
                    Reason.SIZE_MISMATCH,
                    "header.size declares " + declaredBytes + " bytes, but at least " + after
                            + " came; nothing was stored");
        }
        if (after > maxBytes) {
            throw new TintypeException(
                    Reason.BLOB_TOO_LARGE,
                    "blob has " + after + " bytes or more; at most " + maxBytes + " are allowed; nothing was stored");
        }
    }

    private static void checkCrc(DataFrame frame, int actual) {
        if (frame.getCrc32C() != actual) {
            throw new TintypeException(
                    Reason.CHECKSUM_MISMATCH,
                    "frame at offset " + frame.getOffset() + " has crc32c " + hex(actual) + ", not the "
                            + hex(frame.getCrc32C()) + " it was sent with; nothing was stored");
        }
    }

    private static int join(int first, int second, int secondBytes) {
        return secondBytes == 0 ? first : first == Crc32c.EMPTY ? second : Crc32c.combine(first, second, secondBytes);
    }

    static String hex(int crc) {
        return String.format("%08x", crc);
    }
}
