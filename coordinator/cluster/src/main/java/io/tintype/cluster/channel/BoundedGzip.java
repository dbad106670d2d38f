// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.channel;

import io.grpc.Decompressor;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.zip.GZIPInputStream;

/** Takes requests that clients compressed, as far as they are no larger than others. Immutable and thread-safe. */
record BoundedGzip(int maxBytes) implements Decompressor {
    @Override
    public String getMessageEncoding() {
        return "gzip";
    }

    @Override
    public InputStream decompress(InputStream compressed) throws IOException {
        return new Bounded(new GZIPInputStream(compressed), maxBytes);
    }

    private static final class Bounded extends FilterInputStream {
        private final int maxBytes;
        private long count;

        Bounded(InputStream in, int maxBytes) {
            super(in);
            this.maxBytes = maxBytes;
        }

        @Override
        public int read() throws IOException {
            int read = super.read();
            count(read < 0 ? 0 : 1);
            return read;
        }

        @Override
        public int read(byte[] into, int offset, int length) throws IOException {
            int read = super.read(into, offset, length);
            count(Math.max(0, read));
            return read;
        }

        @Override
        public long skip(long bytes) throws IOException {
            long skipped = super.skip(bytes);
            count(skipped);
            return skipped;
        }

        @Override
        public boolean markSupported() {
            return false;
        }

        private void count(long bytes) throws IOException {
            count += bytes;
            if (count > maxBytes) {
                throw new IOException("uncompressed it has more than " + maxBytes + " bytes");
            }
        }
    }
}
