// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.rendition;

import com.twelvemonkeys.imageio.plugins.webp.WebPImageReaderSpi;
import com.twelvemonkeys.imageio.stream.ByteArrayImageInputStream;
import java.awt.Color;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Locale;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.MemoryCacheImageOutputStream;
import net.coobird.thumbnailator.Thumbnails;
import net.coobird.thumbnailator.util.exif.ExifFilterUtils;
import net.coobird.thumbnailator.util.exif.Orientation;
import org.jspecify.annotations.Nullable;

/**
 * Makes one rendition. What it will take is worked out by the image's header alone, and refused before a pixel is decoded.
 * Nothing but pixels passes: no metadata of the image is in the rendition, and its colours are those of sRGB.
 * Thread-safe; takes as long as it takes.
 */
final class Renderer {
    /** Bytes of a pixel in memory, at the most: 16 bits each of red, green, blue and alpha. */
    private static final int PIXEL_BYTES = 8;

    /** Rows that decoders hold as wide as the image is, however few of its pixels are wanted. */
    private static final int ROWS = 4;

    /** Bytes a decoder that holds the whole image takes for each of its pixels. */
    private static final int WHOLE_PIXEL_BYTES = 8;

    private static final float QUALITY = 0.85f;
    private static final int SIDEWAYS = 5;

    private final long memoryBytes;
    private final int maxPixels;
    private final SrgbColours colours = new SrgbColours();

    /**
     * @param memoryBytes what one rendition may take
     * @param maxPixels of the image it is made of
     */
    Renderer(long memoryBytes, int maxPixels) {
        this.memoryBytes = memoryBytes;
        this.maxPixels = maxPixels;
    }

    /**
     * Makes a rendition of an image file.
     *
     * @throws RenditionRefusal where that cannot be done, saying why
     */
    byte[] render(byte[] given, RenditionSpec spec) {
        var format = ImageFormat.of(given).orElseThrow(RenditionRefusal::noImage);
        var source = DecoderInput.of(given, format);
        byte[] file = source.file();
        var reader = reader(format);
        try {
            reader.setInput(new ByteArrayImageInputStream(file), true, true);
            int width = reader.getWidth(0);
            int height = reader.getHeight(0);
            boolean whole = isDecodedWhole(file, format, width, height);
            int orientation =
                    format == ImageFormat.JPEG ? ExifOfJpeg.orientation(file) : ExifChunks.orientation(file, format);
            var geometry = Geometry.of(width, height, orientation >= SIDEWAYS, spec);
            check(source.bytes(), width, height, geometry, whole);
            var image = decode(reader, geometry);
            var scaled = scale(image, geometry);
            colours.convert(scaled, source.profile());
            var upright = upright(scaled, orientation);
            var written = spec.format().orElse(format.isWritten() ? format : ImageFormat.PNG);
            return encode(upright, written);
        } catch (RenditionRefusal e) {
            throw e;
        } catch (IOException | RuntimeException e) {
            // Decoders meet hostile images with exceptions of every kind.
            throw RenditionRefusal.damaged(e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage());
        } finally {
            reader.dispose();
        }
    }

    /** Whether its decoder holds all of it at once; refuses an image of which it would decode more than it says. */
    private static boolean isDecodedWhole(byte[] file, ImageFormat format, int width, int height) {
        return switch (format) {
            case JPEG -> {
                var frame = JpegFrame.read(file);
                if (frame.width() != width || frame.height() != height) {
                    throw RenditionRefusal.damaged("its frame has " + frame.width() + " x " + frame.height()
                            + " pixels, and others are found by another way of reading it");
                }
                yield frame.whole();
            }
            case WEBP -> {
                WebpChunks.requireOne(file, width, height);
                yield true;
            }
            case PNG, GIF -> false;
        };
    }

    private void check(long fileBytes, int width, int height, Geometry geometry, boolean decodedWhole) {
        long pixels = (long) width * height;
        if (pixels > maxPixels) {
            throw RenditionRefusal.tooLarge("it has " + width + " x " + height + " pixels, and at most " + maxPixels
                    + " are allowed (renditions.maxPixels)");
        }
        long need = fileBytes
                + geometry.pixelsRead() * PIXEL_BYTES
                + 2L * geometry.width() * geometry.height() * PIXEL_BYTES
                + (long) width * ROWS * PIXEL_BYTES
                + (decodedWhole ? pixels * WHOLE_PIXEL_BYTES : 0);
        if (need > memoryBytes) {
            throw RenditionRefusal.tooLarge("with its " + width + " x " + height + " pixels it would take " + need
                    + " bytes of memory, and at most " + memoryBytes + " are allowed (renditions.memoryBytes)");
        }
    }

    private static ImageReader reader(ImageFormat format) {
        if (format == ImageFormat.WEBP) {
            return new WebPImageReaderSpi().createReaderInstance(null);
        }
        var readers = ImageIO.getImageReadersByFormatName(format.name().toLowerCase(Locale.ROOT));
        if (!readers.hasNext()) {
            throw new IllegalStateException("this Java reads no " + format);
        }
        return readers.next();
    }

    private static BufferedImage decode(ImageReader reader, Geometry geometry) throws IOException {
        var warned = new StringBuilder();
        // Decoders make up what a cut file lacks, and only warn of it.
        reader.addIIOReadWarningListener((source, warning) -> {
            var text = warning.toLowerCase(Locale.ROOT);
            if (text.contains("premature")
                    || text.contains("corrupt")
                    || text.contains("truncated")
                    || text.contains("end of")) {
                warned.append(warned.isEmpty() ? "" : "; ").append(warning);
            }
        });
        var param = reader.getDefaultReadParam();
        param.setSourceRegion(geometry.part());
        param.setSourceSubsampling(geometry.step(), geometry.step(), 0, 0);
        var image = reader.read(0, param);
        if (!warned.isEmpty()) {
            throw RenditionRefusal.damaged(warned.toString());
        }
        return image;
    }

    private static BufferedImage scale(BufferedImage image, Geometry geometry) throws IOException {
        return Thumbnails.of(image)
                .forceSize(geometry.width(), geometry.height())
                .imageType(
                        image.getColorModel().hasAlpha() ? BufferedImage.TYPE_INT_ARGB : BufferedImage.TYPE_3BYTE_BGR)
                .asBufferedImage();
    }

    private static BufferedImage upright(BufferedImage image, int orientation) {
        return orientation == 1
                ? image
                : ExifFilterUtils.getFilterForOrientation(Orientation.typeOf(orientation))
                        .apply(image);
    }

    private static byte[] encode(BufferedImage image, ImageFormat format) throws IOException {
        var out = new ByteArrayOutputStream();
        var writer = writer(format);
        try (var stream = new MemoryCacheImageOutputStream(out)) {
            writer.setOutput(stream);
            var pixels = format == ImageFormat.JPEG ? opaque(image) : image;
            writer.write(null, new IIOImage(pixels, null, null), param(writer, format));
        } finally {
            writer.dispose();
        }
        return out.toByteArray();
    }

    private static @Nullable ImageWriteParam param(ImageWriter writer, ImageFormat format) {
        if (format == ImageFormat.PNG) {
            return null;
        }
        var param = writer.getDefaultWriteParam();
        param.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
        if (format == ImageFormat.WEBP) {
            param.setCompressionType("Lossy");
        }
        param.setCompressionQuality(QUALITY);
        return param;
    }

    private static ImageWriter writer(ImageFormat format) {
        var writers = ImageIO.getImageWritersByFormatName(format.name().toLowerCase(Locale.ROOT));
        if (!writers.hasNext()) {
            throw RenditionRefusal.tooLarge("this coordinator writes no " + format.name());
        }
        return writers.next();
    }

    /** On white, where it has holes. */
    private static BufferedImage opaque(BufferedImage image) {
        if (!image.getColorModel().hasAlpha()) {
            return image;
        }
        var flat = new BufferedImage(image.getWidth(), image.getHeight(), BufferedImage.TYPE_INT_RGB);
        var graphics = flat.createGraphics();
        try {
            graphics.drawImage(image, 0, 0, Color.WHITE, null);
        } finally {
            graphics.dispose();
        }
        return flat;
    }
}
