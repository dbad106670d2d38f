// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.system;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.SplittableRandom;
import javax.imageio.ImageIO;

/** Real images in several formats, 10 KB to 20 MB, made from a seed; and a few photographs. */
final class Images {
    /** Photographs in the test resources, with their licences beside them. */
    static final List<String> PHOTOGRAPHS = List.of("chelsea.png", "rocket.jpg", "brick.png");

    private static final List<String> FORMATS = List.of("jpg", "png", "gif", "bmp", "tif");

    /** What makes 10 KB in each format, and a little more; JPEG and GIF take a quarter of a byte for a pixel. */
    private static final int SMALLEST_SIDE = 130;

    private static final int SMALLEST_COMPRESSED_SIDE = 260;

    private static final int LARGEST_SIDE = 2_580;

    /** What encoders of these formats can do in reasonable time. */
    private static final int LARGEST_COMPRESSED_SIDE = 1_400;

    private Images() {}

    /**
     * An image file.
     *
     * @param name its name
     * @param contentType its media type
     * @param bytes its content
     */
    @SuppressWarnings("ArrayRecordComponent") // compared by nobody as a whole
    record Image(String name, String contentType, byte[] bytes) {
        @Override
        public String toString() {
            return name + " (" + bytes.length + " bytes)";
        }
    }

    /** The n-th image of a seed. Sizes are spread from 10 KB to 20 MB, the small ones more often. */
    static Image make(long seed, int n) {
        var random = new SplittableRandom(seed * 1_000_003 + n);
        // The first two mark the ends of the range.
        String format = n < 2 ? "bmp" : FORMATS.get(n % FORMATS.size());
        int largest = format.equals("bmp") || format.equals("tif") ? LARGEST_SIDE : LARGEST_COMPRESSED_SIDE;
        double u = n == 0 ? 0 : n == 1 ? 1 : Math.pow(random.nextDouble(), 3);
        int smallest = format.equals("jpg") || format.equals("gif") ? SMALLEST_COMPRESSED_SIDE : SMALLEST_SIDE;
        int side = (int) Math.round(smallest * Math.pow((double) largest / smallest, u));
        var image = picture(random, n == 0 ? 60 : side, n == 0 ? 60 : side, format.equals("gif"));
        var name = String.format(Locale.ROOT, "%s/%04d.%s", format, n, format);
        return new Image(name, contentType(format), encode(image, format));
    }

    /** A photograph of {@link #PHOTOGRAPHS}. */
    static Image photograph(String name) {
        try (var stream = Objects.requireNonNull(Images.class.getResourceAsStream("/photos/" + name), name)) {
            return new Image(name, contentType(name.substring(name.indexOf('.') + 1)), stream.readAllBytes());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String contentType(String format) {
        return switch (format) {
            case "jpg" -> "image/jpeg";
            case "tif" -> "image/tiff";
            default -> "image/" + format;
        };
    }

    /** A gradient with noise: compresses about as badly as a photograph. */
    private static BufferedImage picture(SplittableRandom random, int width, int height, boolean indexed) {
        var image = new BufferedImage(
                width, height, indexed ? BufferedImage.TYPE_BYTE_INDEXED : BufferedImage.TYPE_INT_RGB);
        int tint = random.nextInt(0x1000000);
        var row = new int[width];
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                int shade = (x * 160 / width + y * 64 / height) & 0xff;
                row[x] = (shade * 0x010101) ^ (random.nextInt() & 0x1f1f1f) ^ tint;
            }
            image.setRGB(0, y, width, 1, row, 0, width);
        }
        return image;
    }

    private static byte[] encode(BufferedImage image, String format) {
        var bytes = new ByteArrayOutputStream();
        try {
            if (!ImageIO.write(image, format.equals("tif") ? "tiff" : format, bytes)) {
                throw new IllegalStateException("this JDK writes no " + format);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }
}
