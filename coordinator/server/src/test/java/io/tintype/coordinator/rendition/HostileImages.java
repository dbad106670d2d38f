// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.rendition;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;

/** Images whose headers say less than a decoder would do. */
final class HostileImages {
    private HostileImages() {}

    /** Where the code of the first marker of this kind is, found by the lengths of the parts before it. */
    static int marker(byte[] jpeg, int code) {
        int at = 3;
        while ((jpeg[at] & 0xff) != code) {
            at += 2 + (ByteBuffer.wrap(jpeg).getShort(at + 1) & 0xffff);
        }
        return at;
    }

    /** A JPEG whose first scan has one component only. */
    static byte[] notInterleaved(byte[] jpeg) {
        int scan = marker(jpeg, 0xda);
        return ByteBuffer.allocate(jpeg.length - 4)
                .put(jpeg, 0, scan + 1)
                .put(new byte[] {0, 8, 1, 1, 0, 0, 63, 0})
                .put(jpeg, scan + 13, jpeg.length - scan - 13)
                .array();
    }

    /** A JPEG with bytes before its frame. */
    static byte[] beforeFrame(byte[] jpeg, byte[] bytes) {
        int frame = marker(jpeg, 0xc0) - 1;
        return ByteBuffer.allocate(jpeg.length + bytes.length)
                .put(jpeg, 0, frame)
                .put(bytes)
                .put(jpeg, frame, jpeg.length - frame)
                .array();
    }

    /** The frame of a JPEG, from its marker to its end. */
    static byte[] frame(byte[] jpeg) {
        int frame = marker(jpeg, 0xc0) - 1;
        return Arrays.copyOfRange(jpeg, frame, frame + 19);
    }

    /** A JPEG with this many bytes 0xff more before each of its markers but the first one. */
    static byte[] filled(byte[] jpeg, int count) {
        var out = new ByteArrayOutputStream();
        out.write(jpeg, 0, 2);
        int scan = marker(jpeg, 0xda);
        int part = 2;
        for (int at = 2; at < jpeg.length; at++) {
            boolean begins = at < scan ? at == part : jpeg[at] == (byte) 0xff && (jpeg[at + 1] & 0xff) >= 0xc0;
            if (begins) {
                out.writeBytes(filling(count));
            }
            if (at == part && at < scan) {
                part = at + 2 + (ByteBuffer.wrap(jpeg).getShort(at + 2) & 0xffff);
            }
            out.write(jpeg[at]);
        }
        return out.toByteArray();
    }

    private static byte[] filling(int count) {
        var bytes = new byte[count];
        Arrays.fill(bytes, (byte) 0xff);
        return bytes;
    }

    /** A JPEG with this many scans, each of the last ones as the one before it. */
    static byte[] progressive(int scans) throws IOException {
        var out = new ByteArrayOutputStream();
        var writer = ImageIO.getImageWritersByFormatName("jpeg").next();
        try (var stream = ImageIO.createImageOutputStream(out)) {
            writer.setOutput(stream);
            var param = writer.getDefaultWriteParam();
            param.setProgressiveMode(ImageWriteParam.MODE_DEFAULT);
            writer.write(null, new IIOImage(new BufferedImage(64, 64, BufferedImage.TYPE_INT_RGB), null, null), param);
        } finally {
            writer.dispose();
        }
        byte[] file = out.toByteArray();
        int last = file.length;
        int found = 0;
        for (int at = marker(file, 0xda) - 1; at < file.length - 1; at++) {
            if (file[at] == (byte) 0xff && file[at + 1] == (byte) 0xda) {
                last = at;
                found++;
            }
        }
        out.reset();
        out.write(file, 0, last);
        for (; found <= scans; found++) {
            out.write(file, last, file.length - 2 - last);
        }
        out.write(file, file.length - 2, 2);
        return out.toByteArray();
    }

    /** A WebP with a header of its own, with this many pictures of this size, and parts that say where they are seen through. */
    static byte[] webp(int side, boolean animated, int pictures, int alphas) throws IOException {
        byte[] simple = TestImages.halves(side, side, "webp");
        byte[] picture = Arrays.copyOfRange(simple, 12, simple.length);
        int inside = pictures * picture.length + alphas * 10;
        int moving = animated ? 8 + 16 : 0;
        var sides = new byte[] {(byte) (side - 1), 0, 0, (byte) (side - 1), 0, 0};
        var out = ByteBuffer.allocate(12 + 18 + moving + inside).order(ByteOrder.LITTLE_ENDIAN);
        out.put(ascii("RIFF")).putInt(out.capacity() - 8).put(ascii("WEBP"));
        out.put(ascii("VP8X")).putInt(10).putInt(animated ? 2 : 0).put(sides);
        if (animated) {
            out.put(ascii("ANMF"))
                    .putInt(16 + inside)
                    .put(new byte[6])
                    .put(sides)
                    .putInt(0);
        }
        for (int i = 0; i < alphas; i++) {
            out.put(ascii("ALPH")).putInt(2).putShort((short) 0);
        }
        for (int i = 0; i < pictures; i++) {
            out.put(picture);
        }
        return out.array();
    }

    /** The same, where the picture itself says that it has so many pixels across and down. */
    static byte[] withPictureOf(byte[] webp, int side) {
        byte[] file = webp.clone();
        String text = new String(file, StandardCharsets.ISO_8859_1);
        int lossy = text.indexOf("VP8 ");
        var bytes = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        if (lossy > 0) {
            bytes.putShort(lossy + 14, (short) side).putShort(lossy + 16, (short) side);
        } else {
            bytes.putInt(text.indexOf("VP8L") + 9, (side - 1) | (side - 1) << 14);
        }
        return file;
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
