// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.rendition;

import java.io.ByteArrayOutputStream;

/**
 * What the markers of a JPEG say of the work it makes, found as decoders find it. Immutable.
 *
 * <p>Where two decoders could find different things, as behind a marker that belongs nowhere before the pixels, the image is
 * refused: what one of them is asked about would not be what the other one decodes.
 *
 * @param width of the frame
 * @param height of the frame
 * @param whole its scans come one after the other, so that a decoder holds all of it at once
 */
record JpegFrame(int width, int height, boolean whole) {
    /** Most scans of one image: each takes as long as all of it, and may be a few bytes. Encoders write some ten. */
    static final int MOST_SCANS = 64;

    private static final int SOF0 = 0xc0;
    private static final int PROGRESSIVE = 0xc2;
    private static final int DHT = 0xc4;
    private static final int JPG = 0xc8;
    private static final int DAC = 0xcc;
    private static final int SOF15 = 0xcf;
    private static final int RST0 = 0xd0;
    private static final int EOI = 0xd9;
    private static final int SOS = 0xda;
    private static final int LONGEST_FRAME = 8;

    /**
     * Reads all markers up to the first scan, and where the scans come one after the other, all of those.
     *
     * @throws RenditionRefusal where that cannot be done, there are too many of them, or nobody here decodes such frames
     */
    static JpegFrame read(byte[] file) {
        JpegFrame frame = null;
        int components = 0;
        int at = 2;
        while (true) {
            at = marker(file, at);
            int code = at < file.length ? number(file, at, 1) : EOI;
            if (!hasLength(code)) {
                throw RenditionRefusal.damaged(String.format(
                        "the marker 0x%02x, or the end, comes where its frame or its first scan is to begin", code));
            }
            int next = behind(file, at);
            if (next > file.length || number(file, at + 1, 2) < 2) {
                throw RenditionRefusal.damaged("a part of its header has no length, or one beyond the file");
            }
            if (code == SOS) {
                if (frame == null || next < at + 4) {
                    throw RenditionRefusal.damaged("a scan comes before the frame");
                }
                boolean whole = frame.whole || number(file, at + 3, 1) < components;
                if (whole) {
                    countScans(file, next);
                }
                return new JpegFrame(frame.width, frame.height, whole);
            }
            if (isFrame(code)) {
                if (frame != null || next < at + 1 + LONGEST_FRAME) {
                    throw RenditionRefusal.damaged("it has two frames, or one that is cut short");
                }
                if (code > PROGRESSIVE) {
                    throw RenditionRefusal.unread("a JPEG that is lossless, hierarchical or arithmetically coded");
                }
                frame = new JpegFrame(number(file, at + 6, 2), number(file, at + 4, 2), code == PROGRESSIVE);
                components = number(file, at + 8, 1);
            }
            at = next;
        }
    }

    /**
     * The same file without the bytes 0xff that may fill up before each marker of its header (ITU T.81, B.1.1.2): not every
     * decoder here knows of them. The file itself, where there are none.
     */
    static byte[] withoutFill(byte[] file) {
        var out = new ByteArrayOutputStream();
        int copied = 0;
        int from = 2;
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

    /** From behind the header of the first scan on. */
    private static void countScans(byte[] file, int from) {
        int count = 1;
        int at = from;
        while (true) {
            at = marker(file, at);
            int code = at < file.length ? number(file, at, 1) : EOI;
            if (code == EOI) {
                return;
            }
            if (code == SOS && ++count > MOST_SCANS) {
                throw RenditionRefusal.tooLarge("it has more than " + MOST_SCANS + " scans, which is the limit");
            }
            at = hasLength(code) ? behind(file, at) : at + 1;
        }
    }

    /** Where the next marker's code is: behind 0xff, which may come several times; the file's length: there is none. */
    private static int marker(byte[] file, int from) {
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
    private static int behind(byte[] file, int at) {
        return at + 1 + Math.max(2, number(file, at + 1, 2));
    }

    /** Whether a length comes behind this marker: the others are restarts, begin and end, and what stands for no marker. */
    private static boolean hasLength(int code) {
        return code >= SOF0 && (code < RST0 || code > EOI);
    }

    private static boolean isFrame(int code) {
        return code >= SOF0 && code <= SOF15 && code != DHT && code != JPG && code != DAC;
    }

    /** Bytes beyond the end are 0. */
    private static int number(byte[] file, int at, int bytes) {
        int number = 0;
        for (int i = at; i < at + bytes; i++) {
            number = number << Byte.SIZE | (i < file.length ? file[i] & 0xff : 0);
        }
        return number;
    }
}
