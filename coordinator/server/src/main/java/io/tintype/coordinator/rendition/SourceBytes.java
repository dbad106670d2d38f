// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.rendition;

import io.tintype.coordinator.retrieval.Frame;
import io.tintype.coordinator.retrieval.GetStream;
import io.tintype.coordinator.retrieval.OpenBlob;
import io.tintype.model.TintypeException;
import java.util.concurrent.CompletableFuture;

/** All bytes of one blob, gathered. Thread-safe. */
final class SourceBytes implements GetStream.Listener<Frame> {
    private final byte[] bytes;
    private final CompletableFuture<byte[]> gathered = new CompletableFuture<>();
    private final CompletableFuture<GetStream> stream = new CompletableFuture<>();

    private SourceBytes(int size) {
        this.bytes = new byte[size];
    }

    /** Reads a blob whose size was looked at before; fails as the read does. The blob is closed in any case. */
    static CompletableFuture<byte[]> read(OpenBlob blob) {
        var source = new SourceBytes((int) blob.head().getSize());
        if (source.bytes.length == 0) {
            blob.close();
            return CompletableFuture.completedFuture(source.bytes);
        }
        source.stream.complete(blob.read(0, source.bytes.length, source));
        source.next();
        return source.gathered.whenComplete((bytes, failure) -> blob.close());
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
