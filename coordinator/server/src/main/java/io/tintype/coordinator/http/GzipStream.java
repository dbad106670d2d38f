// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.http;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;

/**
 * One answer's bytes, compressed frame by frame on threads made for that: a frame takes milliseconds, which no thread of
 * the network has. One frame at a time. Must be closed.
 */
final class GzipStream implements AutoCloseable {
    private static final int COPY_BYTES = 64 << 10;

    private final Executor threads;
    private final Runnable closing;
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final GZIPOutputStream gzip; // guarded by this
    private boolean closed; // guarded by this

    GzipStream(Executor threads, Runnable closing) {
        this.threads = threads;
        this.closing = closing;
        try {
            this.gzip = new GZIPOutputStream(out);
        } catch (IOException e) {
            throw new UncheckedIOException(e); // memory does not fail
        }
    }

    /**
     * Compresses a frame.
     *
     * @param last nothing follows
     * @param done is given what there is to send so far, perhaps nothing; not called once this is closed
     * @param failed is told of what prevents that: that there are no threads any more, or whatever compressing or {@code done}
     *     threw, of which nobody else would hear
     */
    void add(List<ByteBuffer> frame, boolean last, Consumer<ByteBuffer> done, Consumer<Throwable> failed) {
        try {
            threads.execute(() -> {
                try {
                    var coded = code(frame, last);
                    if (coded != null) {
                        done.accept(coded);
                    }
                } catch (RuntimeException | Error e) {
                    failed.accept(e);
                }
            });
        } catch (RejectedExecutionException stopping) {
            failed.accept(new IOException("stopping", stopping));
        }
    }

    private synchronized @Nullable ByteBuffer code(List<ByteBuffer> frame, boolean last) {
        if (closed) {
            return null;
        }
        try {
            for (var buffer : frame) {
                copy(buffer);
            }
            if (last) {
                gzip.finish();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e); // memory does not fail
        }
        var coded = ByteBuffer.wrap(out.toByteArray());
        out.reset();
        return coded;
    }

    private void copy(ByteBuffer from) throws IOException {
        var array = new byte[Math.min(COPY_BYTES, from.remaining())];
        while (from.hasRemaining()) {
            int length = Math.min(array.length, from.remaining());
            from.get(array, 0, length);
            gzip.write(array, 0, length);
        }
    }

    /** Gives up what it holds; may be called again. */
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        try {
            gzip.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e); // memory does not fail
        } finally {
            closing.run();
        }
    }
}
