// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.rendition;

/**
 * What a decoder is handed of an image, and what is done for it afterwards: without what not every decoder knows, and without
 * the profile of its colours, which it would apply to more pixels than are wanted, working out anew what it says. Immutable.
 */
final class DecoderInput {
    private static final byte[] NONE = {};

    /** Components of a JPEG's pixels. What a profile says of others, as of inks, is left to its decoder. */
    private static final int COLOURS = 3;

    private final byte[] file;
    private final byte[] profile;
    private final long bytes;

    private DecoderInput(byte[] file, byte[] profile, long bytes) {
        this.file = file;
        this.profile = profile;
        this.bytes = bytes;
    }

    /** For an image file of this format, whole or damaged. */
    static DecoderInput of(byte[] given, ImageFormat format) {
        return switch (format) {
            case JPEG -> ofJpeg(given);
            case PNG -> {
                byte[] profile = PngChunks.profile(given, SrgbColours.MOST_PROFILE_BYTES);
                yield new DecoderInput(given, profile, (long) given.length + profile.length);
            }
            case WEBP, GIF -> new DecoderInput(given, NONE, given.length);
        };
    }

    private static DecoderInput ofJpeg(byte[] given) {
        byte[] filled = JpegHeader.withoutFill(given);
        long bytes = (long) given.length + (filled == given ? 0 : filled.length);
        if (JpegHeader.components(filled) != COLOURS) {
            return new DecoderInput(filled, NONE, bytes);
        }
        byte[] profile = JpegHeader.profile(filled, SrgbColours.MOST_PROFILE_BYTES);
        byte[] file = JpegHeader.withoutProfile(filled);
        return new DecoderInput(file, profile, bytes + profile.length + (file == filled ? 0 : file.length));
    }

    /** For the decoder. Nobody changes it. */
    byte[] file() {
        return file;
    }

    /** What the numbers mean that come from the decoder, in ICC.1; empty: colours of sRGB. */
    byte[] profile() {
        return profile;
    }

    /** What the image and this take in memory. */
    long bytes() {
        return bytes;
    }
}
