// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.rendition;

/**
 * Steps from one marker of a JPEG to the next (ITU T.81, B.1.1). Positions are those of a marker's code, the byte behind
 * 0xff. Stateless and thread-safe; bytes that make no sense lead to the file's end.
 */
final class JpegMarkers {
    static final int SOI_BYTES = 2;
    static final int EOI = 0xd9;
    static final int SOS = 0xda;
    static final int APP2 = 0xe2;

    private static final int SOF0 = 0xc0;
    private static final int DHT = 0xc4;
    private static final int JPG = 0xc8;
    private static final int DAC = 0xcc;
    private static final int SOF15 = 0xcf;
    private static final int RST0 = 0xd0;

    private JpegMarkers() {}

    /** Where the next marker's code is: behind 0xff, which may come several times; the file's length: there is none. */
    static int marker(byte[] file, int from) {
        int at = from;
        while (at < file.length && file[at] != (byte) 0xff) {
            at++;
        }
        while (at < file.length && file[at] == (byte) 0xff) {
            at++;
        }
        return at;
    }

    /** Where the part ends whose marker's code is here. */
    static int behind(byte[] file, int at) {
        return at + 1 + Math.max(2, number(file, at + 1, 2));
    }

    /** Whether a length comes behind this marker: the others are restarts, begin and end, and what stands for no marker. */
    static boolean hasLength(int code) {
        return code >= SOF0 && (code < RST0 || code > EOI);
    }

    /** Whether it begins a frame, of whichever kind. */
    static boolean isFrame(int code) {
        return code >= SOF0 && code <= SOF15 && code != DHT && code != JPG && code != DAC;
    }

    /** A number of so many bytes; those beyond the end are 0. */
    static int number(byte[] file, int at, int bytes) {
        int number = 0;
        for (int i = at; i < at + bytes; i++) {
            number = number << Byte.SIZE | (i < file.length ? file[i] & 0xff : 0);
        }
        return number;
    }
}
