// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.rendition;

import java.awt.Rectangle;

/**
 * Which part of an image is read, how coarsely, and how large the rendition is; all as the pixels lie in the file, before the
 * image is turned upright. Pure.
 *
 * @param part what is read of the image
 * @param step every so many pixels across and down one is read, so that no more comes into memory than twice what is needed
 * @param width of the rendition
 * @param height of the rendition
 */
record Geometry(Rectangle part, int step, int width, int height) {
    /** For an image of this size, lying on its side or not. */
    static Geometry of(int imageWidth, int imageHeight, boolean sideways, RenditionSpec spec) {
        double boxWidth = side(sideways ? spec.height() : spec.width());
        double boxHeight = side(sideways ? spec.width() : spec.height());
        boolean covers =
                spec.fit() == RenditionSpec.Fit.COVER && !Double.isInfinite(boxWidth) && !Double.isInfinite(boxHeight);
        if (!covers) {
            double scale = Math.min(1, Math.min(boxWidth / imageWidth, boxHeight / imageHeight));
            return new Geometry(
                    new Rectangle(imageWidth, imageHeight),
                    step(scale),
                    pixels(imageWidth * scale, imageWidth),
                    pixels(imageHeight * scale, imageHeight));
        }
        double scale = Math.max(boxWidth / imageWidth, boxHeight / imageHeight);
        if (scale > 1) {
            boxWidth /= scale;
            boxHeight /= scale;
            scale = 1;
        }
        int partWidth = pixels(boxWidth / scale, imageWidth);
        int partHeight = pixels(boxHeight / scale, imageHeight);
        var part = new Rectangle((imageWidth - partWidth) / 2, (imageHeight - partHeight) / 2, partWidth, partHeight);
        return new Geometry(part, step(scale), pixels(boxWidth, partWidth), pixels(boxHeight, partHeight));
    }

    private static double side(int asked) {
        return asked == 0 ? Double.POSITIVE_INFINITY : asked;
    }

    private static int pixels(double exact, int most) {
        return (int) Math.max(1, Math.min(most, Math.round(exact)));
    }

    private static int step(double scale) {
        return (int) Math.max(1, Math.floor(1 / scale / 2));
    }

    /** Pixels that come into memory. */
    long pixelsRead() {
        return (long) ((part.width + step - 1) / step) * ((part.height + step - 1) / step);
    }
}
