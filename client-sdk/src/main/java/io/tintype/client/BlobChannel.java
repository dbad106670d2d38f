// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import com.google.protobuf.ByteString;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ReadableByteChannel;

/** Like {@link BlobInputStream}, for those who read into buffers. For one thread at a time; closing may come from any. */
public final class BlobChannel implements ReadableByteChannel {
    private final BlobInfo info;
    private final Freshness freshness;
    private final FrameQueue queue;
    private ByteBuffer frame = ByteBuffer.allocate(0);
    private volatile boolean open = true;

    BlobChannel(BlobInfo info, Freshness freshness, FrameQueue queue) {
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
    public int read(ByteBuffer target) throws IOException {
        if (!open) {
            throw new ClosedChannelException();
        }
        while (!frame.hasRemaining()) {
            ByteString next = queue.take();
            if (next == null) {
                return -1;
            }
            frame = next.asReadOnlyByteBuffer();
        }
        int count = Math.min(target.remaining(), frame.remaining());
        target.put(frame.slice(frame.position(), count));
        frame.position(frame.position() + count);
        return count;
    }

    @Override
    public boolean isOpen() {
        return open;
    }

    /** Cancels what has not arrived. */
    @Override
    public void close() {
        open = false;
        queue.close();
    }
}
