// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.rendition;

import static io.tintype.coordinator.rendition.JpegMarkers.APP2;
import static io.tintype.coordinator.rendition.JpegMarkers.SOI_BYTES;
import static io.tintype.coordinator.rendition.JpegMarkers.SOS;
import static io.tintype.coordinator.rendition.JpegMarkers.behind;
import static io.tintype.coordinator.rendition.JpegMarkers.hasLength;
import static io.tintype.coordinator.rendition.JpegMarkers.isFrame;
import static io.tintype.coordinator.rendition.JpegMarkers.marker;
import static io.tintype.coordinator.rendition.JpegMarkers.number;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** What stands before the pixels of a JPEG, made so that decoders here know it, or need not. Stateless and thread-safe. */
final class JpegHeader {
    /** What a part of a profile begins with, before its number, how many parts there are, and its bytes (ICC.1, B.4). */
    private static final byte[] PROFILE = "ICC_PROFILE\0".getBytes(StandardCharsets.US_ASCII);

    private static final byte[] NONE = {};
    private static final int LENGTH_BYTES = 2;
    private static final int MOST_PARTS = 255;
    private static final int COMPONENTS = 8;

    private JpegHeader() {}

    /**
     * The same file without the bytes 0xff that may fill up before each marker of its header (ITU T.81, B.1.1.2): not every
     * decoder here knows of them. The file itself, where there are none.
     */
    static byte[] withoutFill(byte[] file) {
        var out = new ByteArrayOutputStream();
        int copied = 0;
        int from = SOI_BYTES;
        int at = marker(file, from);
        while (at < file.length) {
            int fill = at - 1;
            while (fill > from && file[fill - 1] == (byte) 0xff) {
                fill--;
            }
            if (fill < at - 1) {
                out.write(file, copied, fill - copied);
                copied = at - 1;
            }
            int code = number(file, at, 1);
            from = hasLength(code) && code != SOS ? behind(file, at) : file.length;
            at = marker(file, from);
        }
        if (copied == 0) {
            return file;
        }
        out.write(file, copied, file.length - copied);
        return out.toByteArray();
    }

    /** Components of its pixels, 3: colours; 0: not said before the first scan. */
    static int components(byte[] file) {
        for (int at = marker(file, SOI_BYTES); isHeader(file, at); at = marker(file, behind(file, at))) {
            if (isFrame(number(file, at, 1))) {
                return number(file, at + COMPONENTS, 1);
            }
        }
        return 0;
    }

    /**
     * The ICC profile, joined of its parts in the order of their numbers. Empty where there is none, where a part is missing and
     * where it would be longer.
     *
     * @param most bytes of it
     */
    static byte[] profile(byte[] file, int most) {
        var parts = new byte[MOST_PARTS + 1][];
        int of = 0;
        int bytes = 0;
        for (int at = marker(file, SOI_BYTES); isHeader(file, at); at = marker(file, behind(file, at))) {
            if (isProfile(file, at)) {
                int part = at + 1 + LENGTH_BYTES + PROFILE.length;
                bytes += behind(file, at) - part - 2;
                if (bytes > most) {
                    return NONE;
                }
                of = number(file, part + 1, 1);
                parts[number(file, part, 1)] = Arrays.copyOfRange(file, part + 2, behind(file, at));
            }
        }
        var joined = new ByteArrayOutputStream();
        for (int i = 1; i <= of; i++) {
            if (parts[i] == null) {
                return NONE;
            }
            joined.writeBytes(parts[i]);
        }
        return joined.toByteArray();
    }

    /** The same file without an ICC profile, and without its parts where it is none. The file itself, where there are none. */
    static byte[] withoutProfile(byte[] file) {
        var out = new ByteArrayOutputStream();
        int copied = 0;
        int at = marker(file, SOI_BYTES);
        while (isHeader(file, at)) {
            int next = behind(file, at);
            if (isProfile(file, at)) {
                out.write(file, copied, at - 1 - copied);
                copied = next;
            }
            at = marker(file, next);
        }
        if (copied == 0) {
            return file;
        }
        out.write(file, copied, file.length - copied);
        return out.toByteArray();
    }

    /** Whether a part of the header is here, all of it. */
    private static boolean isHeader(byte[] file, int at) {
        int code = number(file, at, 1);
        return at < file.length && hasLength(code) && code != SOS && behind(file, at) <= file.length;
    }

    private static boolean isProfile(byte[] file, int at) {
        int from = at + 1 + LENGTH_BYTES;
        int to = from + PROFILE.length;
        return number(file, at, 1) == APP2
                && behind(file, at) >= to + 2
                && Arrays.equals(file, from, to, PROFILE, 0, PROFILE.length);
    }
}
