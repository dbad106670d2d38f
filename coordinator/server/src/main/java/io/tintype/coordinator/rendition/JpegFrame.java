// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.rendition;

import static io.tintype.coordinator.rendition.JpegMarkers.EOI;
import static io.tintype.coordinator.rendition.JpegMarkers.SOS;
import static io.tintype.coordinator.rendition.JpegMarkers.behind;
import static io.tintype.coordinator.rendition.JpegMarkers.hasLength;
import static io.tintype.coordinator.rendition.JpegMarkers.isFrame;
import static io.tintype.coordinator.rendition.JpegMarkers.marker;
import static io.tintype.coordinator.rendition.JpegMarkers.number;

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

    private static final int PROGRESSIVE = 0xc2;
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
}
