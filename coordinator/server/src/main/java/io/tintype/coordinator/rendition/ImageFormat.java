// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.rendition;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;

/** Formats that images are read from and written to; told by their first bytes, never by their declared type. */
public enum ImageFormat {
    /** JPEG: lossy, no transparency. */
    JPEG("image/jpeg", true),
    /** PNG: lossless. */
    PNG("image/png", true),
    /** WebP: lossy as written here. */
    WEBP("image/webp", true),
    /** GIF: only its first picture is read, and none is written. */
    GIF("image/gif", false);

    private static final int RIFF_TYPE = 8;
    private static final int LONGEST_START = 12;

    private final String contentType;
    private final boolean written;

    ImageFormat(String contentType, boolean written) {
        this.contentType = contentType;
        this.written = written;
    }

    /** Its media type. */
    public String contentType() {
        return contentType;
    }

    /** Whether renditions can have it. */
    boolean isWritten() {
        return written;
    }

    /** The media type of a file that was written here, by its first bytes; the buffer's position stays where it is. */
    public static String contentTypeOf(ByteBuffer file) {
        var start = new byte[Math.min(file.remaining(), LONGEST_START)];
        file.duplicate().get(start);
        return of(start).map(ImageFormat::contentType).orElse("application/octet-stream");
    }

    /** The format of a file. */
    static Optional<ImageFormat> of(byte[] file) {
        if (begins(file, 0, 0xff, 0xd8, 0xff)) {
            return Optional.of(JPEG);
        }
        if (begins(file, 0, 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n')) {
            return Optional.of(PNG);
        }
        if (begins(file, 0, 'R', 'I', 'F', 'F') && begins(file, RIFF_TYPE, 'W', 'E', 'B', 'P')) {
            return Optional.of(WEBP);
        }
        var start = new String(Arrays.copyOf(file, 6), StandardCharsets.ISO_8859_1);
        return start.equals("GIF87a") || start.equals("GIF89a") ? Optional.of(GIF) : Optional.empty();
    }

    private static boolean begins(byte[] file, int at, int... expected) {
        if (file.length < at + expected.length) {
            return false;
        }
        for (int i = 0; i < expected.length; i++) {
            if ((file[at + i] & 0xff) != expected[i]) {
                return false;
            }
        }
        return true;
    }
}
