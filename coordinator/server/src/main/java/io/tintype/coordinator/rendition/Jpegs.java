// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.rendition;

import com.drew.imaging.jpeg.JpegMetadataReader;
import com.drew.imaging.jpeg.JpegProcessingException;
import com.drew.imaging.jpeg.JpegSegmentMetadataReader;
import com.drew.metadata.Metadata;
import com.drew.metadata.exif.ExifIFD0Directory;
import com.drew.metadata.exif.ExifReader;
import com.drew.metadata.jpeg.JpegDirectory;
import com.drew.metadata.jpeg.JpegReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.List;

/**
 * What the header of a JPEG says besides its size. Immutable.
 *
 * @param orientation how it lies, by EXIF: 1 is upright, from 5 on it lies on its side
 * @param progressive its scans come one after the other, so that a decoder holds all of it at once
 */
record Jpegs(int orientation, boolean progressive) {
    /** What is known of an image that says nothing. */
    static final Jpegs NOTHING = new Jpegs(1, false);

    private static final int ORIENTATIONS = 8;
    // SOF0 and SOF1 are sequential, the others are not, or nothing that is decoded here.
    private static final int LAST_SEQUENTIAL = 1;

    /** Reads nothing but the segments that say so. */
    static Jpegs read(byte[] file) {
        // A reader keeps what it has read, so each image has its own.
        List<JpegSegmentMetadataReader> wanted = List.of(new ExifReader(), new JpegReader());
        try {
            return of(JpegMetadataReader.readMetadata(new ByteArrayInputStream(file), wanted));
        } catch (JpegProcessingException | IOException e) {
            // Whether it can be decoded all the same, the decoder says.
            return NOTHING;
        }
    }

    private static Jpegs of(Metadata metadata) {
        var exif = metadata.getFirstDirectoryOfType(ExifIFD0Directory.class);
        var asked = exif == null ? null : exif.getInteger(ExifIFD0Directory.TAG_ORIENTATION);
        var frame = metadata.getFirstDirectoryOfType(JpegDirectory.class);
        var kind = frame == null ? null : frame.getInteger(JpegDirectory.TAG_COMPRESSION_TYPE);
        return new Jpegs(
                asked != null && asked >= 1 && asked <= ORIENTATIONS ? asked : 1,
                kind == null || kind > LAST_SEQUENTIAL);
    }
}
