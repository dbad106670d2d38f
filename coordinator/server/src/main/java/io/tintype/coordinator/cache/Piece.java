// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.cache;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.tintype.checksum.Crc32c;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of one piece, and who still needs them. Thread-safe.
 *
 * <p>Bytes in an {@link Arena} are used for others once nobody needs them: whoever is handed a piece owns one share of it,
 * and calls {@link #release} exactly once, after he last touched the bytes. Bytes on the heap are nobody's concern, but are
 * treated alike.
 */
public final class Piece {
    private final int length;
    private final int crc;
    private final ByteString heap;
    private final @Nullable Arena arena;
    private final long[] blocks;
    /** By the wall clock: since when its bytes are where they are. */
    private final long sinceMs;

    private final AtomicInteger shares = new AtomicInteger(1);

    private Piece(int length, int crc, ByteString heap, @Nullable Arena arena, long[] blocks, long sinceMs) {
        this.length = length;
        this.crc = crc;
        this.heap = heap;
        this.arena = arena;
        this.blocks = blocks;
        this.sinceMs = sinceMs;
    }

    /** Bytes on the heap, whose checksum is taken as given; see {@link #isSound}. The caller owns the one share. */
    public static Piece onHeap(ByteString bytes, int crc) {
        return onHeap(bytes, crc, System.currentTimeMillis());
    }

    /** The same, of bytes that have been where they come from since a moment of the wall clock. */
    static Piece onHeap(ByteString bytes, int crc, long sinceMs) {
        return new Piece(bytes.size(), crc, bytes, null, new long[0], sinceMs);
    }

    /** A copy of this piece in the arena, with one share for the caller; null: there is no room. */
    @Nullable
    Piece copyTo(Arena to) {
        var room = to.allocate(length);
        if (room == null) {
            return null;
        }
        try {
            return copyTo(to, room);
        } catch (RuntimeException | Error e) { // nobody else would give it back
            to.free(room);
            throw e;
        }
    }

    private Piece copyTo(Arena to, long[] room) {
        int from = 0;
        for (long block : room) {
            int end = Math.min(length, from + Arena.bytesOf(block));
            var target = to.buffer(block);
            for (var part : buffers(from, end)) {
                target.put(part);
            }
            from = end;
        }
        return new Piece(length, crc, ByteString.EMPTY, to, room, System.currentTimeMillis());
    }

    /** Number of bytes. */
    public int length() {
        return length;
    }

    /** CRC32C that the bytes must have. */
    public int crc() {
        return crc;
    }

    /** Since when its bytes are where they are, in milliseconds; 0 where clocks disagree. */
    long ageMs() {
        return Math.max(0, System.currentTimeMillis() - sinceMs);
    }

    /** Bytes of memory it takes. */
    int footprint() {
        if (arena == null) {
            return length;
        }
        int bytes = 0;
        for (long block : blocks) {
            bytes += Arena.bytesOf(block);
        }
        return bytes;
    }

    /** Takes one more share; false: nobody had one any more, and the bytes are gone. */
    boolean retain() {
        return shares.getAndUpdate(now -> now == 0 ? 0 : now + 1) != 0;
    }

    /** Gives a share back. The bytes that {@link #buffers} yielded must not be touched afterwards. */
    public void release() {
        int left = shares.decrementAndGet();
        if (left < 0) {
            throw new IllegalStateException("a piece was released twice");
        }
        if (left == 0 && arena != null) {
            arena.free(blocks);
        }
    }

    /** Some of the bytes, without copying them; to be touched only by owners of a share. The buffers can only be read. */
    public List<ByteBuffer> buffers(int from, int to) {
        if (arena == null) {
            return heap.substring(from, to).asReadOnlyByteBufferList();
        }
        List<ByteBuffer> buffers = new ArrayList<>(blocks.length);
        int start = 0;
        for (long block : blocks) {
            int size = Math.min(Arena.bytesOf(block), length - start);
            int first = Math.max(from - start, 0);
            int end = Math.min(to - start, size);
            if (first < end) {
                buffers.add(arena.buffer(block).slice(first, end - first).asReadOnlyBuffer());
            }
            start += size;
        }
        return buffers;
    }

    /** All bytes, on the heap: a copy, where they are in an arena. */
    public ByteString bytes() {
        if (arena == null) {
            return heap;
        }
        var bytes = new byte[length];
        int at = 0;
        for (var buffer : buffers(0, length)) {
            int part = buffer.remaining();
            buffer.get(bytes, at, part);
            at += part;
        }
        return UnsafeByteOperations.unsafeWrap(bytes);
    }

    /** The memory in which the first bytes are. */
    ByteBuffer firstBlock() {
        if (arena == null) {
            throw new IllegalStateException("not in an arena");
        }
        return arena.buffer(blocks[0]);
    }

    /** Whether the bytes have the checksum; reads all of them. */
    boolean isSound() {
        if (arena == null) {
            return Crc32c.of(heap) == crc;
        }
        var actual = new CRC32C();
        int left = length;
        for (long block : blocks) {
            ByteBuffer buffer = arena.buffer(block);
            buffer.limit(Math.min(left, buffer.capacity()));
            left -= buffer.limit();
            actual.update(buffer);
        }
        return (int) actual.getValue() == crc;
    }
}
