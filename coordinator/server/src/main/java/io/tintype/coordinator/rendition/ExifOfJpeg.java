// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.rendition;

import com.drew.imaging.jpeg.JpegMetadataReader;
import com.drew.imaging.jpeg.JpegProcessingException;
import com.drew.metadata.exif.ExifIFD0Directory;
import com.drew.metadata.exif.ExifReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.List;

/** Finds out how the pixels of a JPEG lie, by EXIF. Whatever is not as it should be says nothing. Stateless and thread-safe. */
final class ExifOfJpeg {
    private static final int UPRIGHT = 1;
    private static final int ORIENTATIONS = 8;

    private ExifOfJpeg() {}

    /** How the image lies, 1 to 8; 1: upright, or not said. Reads nothing but the segments that say so. */
    static int orientation(byte[] file) {
        try {
            // A reader keeps what it has read, so each image has its own.
            var metadata = JpegMetadataReader.readMetadata(new ByteArrayInputStream(file), List.of(new ExifReader()));
            var exif = metadata.getFirstDirectoryOfType(ExifIFD0Directory.class);
            var asked = exif == null ? null : exif.getInteger(ExifIFD0Directory.TAG_ORIENTATION);
            return asked != null && asked >= UPRIGHT && asked <= ORIENTATIONS ? asked : UPRIGHT;
        } catch (JpegProcessingException | IOException e) {
            return UPRIGHT;
        }
    }
}
