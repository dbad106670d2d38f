// SPDX-License-Identifier: Apache-2.0
package io.tintype.client.internal.transfer;

import com.google.protobuf.ByteString;
import io.tintype.checksum.Crc32c;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Bytes that lie in several buffers, one behind the other, wherever those are. Not thread-safe; the buffers' positions stay
 * as they are.
 */
public final class Pieces {
    private static final Pieces NONE = new Pieces(List.of());

    private final List<ByteBuffer> buffers;
    private final int size;

    private Pieces(List<ByteBuffer> buffers) {
        this.buffers = buffers;
        this.size = buffers.stream().mapToInt(ByteBuffer::remaining).sum();
    }

    /** What remains in buffers. */
    static Pieces of(List<ByteBuffer> buffers) {
        return buffers.isEmpty() ? NONE : new Pieces(buffers);
    }

    /** A byte string, not copied. */
    static Pieces of(ByteString bytes) {
        return of(bytes.isEmpty() ? List.of() : bytes.asReadOnlyByteBufferList());
    }

    /** Number of bytes. */
    public int size() {
        return size;
    }

    /** The buffers, each to be read once. */
    public List<ByteBuffer> buffers() {
        return buffers.stream().map(ByteBuffer::duplicate).toList();
    }

    /** A part of them, not copied. */
    Pieces slice(int from, int to) {
        var parts = new ArrayList<ByteBuffer>();
        int start = 0;
        for (var buffer : buffers) {
            int length = buffer.remaining();
            int first = Math.max(from - start, 0);
            int end = Math.min(to - start, length);
            if (first < end) {
                parts.add(buffer.slice(buffer.position() + first, end - first));
            }
            start += length;
        }
        return of(parts);
    }

    /** CRC32C of all. */
    int crc() {
        return Crc32c.of(buffers);
    }

    /** Copies all into an array, from a position on. */
    public void copyTo(byte[] into, int position) {
        int at = position;
        for (var buffer : buffers) {
            int length = buffer.remaining();
            buffer.get(buffer.position(), into, at, length);
            at += length;
        }
    }

    /** A copy of all. */
    public byte[] toArray() {
        var bytes = new byte[size];
        copyTo(bytes, 0);
        return bytes;
    }
}
