// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.rendition;

import com.twelvemonkeys.imageio.plugins.webp.WebPImageReaderSpi;
import java.awt.Color;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
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
    public static byte[] noise(int width, int height, String format) throws IOException {
        var image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        var random = new Random(1);
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                image.setRGB(x, y, random.nextInt());
            }
        }
        return encode(image, format);
    }

    /** A JPEG that lies, see the other. */
    static byte[] lying(int width, int height, int orientation) throws IOException {
        return lying(width, height, orientation, "jpeg");
    }

    /** An image whose pixels lie in another way, and whose EXIF says how: upright it is {@link #halves} of this size. */
    static byte[] lying(int width, int height, int orientation, String format) throws IOException {
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
        var file = encode(stored, format);
        return switch (format) {
            case "jpeg" -> inJpeg(file, exif(orientation));
            case "png" -> inPng(file, exif(orientation));
            case "webp" -> inWebp(file, stored, exif(orientation));
            default -> throw new IllegalArgumentException(format);
        };
    }

    /** As TIFF has it. */
    static byte[] exif(int orientation) {
        return ByteBuffer.allocate(26)
                .put(new byte[] {'M', 'M', 0, 42})
                .putInt(8)
                .putShort((short) 1)
                .putShort((short) 0x112)
                .putShort((short) 3)
                .putInt(1)
                .putShort((short) orientation)
                .putShort((short) 0)
                .putInt(0)
                .array();
    }

    private static byte[] inJpeg(byte[] jpeg, byte[] exif) {
        return ByteBuffer.allocate(jpeg.length + 10 + exif.length)
                .put(jpeg, 0, 2)
                .putShort((short) 0xffe1)
                .putShort((short) (8 + exif.length))
                .put(new byte[] {'E', 'x', 'i', 'f', 0, 0})
                .put(exif)
                .put(jpeg, 2, jpeg.length - 2)
                .array();
    }

    static byte[] inPng(byte[] png, byte[] exif) {
        return inPng(png, "eXIf", exif);
    }

    /** A chunk after the header, which is always 25 bytes long. */
    static byte[] inPng(byte[] png, String type, byte[] data) {
        int after = 8 + 25;
        var chunk = ByteBuffer.allocate(12 + data.length)
                .putInt(data.length)
                .put(type.getBytes(StandardCharsets.US_ASCII))
                .put(data);
        var crc = new CRC32();
        crc.update(chunk.array(), 4, 4 + data.length);
        chunk.putInt((int) crc.getValue());
        return ByteBuffer.allocate(png.length + chunk.capacity())
                .put(png, 0, after)
                .put(chunk.array())
                .put(png, after, png.length - after)
                .array();
    }

    private static byte[] inWebp(byte[] webp, BufferedImage image, byte[] exif) {
        return inWebp(webp, image, 8, new byte[0], chunkOfWebp("EXIF", exif));
    }

    /** The pixels' chunk of a simple file, between a header with these flags and others. */
    static byte[] inWebp(byte[] webp, BufferedImage image, int flags, byte[] before, byte[] after) {
        int pixels = 12;
        while (webp[pixels + 3] != ' ' && webp[pixels + 3] != 'L') {
            pixels += 8 + ByteBuffer.wrap(webp).order(ByteOrder.LITTLE_ENDIAN).getInt(pixels + 4);
        }
        int length = webp.length - pixels;
        int all = 4 + 18 + before.length + length + after.length;
        return ByteBuffer.allocate(8 + all)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put("RIFF".getBytes(StandardCharsets.US_ASCII))
                .putInt(all)
                .put("WEBPVP8X".getBytes(StandardCharsets.US_ASCII))
                .putInt(10)
                .putInt(flags)
                .put(threeBytes(image.getWidth() - 1))
                .put(threeBytes(image.getHeight() - 1))
                .put(before)
                .put(webp, pixels, length)
                .put(after)
                .array();
    }

    /** Padded to an even length. */
    static byte[] chunkOfWebp(String name, byte[] data) {
        return ByteBuffer.allocate(8 + data.length + (data.length & 1))
                .order(ByteOrder.LITTLE_ENDIAN)
                .put(name.getBytes(StandardCharsets.US_ASCII))
                .putInt(data.length)
                .put(data)
                .array();
    }

    private static byte[] threeBytes(int number) {
        return new byte[] {(byte) number, (byte) (number >>> 8), (byte) (number >>> 16)};
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

    static byte[] encode(BufferedImage image, String format) throws IOException {
        var out = new ByteArrayOutputStream();
        if (!ImageIO.write(image, format, out)) {
            throw new IllegalStateException("nobody writes " + format);
        }
        return out.toByteArray();
    }
}
