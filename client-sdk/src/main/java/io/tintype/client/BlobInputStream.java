// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import com.google.protobuf.ByteString;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.Objects;

/**
 * The bytes of one version of a blob, as they arrive. Every frame is checked before its bytes are handed out, and the whole
 * before its last: a stream that ends normally was right.
 *
 * <p>Holds at most three frames (of up to 1 MiB) ahead of its reader. A lost connection is taken up again where it broke.
 * What cannot be mended comes as an {@link IOException} whose cause is the {@link io.tintype.model.TintypeException}. For one
 * thread at a time; {@link #close}, which cancels the rest, may come from any.
 */
public final class BlobInputStream extends InputStream {
    private final BlobInfo info;
    private final Freshness freshness;
    private final FrameQueue queue;
    private ByteBuffer frame = ByteBuffer.allocate(0);

    BlobInputStream(BlobInfo info, Freshness freshness, FrameQueue queue) {
        this.info = info;
        this.freshness = freshness;
        this.queue = queue;
    }

    /** What is known of this version; its size is that of the whole blob, also where a range is read. */
    public BlobInfo info() {
        return info;
    }

    /** How fresh the answer is. */
    public Freshness freshness() {
        return freshness;
    }

    @Override
    public int read() throws IOException {
        return fill() ? frame.get() & 0xff : -1;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, target.length);
        if (length == 0) {
            return 0;
        }
        if (!fill()) {
            return -1;
        }
        int count = Math.min(length, frame.remaining());
        frame.get(target, offset, count);
        return count;
    }

    /** Bytes that can be read without waiting. */
    @Override
    public int available() {
        return frame.remaining();
    }

    /** Makes sure of at least one byte; false at the end. */
    private boolean fill() throws IOException {
        while (!frame.hasRemaining()) {
            ByteString next = queue.take();
            if (next == null) {
                return false;
            }
            frame = next.asReadOnlyByteBuffer();
        }
        return true;
    }

    /** Cancels what has not arrived. */
    @Override
    public void close() {
        queue.close();
    }
}
