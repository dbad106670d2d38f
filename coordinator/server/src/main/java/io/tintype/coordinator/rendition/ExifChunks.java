// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.rendition;

import com.drew.lang.ByteArrayReader;
import com.drew.metadata.Metadata;
import com.drew.metadata.exif.ExifIFD0Directory;
import com.drew.metadata.exif.ExifReader;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * Finds out how the pixels of a PNG or a WebP lie: by EXIF, which PNG keeps in a chunk {@code eXIf} and WebP in one named {@code
 * EXIF}. Whatever is not as it should be says nothing. Stateless and thread-safe.
 */
final class ExifChunks {
    private static final int UPRIGHT = 1;
    private static final int ORIENTATIONS = 8;

    private static final int PNG_EXIF = 0x65584966;
    private static final int WEBP_START = 12;
    private static final int WEBP_EXIF = 0x46495845; // as a little-endian number
    private static final int CHUNK_HEADER = 8;
    /** Some writers put before the EXIF of a WebP what stands before that of a JPEG. */
    private static final byte[] JPEG_START = {'E', 'x', 'i', 'f', 0, 0};

    private ExifChunks() {}

    /** How the image lies, 1 to 8; 1: upright, or not said. */
    static int orientation(byte[] file, ImageFormat format) {
        return switch (format) {
            case PNG -> png(file);
            case WEBP -> webp(file);
            case JPEG, GIF -> UPRIGHT;
        };
    }

    private static int png(byte[] file) {
        var exif = PngChunks.find(file, PNG_EXIF);
        return exif == null ? UPRIGHT : ofExif(file, exif.position(), exif.remaining());
    }

    private static int webp(byte[] file) {
        var numbers = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        int at = WEBP_START;
        while (file.length - at >= CHUNK_HEADER) {
            long length = Integer.toUnsignedLong(numbers.getInt(at + Integer.BYTES));
            if (length > file.length - at - CHUNK_HEADER) {
                break;
            }
            if (numbers.getInt(at) == WEBP_EXIF) {
                return ofExif(file, at + CHUNK_HEADER, (int) length);
            }
            at = next(at, length + (length & 1), file.length); // padded to even lengths
        }
        return UPRIGHT;
    }

    /** Where the next chunk begins: at the end where this one goes beyond it. */
    private static int next(int at, long length, int end) {
        return (int) Math.min(end, at + CHUNK_HEADER + length);
    }

    private static int ofExif(byte[] file, int from, int length) {
        boolean prefixed = length > JPEG_START.length
                && Arrays.equals(file, from, from + JPEG_START.length, JPEG_START, 0, JPEG_START.length);
        int start = prefixed ? from + JPEG_START.length : from;
        var metadata = new Metadata();
        // Of its own, so that nothing in it can point beyond.
        new ExifReader().extract(new ByteArrayReader(Arrays.copyOfRange(file, start, from + length)), metadata);
        var directory = metadata.getFirstDirectoryOfType(ExifIFD0Directory.class);
        var asked = directory == null ? null : directory.getInteger(ExifIFD0Directory.TAG_ORIENTATION);
        return asked != null && asked >= UPRIGHT && asked <= ORIENTATIONS ? asked : UPRIGHT;
    }
}
