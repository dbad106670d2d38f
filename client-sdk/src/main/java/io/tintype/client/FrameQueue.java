// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.tintype.client.internal.Reading;
import io.tintype.client.internal.transfer.DownloadSink;
import io.tintype.client.internal.transfer.Pieces;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.proto.v1.BlobVersion;
import io.tintype.proto.v1.GetResponse;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayDeque;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Between a download and a thread that takes its frames: holds at most {@value #AHEAD} and one. Thread-safe.
 */
final class FrameQueue implements DownloadSink {
    /** Frames asked for before they are taken. */
    static final int AHEAD = 2;

    private final CompletableFuture<GetResponse> opened = new CompletableFuture<>();
    private final ArrayDeque<ByteString> frames = new ArrayDeque<>();
    private @Nullable Reading reading;
    private @Nullable BlobVersion version;
    private @Nullable Throwable failure;
    private boolean finished;
    private boolean taken;
    private boolean closed;

    /** Names the download and begins it; completes when it is open. */
    CompletableFuture<GetResponse> start(Reading download) {
        synchronized (this) {
            reading = download;
        }
        download.request(AHEAD);
        download.start();
        return opened;
    }

    /** The next frame; null: that was all. Waits for it. */
    @Nullable
    ByteString take() throws IOException {
        ByteString frame;
        Reading from;
        synchronized (this) {
            while (frames.isEmpty() && !finished && failure == null && !closed) {
                try {
                    wait();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    throw new InterruptedIOException("interrupted while reading a blob");
                }
            }
            if (closed) {
                throw new IOException("the blob's stream is closed");
            }
            frame = frames.poll();
            if (frame == null) {
                if (failure != null) {
                    throw new IOException(String.valueOf(failure.getMessage()), failure);
                }
                return null;
            }
            taken = true;
            from = reading;
        }
        if (from != null) {
            from.request(1);
        }
        return frame;
    }

    /** Wants nothing more. */
    void close() {
        Reading from;
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
            frames.clear();
            from = finished || failure != null ? null : reading;
            notifyAll();
        }
        if (from != null) {
            from.cancel();
        }
    }

    @Override
    public void opened(GetResponse first) {
        synchronized (this) {
            if (version != null && !version.equals(first.getHead().getVersion())) {
                throw new TintypeException(
                        Reason.VERSION_GONE,
                        "'" + first.getHead().getName() + "' was replaced while it was read; start over");
            }
            version = first.getHead().getVersion();
        }
        opened.complete(first);
    }

    @Override
    public synchronized void data(Pieces bytes) {
        if (!closed) {
            frames.add(UnsafeByteOperations.unsafeWrap(bytes.toArray()));
            notifyAll();
        }
    }

    @Override
    public boolean restart() {
        Reading from;
        int forgotten;
        synchronized (this) {
            if (taken) {
                return false;
            }
            forgotten = frames.size();
            frames.clear();
            from = reading;
        }
        if (from != null && forgotten > 0) {
            from.request(forgotten); // they will not be taken, which would have asked for as many
        }
        return true;
    }

    @Override
    public synchronized void finished() {
        finished = true;
        notifyAll();
    }

    @Override
    public void failed(Throwable thrown) {
        synchronized (this) {
            failure = Typed.of(thrown);
            notifyAll();
        }
        opened.completeExceptionally(thrown);
    }
}
