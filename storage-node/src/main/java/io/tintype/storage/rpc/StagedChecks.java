// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.rpc;

import io.tintype.checksum.Crc32c;
import io.tintype.model.Limits;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.model.UploadId;
import io.tintype.proto.v1.PutFinish;
import io.tintype.storage.blob.StagedChunk;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** What must be staged of an upload before it becomes a blob. Pure. */
final class StagedChecks {
    /** Most missing chunks that an error names. */
    static final int NAMED_MISSING = 100;

    private StagedChecks() {}

    /**
     * Compares what is staged with what should be: all chunks, nothing behind them, their sizes and the checksum.
     *
     * @throws TintypeException CHUNKS_MISSING, SIZE_MISMATCH or CHECKSUM_MISMATCH, saying what is wrong
     */
    static void check(UploadId upload, List<StagedChunk> found, PutFinish finish) {
        var staged = found.stream().collect(Collectors.toMap(StagedChunk::index, chunk -> chunk));
        int chunks = Writes.chunks(finish.getSize());
        var missing = IntStream.range(0, chunks)
                .filter(index -> !staged.containsKey(index))
                .limit(NAMED_MISSING)
                .boxed()
                .toList();
        if (!missing.isEmpty()) {
            throw missing(upload, missing);
        }
        var whole = new Crc32c.Running();
        for (int index = 0; index < chunks; index++) {
            var chunk = Objects.requireNonNull(staged.get(index));
            long expected = Math.min(Limits.CHUNK_BYTES, finish.getSize() - whole.length());
            if (chunk.size() != expected) {
                throw new TintypeException(
                        Reason.SIZE_MISMATCH,
                        "chunk " + index + " of upload " + upload + " has " + chunk.size() + " bytes, but " + expected
                                + " are needed for finish.size " + finish.getSize() + "; nothing was stored");
            }
            whole.add(chunk.crc(), chunk.size());
        }
        if (staged.size() > chunks) {
            throw new TintypeException(
                    Reason.SIZE_MISMATCH,
                    "upload " + upload + " has " + staged.size() + " chunks, but finish.size " + finish.getSize()
                            + " needs only " + chunks + "; nothing was stored");
        }
        if (whole.crc() != finish.getCrc32C()) {
            throw new TintypeException(
                    Reason.CHECKSUM_MISMATCH,
                    "finish.crc32c is " + ChunkAssembler.hex(finish.getCrc32C()) + ", but the staged chunks have "
                            + ChunkAssembler.hex(whole.crc()) + "; nothing was stored");
        }
    }

    private static TintypeException missing(UploadId upload, List<Integer> indexes) {
        var text = indexes.stream().map(String::valueOf).collect(Collectors.joining(","));
        return new TintypeException(
                Reason.CHUNKS_MISSING,
                "upload " + upload + " lacks chunks " + text
                        + (indexes.size() == NAMED_MISSING ? " and perhaps more" : "")
                        + "; send them and complete again",
                Map.of(TintypeException.MISSING, text));
    }
}
