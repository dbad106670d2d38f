// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.rendition;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.zip.InflaterInputStream;
import org.jspecify.annotations.Nullable;

/** Finds chunks of a PNG by their types. Stateless and thread-safe. */
final class PngChunks {
    private static final int START = 8;
    private static final int HEADER = 8;
    private static final int CRC = 4;
    private static final int ICC = 0x69434350;
    private static final byte[] NONE = {};

    private PngChunks() {}

    /** The data of the first chunk of a type, as a part of the file; null: there is none that is whole. */
    static @Nullable ByteBuffer find(byte[] file, int type) {
        var numbers = ByteBuffer.wrap(file);
        int at = START;
        while (file.length - at >= HEADER) {
            long length = Integer.toUnsignedLong(numbers.getInt(at));
            if (length > file.length - at - HEADER) {
                return null;
            }
            if (numbers.getInt(at + Integer.BYTES) == type) {
                return numbers.position(at + HEADER).limit(at + HEADER + (int) length);
            }
            at = (int) Math.min(file.length, at + HEADER + length + CRC);
        }
        return null;
    }

    /**
     * The ICC profile: behind its name, a zero and the method of compression, of which there is one (PNG, 11.3.2.3). Empty where
     * there is none, where it is damaged and where it would be longer.
     *
     * @param most bytes of it
     */
    static byte[] profile(byte[] file, int most) {
        var chunk = find(file, ICC);
        if (chunk == null) {
            return NONE;
        }
        while (chunk.hasRemaining() && chunk.get() != 0) {
            // its name
        }
        if (!chunk.hasRemaining() || chunk.get() != 0) {
            return NONE;
        }
        var packed = new ByteArrayInputStream(file, chunk.position(), chunk.remaining());
        try (var unpacked = new InflaterInputStream(packed)) {
            byte[] profile = unpacked.readNBytes(most + 1);
            return profile.length <= most ? profile : NONE;
        } catch (IOException e) { // a browser shows such an image, too
            return NONE;
        }
    }
}
