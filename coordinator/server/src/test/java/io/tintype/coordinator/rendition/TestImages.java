// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.rendition;

import com.twelvemonkeys.imageio.plugins.webp.WebPImageReaderSpi;
import java.awt.Color;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Random;
import java.util.zip.CRC32;
import javax.imageio.ImageIO;

/** Images that tests make, and look at. */
public final class TestImages {
    private static final int TURNED = 5;

    private TestImages() {}

    /** Red on the left, blue on the right. */
    public static byte[] halves(int width, int height, String format) throws IOException {
        return encode(picture(width, height), format);
    }

    private static BufferedImage picture(int width, int height) {
        var image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        var graphics = image.createGraphics();
        graphics.setColor(Color.RED);
        graphics.fillRect(0, 0, width / 2, height);
        graphics.setColor(Color.BLUE);
        graphics.fillRect(width / 2, 0, width - width / 2, height);
        graphics.dispose();
        return image;
    }

    /** Nothing but holes. */
    static byte[] transparent(int width, int height) throws IOException {
        return encode(new BufferedImage(width, height, BufferedImage.TYPE_INT_ARGB), "png");
    }

    /** What does not compress. */
    static byte[] noise(int width, int height, String format) throws IOException {
        var image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        var random = new Random(1);
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                image.setRGB(x, y, random.nextInt());
            }
        }
        return encode(image, format);
    }

    /** A JPEG whose pixels lie in another way, and whose EXIF says how: upright it is {@link #halves} of this size. */
    static byte[] lying(int width, int height, int orientation) throws IOException {
        boolean sideways = orientation >= TURNED;
        var stored =
                new BufferedImage(sideways ? height : width, sideways ? width : height, BufferedImage.TYPE_INT_RGB);
        var upright = picture(width, height);
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                int color = upright.getRGB(x, y);
                switch (orientation) {
                    case 1 -> stored.setRGB(x, y, color);
                    case 3 -> stored.setRGB(width - 1 - x, height - 1 - y, color);
                    case 6 -> stored.setRGB(y, width - 1 - x, color);
                    case 8 -> stored.setRGB(height - 1 - y, x, color);
                    default -> throw new IllegalArgumentException("orientation " + orientation);
                }
            }
        }
        return withOrientation(encode(stored, "jpeg"), orientation);
    }

    private static byte[] withOrientation(byte[] jpeg, int orientation) {
        var exif = ByteBuffer.allocate(36)
                .putShort((short) 0xffe1)
                .putShort((short) 34)
                .put(new byte[] {'E', 'x', 'i', 'f', 0, 0, 'M', 'M', 0, 42})
                .putInt(8)
                .putShort((short) 1)
                .putShort((short) 0x112)
                .putShort((short) 3)
                .putInt(1)
                .putShort((short) orientation)
                .putShort((short) 0)
                .putInt(0);
        return ByteBuffer.allocate(jpeg.length + exif.capacity())
                .put(jpeg, 0, 2)
                .put(exif.array())
                .put(jpeg, 2, jpeg.length - 2)
                .array();
    }

    /** A small file whose header claims to have so many pixels. */
    public static byte[] claiming(int width, int height, String format) throws IOException {
        byte[] file = noise(64, 64, format);
        var bytes = ByteBuffer.wrap(file);
        switch (format) {
            case "png" -> {
                bytes.putInt(16, width).putInt(20, height);
                var crc = new CRC32();
                crc.update(file, 12, 17);
                bytes.putInt(29, (int) crc.getValue());
            }
            case "jpeg" -> {
                int frame = 2;
                while ((file[frame + 1] & 0xff) != 0xc0) {
                    frame += 2 + (bytes.getShort(frame + 2) & 0xffff);
                }
                bytes.putShort(frame + 5, (short) height).putShort(frame + 7, (short) width);
            }
            case "gif" -> {
                int image = 13 + 3 * 256;
                while (file[image] != 0x2c) {
                    image++;
                }
                for (int at : new int[] {6, image + 5}) {
                    bytes.putShort(at, Short.reverseBytes((short) width));
                    bytes.putShort(at + 2, Short.reverseBytes((short) height));
                }
            }
            default -> throw new IllegalArgumentException(format);
        }
        return file;
    }

    /** Decodes an image of any format. */
    public static BufferedImage read(byte[] file) throws IOException {
        if (ImageFormat.of(file).orElseThrow() == ImageFormat.WEBP) {
            var reader = new WebPImageReaderSpi().createReaderInstance(null);
            reader.setInput(ImageIO.createImageInputStream(new ByteArrayInputStream(file)));
            return reader.read(0);
        }
        return ImageIO.read(new ByteArrayInputStream(file));
    }

    private static byte[] encode(BufferedImage image, String format) throws IOException {
        var out = new ByteArrayOutputStream();
        if (!ImageIO.write(image, format, out)) {
            throw new IllegalStateException("nobody writes " + format);
        }
        return out.toByteArray();
    }
}
