// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.rendition;

import io.tintype.coordinator.retrieval.Frame;
import io.tintype.coordinator.retrieval.GetStream;
import io.tintype.coordinator.retrieval.OpenBlob;
import io.tintype.model.TintypeException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** All bytes of one blob, gathered. Thread-safe. */
final class SourceBytes implements GetStream.Listener<Frame> {
    private final byte[] bytes;
    private final CompletableFuture<byte[]> gathered = new CompletableFuture<>();
    private final CompletableFuture<GetStream> stream = new CompletableFuture<>();

    private SourceBytes(int size) {
        this.bytes = new byte[size];
    }

    /**
     * Reads a blob whose size was looked at before, and waits for it; fails as the read does. The blob is closed in any
     * case, and nothing is read any more when this returns or throws.
     */
    static byte[] read(OpenBlob blob, Duration most) throws ExecutionException, InterruptedException, TimeoutException {
        try (blob) {
            var source = new SourceBytes((int) blob.head().getSize());
            return source.bytes.length == 0 ? source.bytes : source.gather(blob, most);
        }
    }

    private byte[] gather(OpenBlob blob, Duration most)
            throws ExecutionException, InterruptedException, TimeoutException {
        var reading = blob.read(0, bytes.length, this);
        try {
            stream.complete(reading);
            next();
            return gathered.get(most.toMillis(), TimeUnit.MILLISECONDS);
        } finally {
            reading.cancel("the image was read, or is not waited for any more");
        }
    }

    private void next() {
        var unused = stream.thenAccept(GetStream::demand);
    }

    @Override
    public void onMessage(Frame frame) {
        int at = (int) frame.offset();
        for (var buffer : frame.buffers()) {
            int length = buffer.remaining();
            buffer.get(bytes, at, length);
            at += length;
        }
        next();
    }

    @Override
    public void onEnd() {
        release();
        gathered.complete(bytes);
    }

    @Override
    public void onFailed(TintypeException failure) {
        release();
        gathered.completeExceptionally(failure);
    }

    private void release() {
        var unused = stream.thenAccept(GetStream::release);
    }
}
