// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.rendition;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Finds out whether the pictures in a WebP are what its header says: a decoder takes the size of the whole from the header, or
 * from that of the first picture of an animation, and then decodes every picture that it finds, in that picture's own size.
 * Stateless and thread-safe.
 */
final class WebpChunks {
    private static final int HEADER = 8;
    private static final int FIRST = 12;
    private static final int EXTENDED = name("VP8X");
    private static final int EXTENDED_BYTES = 10;
    private static final int ANIMATED = 2;
    private static final int MOVING = name("ANMF");
    private static final int MOVING_BYTES = 16;
    private static final int LOSSY = name("VP8 ");
    private static final int LOSSLESS = name("VP8L");
    private static final int ALPHA = name("ALPH");
    private static final int LOSSY_SIZE = 6;
    private static final int LOSSLESS_SIZE = 1;
    private static final int SIDE_BITS = 14;
    private static final int SIDE = (1 << SIDE_BITS) - 1;

    private WebpChunks() {}

    /**
     * Checks that a decoder would find one picture of this size, and at most one that says where it is seen through.
     *
     * @throws RenditionRefusal where that is not so
     */
    static void requireOne(byte[] file, int width, int height) {
        var chunks = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        if (file.length < FIRST + HEADER + EXTENDED_BYTES || chunks.getInt(FIRST) != EXTENDED) {
            return; // a single picture, and its own size is what was asked for
        }
        int from = FIRST + HEADER + EXTENDED_BYTES;
        long to = HEADER + Integer.toUnsignedLong(chunks.getInt(Integer.BYTES));
        if ((chunks.get(FIRST + HEADER) & ANIMATED) != 0) {
            while (isThere(chunks, from) && chunks.getInt(from) != MOVING) {
                from = behind(chunks, from);
            }
            to = isThere(chunks, from) ? from + HEADER + length(chunks, from) : 0;
            from += HEADER + MOVING_BYTES;
        }
        int pictures = 0;
        int alphas = 0;
        // As decoders do: a chunk that begins before the end belongs there, wherever it ends.
        for (int at = from; at < to && isThere(chunks, at); at = behind(chunks, at)) {
            int name = chunks.getInt(at);
            alphas += name == ALPHA ? 1 : 0;
            if (name == LOSSY || name == LOSSLESS) {
                pictures++;
                requireSize(chunks, at + HEADER, name, width, height);
            }
        }
        if (pictures != 1 || alphas > 1) {
            throw RenditionRefusal.damaged("it has " + pictures + " pictures and " + alphas
                    + " times says where they are seen through, where one of each belongs");
        }
    }

    private static void requireSize(ByteBuffer chunks, int at, int name, int width, int height) {
        int size = at + (name == LOSSY ? LOSSY_SIZE : LOSSLESS_SIZE);
        if (chunks.capacity() - size < Integer.BYTES) {
            throw RenditionRefusal.damaged("its picture has no size");
        }
        int sides = chunks.getInt(size);
        int across = name == LOSSY ? sides & SIDE : (sides & SIDE) + 1;
        int down = name == LOSSY ? sides >>> Short.SIZE & SIDE : (sides >>> SIDE_BITS & SIDE) + 1;
        if (across != width || down != height) {
            throw RenditionRefusal.damaged("its header says that it has " + width + " x " + height
                    + " pixels, but its picture has " + across + " x " + down);
        }
    }

    private static boolean isThere(ByteBuffer chunks, int at) {
        return chunks.capacity() - at >= HEADER;
    }

    private static long length(ByteBuffer chunks, int at) {
        return Integer.toUnsignedLong(chunks.getInt(at + Integer.BYTES));
    }

    /** Where the chunk after this one begins: at the end where this one goes beyond it. */
    private static int behind(ByteBuffer chunks, int at) {
        long length = length(chunks, at);
        return (int) Math.min(chunks.capacity(), at + HEADER + length + (length & 1)); // padded to even lengths
    }

    /** As a little-endian number. */
    private static int name(String text) {
        return text.charAt(0) | text.charAt(1) << 8 | text.charAt(2) << 16 | text.charAt(3) << 24;
    }
}
