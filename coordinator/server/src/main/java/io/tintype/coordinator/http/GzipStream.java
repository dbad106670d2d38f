// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.http;

import com.google.protobuf.ByteString;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
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
     * @param failed is called instead where there are no threads any more
     */
    void add(ByteString frame, boolean last, Consumer<ByteBuffer> done, Runnable failed) {
        try {
            threads.execute(() -> {
                var coded = code(frame, last);
                if (coded != null) {
                    done.accept(coded);
                }
            });
        } catch (RejectedExecutionException stopping) {
            failed.run();
        }
    }

    private synchronized @Nullable ByteBuffer code(ByteString frame, boolean last) {
        if (closed) {
            return null;
        }
        try {
            frame.writeTo(gzip);
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
