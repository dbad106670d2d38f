// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.rendition;

import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What is to be made of an image. Immutable.
 *
 * @param width most pixels across; 0: as many as the height allows
 * @param height most pixels down; 0: as many as the width allows
 * @param fit how the image is fitted into that
 * @param formatOrNull the format to write; null: that of the image, or PNG where that is not written
 */
public record RenditionSpec(
        int width, int height, Fit fit, @Nullable ImageFormat formatOrNull) {
    /** Most pixels across or down. */
    public static final int MOST_SIDE = 4_096;

    /** How an image is fitted into width and height. Images are never enlarged. */
    public enum Fit {
        /** All of it is to be seen; one side may be shorter. */
        CONTAIN,
        /** All of the area is filled; what is over is cut off on both sides alike. */
        COVER
    }

    public RenditionSpec {
        if (width < 0 || height < 0 || width > MOST_SIDE || height > MOST_SIDE) {
            throw new IllegalArgumentException("a rendition has at most " + MOST_SIDE + " pixels across and down");
        }
    }

    /** The format to write, if one is asked for. */
    Optional<ImageFormat> format() {
        return Optional.ofNullable(formatOrNull);
    }

    /** All of it in a few characters of ASCII; other specs have another. */
    public String text() {
        return width + "x" + height + "-" + fit.name().toLowerCase(Locale.ROOT)
                + (formatOrNull == null ? "" : "-" + formatOrNull.name().toLowerCase(Locale.ROOT));
    }
}
