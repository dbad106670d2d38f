// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import io.tintype.client.internal.transfer.ArraySource;
import io.tintype.client.internal.transfer.ByteSource;
import io.tintype.client.internal.transfer.ObservedSource;
import io.tintype.client.internal.transfer.OnceSource;
import io.tintype.client.internal.transfer.StreamSource;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.concurrent.Flow;
import java.util.function.LongConsumer;
import java.util.function.Supplier;

/**
 * Where the bytes of an upload come from. For one upload each; an upload holds under 1 MiB of them in memory, whatever the
 * blob's size.
 *
 * <p>Bytes that can be had again (arrays, files, suppliers) survive lost connections: the client sends them anew. Those of a
 * stream or publisher do as long as no more than 256 KiB of them were taken; after that a lost connection fails the upload.
 */
public final class BlobSource {
    private final ByteSource source;

    private BlobSource(ByteSource source) {
        this.source = source;
    }

    /** An array, not copied: leave it alone until the upload is over. */
    public static BlobSource of(byte[] bytes) {
        return new BlobSource(ArraySource.of(bytes));
    }

    /** A file. */
    public static BlobSource of(Path file) {
        return new BlobSource(StreamSource.file(file));
    }

    /** What a stream still has to give. It is not closed. Small images (up to 256 KiB) can be sent again, larger ones not. */
    public static BlobSource of(InputStream stream) {
        return new BlobSource(OnceSource.stream(stream));
    }

    /**
     * What a publisher sends; it is subscribed to once and must not change its buffers afterwards. Its buffers should have
     * no more than some 100 KiB, for one and a frame are held.
     */
    public static BlobSource of(Flow.Publisher<ByteBuffer> publisher) {
        return new BlobSource(OnceSource.publisher(publisher));
    }

    /**
     * Streams that can be opened anew for every try, each with the same bytes.
     *
     * @param size number of bytes; -1: not known
     */
    public static BlobSource of(long size, Supplier<? extends InputStream> opener) {
        return new BlobSource(new StreamSource(() -> size, opener::get));
    }

    /** The same bytes, telling after each step how many of them were handed on; less than before when a retry begins. */
    public BlobSource observed(LongConsumer progress) {
        return new BlobSource(new ObservedSource(source, progress));
    }

    ByteSource source() {
        return source;
    }
}
