// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import io.tintype.checksum.Crc32c;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongConsumer;

/** Sends a file's chunks, several at once, in the calling thread. For one file, by one thread. */
final class ChunkedFile {
    private static final int MAX_PARALLELISM = 64;

    private final ResumableUpload upload;
    private final int parallelism;
    private final LongConsumer progress;
    private final ArrayDeque<CompletableFuture<StagedChunk>> underWay = new ArrayDeque<>();
    private long done;

    ChunkedFile(ResumableUpload upload, int parallelism, LongConsumer progress) {
        if (parallelism < 1 || parallelism > MAX_PARALLELISM) {
            throw new IllegalArgumentException("parallelism is " + parallelism + "; give 1 to " + MAX_PARALLELISM);
        }
        this.upload = upload;
        this.parallelism = parallelism;
        this.progress = progress;
    }

    long upload(Path file) {
        Map<Integer, StagedChunk> staged = new HashMap<>();
        upload.staged().forEach(chunk -> staged.put(chunk.index(), chunk));
        try (var in = Files.newInputStream(file)) {
            long sent = send(in, staged);
            while (!underWay.isEmpty()) {
                finishOldest();
            }
            return sent;
        } catch (IOException e) {
            throw new UncheckedIOException("reading '" + file + "' failed: " + e, e);
        } finally {
            underWay.forEach(chunk -> chunk.cancel(true));
        }
    }

    private long send(InputStream in, Map<Integer, StagedChunk> staged) throws IOException {
        long sent = 0;
        int index = 0;
        for (byte[] bytes = next(in); bytes.length > 0; bytes = next(in)) {
            var there = staged.remove(index);
            if (there != null && there.size() == bytes.length && there.crc32c() == Crc32c.of(bytes)) {
                upload.alreadyStaged(there);
                report(bytes.length);
            } else {
                if (underWay.size() == parallelism) {
                    finishOldest();
                }
                underWay.add(upload.putChunkAsync(index, bytes));
                sent += bytes.length;
            }
            index++;
        }
        if (!staged.isEmpty()) {
            throw new TintypeException(
                    Reason.INVALID_ARGUMENT,
                    "the upload has " + staged.size()
                            + " chunks behind the file's end; it is another file's: abort it and" + " start anew");
        }
        return sent;
    }

    private byte[] next(InputStream in) throws IOException {
        return in.readNBytes(upload.chunkSize());
    }

    private void finishOldest() {
        report(Futures.awaitChange(underWay.remove()).size());
    }

    private void report(int bytes) {
        done += bytes;
        progress.accept(done);
    }
}
