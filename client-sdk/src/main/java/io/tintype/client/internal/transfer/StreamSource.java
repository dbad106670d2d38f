// SPDX-License-Identifier: Apache-2.0
package io.tintype.client.internal.transfer;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Bytes that an {@link InputStream} can give again and again: files, and whatever the application can open anew. */
public final class StreamSource implements ByteSource {
    private final Sizer sizer;
    private final Opener opener;

    /** Tells how many bytes there are. */
    @FunctionalInterface
    public interface Sizer {
        /** Number of bytes, or {@link ByteSource#UNKNOWN}. */
        long size() throws IOException;
    }

    /** Opens the stream at its first byte. */
    @FunctionalInterface
    public interface Opener {
        /** A fresh stream; whoever asked closes it. */
        InputStream open() throws IOException;
    }

    public StreamSource(Sizer sizer, Opener opener) {
        this.sizer = sizer;
        this.opener = opener;
    }

    /** A file, or what looks like one: of a pipe or device the size is not known beforehand. */
    public static StreamSource file(Path path) {
        return new StreamSource(
                () -> Files.isRegularFile(path) ? Files.size(path) : UNKNOWN, () -> Files.newInputStream(path));
    }

    @Override
    public long size() throws IOException {
        return sizer.size();
    }

    @Override
    public boolean blocks() {
        return true;
    }

    @Override
    public Cursor open(Runnable wake) throws IOException {
        long size = size(); // first: where it cannot be told, nobody would close the stream
        return new StreamCursor(opener.open(), size);
    }

    /** Reads a stream to its end. */
    static final class StreamCursor implements Cursor {
        private final InputStream in;
        private final long size;
        private long position;
        private boolean ended;

        StreamCursor(InputStream in, long size) {
            this.in = in;
            this.size = size;
        }

        @Override
        public @Nullable ByteString next(int max) throws IOException {
            byte[] bytes = in.readNBytes(max);
            position += bytes.length;
            ended = bytes.length < max || position == size;
            return UnsafeByteOperations.unsafeWrap(bytes);
        }

        @Override
        public boolean atEnd() {
            return ended;
        }

        @Override
        public void close() {
            try {
                in.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
