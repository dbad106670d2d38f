// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.retrieval;

import com.google.protobuf.ByteString;
import io.tintype.checksum.Crc32c;
import io.tintype.proto.v1.DataFrame;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * Bytes of a blob that follow one another, and have been checked. They may lie outside the heap, where they can be sent from
 * without a copy; a message of gRPC has a copy of those, since byte strings are always on the heap. Immutable, but only for as
 * long as {@link GetStream} says.
 */
public final class Frame {
    private final long offset;
    private final int length;
    private final List<ByteBuffer> buffers;
    private final OptionalInt crc;
    private final @Nullable DataFrame message;

    private Frame(long offset, List<ByteBuffer> buffers, OptionalInt crc, @Nullable DataFrame message) {
        this.offset = offset;
        this.length = buffers.stream().mapToInt(ByteBuffer::remaining).sum();
        this.buffers = buffers;
        this.crc = crc;
        this.message = message;
    }

    /** Bytes that are in such a message already. */
    static Frame of(DataFrame message) {
        var crc = OptionalInt.of(message.getCrc32C());
        return new Frame(message.getOffset(), message.getData().asReadOnlyByteBufferList(), crc, message);
    }

    /**
     * Bytes in buffers that nobody else moves positions of.
     *
     * @param crc their CRC32C, where it is known
     */
    static Frame of(long offset, List<ByteBuffer> buffers, OptionalInt crc) {
        return new Frame(offset, buffers, crc, null);
    }

    /** Where in the blob they begin. */
    public long offset() {
        return offset;
    }

    /** How many there are. */
    public int length() {
        return length;
    }

    /** The bytes, not copied; the buffers are the caller's own, and can only be read. */
    public List<ByteBuffer> buffers() {
        return buffers.stream().map(ByteBuffer::asReadOnlyBuffer).toList();
    }

    /** The same as a message with its checksum; copies what is outside the heap. */
    DataFrame message() {
        if (message != null) {
            return message;
        }
        var data = ByteString.EMPTY;
        for (var buffer : buffers()) {
            data = data.concat(ByteString.copyFrom(buffer));
        }
        return DataFrame.newBuilder()
                .setOffset(offset)
                .setData(data)
                .setCrc32C(crc())
                .build();
    }

    /** CRC32C of the bytes, which are read for it where it is not known. */
    int crc() {
        return crc.orElseGet(() -> Crc32c.of(buffers));
    }
}
