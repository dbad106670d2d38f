// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.rendition;

import java.awt.color.ColorSpace;
import java.awt.color.ICC_Profile;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.zip.DeflaterOutputStream;

/** Images of one colour that carry an ICC profile, which says what their numbers mean. */
final class ProfiledImages {
    private static final int WEBP_ICC = 0x20;

    private ProfiledImages() {}

    /** With numbers that grow as the light does. */
    static byte[] linear() {
        return ICC_Profile.getInstance(ColorSpace.CS_LINEAR_RGB).getData();
    }

    /** What a number of {@link #linear} is in sRGB (IEC 61966-2-1). */
    static int inSrgb(int number) {
        double light = number / 255.0;
        double encoded = light <= 0.0031308 ? light * 12.92 : 1.055 * Math.pow(light, 1 / 2.4) - 0.055;
        return (int) Math.round(encoded * 255);
    }

    /** An image of one colour; a JPEG has its profile in so many parts. */
    static byte[] of(int argb, String format, byte[] profile, int parts) throws IOException {
        boolean seenThrough = argb >>> 24 != 255;
        var image = new BufferedImage(64, 48, seenThrough ? BufferedImage.TYPE_INT_ARGB : BufferedImage.TYPE_INT_RGB);
        for (int i = 0; i < 64 * 48; i++) {
            image.setRGB(i % 64, i / 64, argb);
        }
        byte[] file = TestImages.encode(image, format);
        return switch (format) {
            case "jpeg" -> inJpeg(file, profile, parts);
            case "png" -> TestImages.inPng(file, "iCCP", packed(profile));
            case "webp" ->
                TestImages.inWebp(file, image, WEBP_ICC, TestImages.chunkOfWebp("ICCP", profile), new byte[0]);
            default -> throw new IllegalArgumentException(format);
        };
    }

    static byte[] inJpeg(byte[] jpeg, byte[] profile, int parts) throws IOException {
        var out = new ByteArrayOutputStream();
        out.write(jpeg, 0, 2);
        for (int i = 0; i < parts; i++) {
            out.write(part(i + 1, parts, profile));
        }
        out.write(jpeg, 2, jpeg.length - 2);
        return out.toByteArray();
    }

    /** One of the parts of a profile. */
    static byte[] part(int number, int of, byte[] profile) {
        int from = (number - 1) * profile.length / of;
        int to = number * profile.length / of;
        return ByteBuffer.allocate(18 + to - from)
                .putShort((short) 0xffe2)
                .putShort((short) (16 + to - from))
                .put("ICC_PROFILE\0".getBytes(StandardCharsets.US_ASCII))
                .put((byte) number)
                .put((byte) of)
                .put(profile, from, to - from)
                .array();
    }

    /** As PNG has it. */
    static byte[] packed(byte[] profile) throws IOException {
        var out = new ByteArrayOutputStream();
        out.write("of a test\0\0".getBytes(StandardCharsets.US_ASCII));
        try (var deflated = new DeflaterOutputStream(out)) {
            deflated.write(profile);
        }
        return out.toByteArray();
    }
}
