// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.rendition;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tintype.coordinator.rendition.RenditionSpec.Fit;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Images that would have a decoder do more than their headers say at first sight. */
final class HostileImagesTest {
    private static final RenditionSpec SMALL = new RenditionSpec(10, 0, Fit.CONTAIN, ImageFormat.PNG);

    private final Renderer renderer = new Renderer(48 << 20, 100_000_000);

    private int widthOf(byte[] file) throws Exception {
        return TestImages.read(renderer.render(file, SMALL)).getWidth();
    }

    private void refused(byte[] file, String message) {
        assertThatThrownBy(() -> renderer.render(file, SMALL))
                .isInstanceOf(RenditionRefusal.class)
                .hasMessageContaining(message);
    }

    /** A decoder that does not find all components in the first scan keeps the image until it has found them. */
    @ParameterizedTest
    @CsvSource({
        "192, true, damaged or cut short",
        "193, true, damaged or cut short",
        "194, true, renditions.memoryBytes",
        "192, false, renditions.memoryBytes",
        "193, false, renditions.memoryBytes"
    })
    void aJpegOfSeveralScansIsCountedWhole(int frame, boolean interleaved, String refusal) throws Exception {
        byte[] large = TestImages.claiming(9_000, 9_000, "jpeg");
        large[HostileImages.marker(large, 0xc0)] = (byte) frame;
        refused(interleaved ? large : HostileImages.notInterleaved(large), refusal);
    }

    @Test
    void aJpegOfManyScansIsRefused() throws Exception {
        assertThat(widthOf(HostileImages.progressive(JpegFrame.MOST_SCANS))).isEqualTo(10);
        refused(HostileImages.progressive(JpegFrame.MOST_SCANS + 1), "more than 64 scans");
    }

    /** Whoever takes a length from behind a marker that has none sees another image than the decoder. */
    @ParameterizedTest
    @ValueSource(ints = {0x00, 0x01, 0xd0, 0xd7})
    void aMarkerThatBelongsNowhereInAHeaderIsRefused(int marker) throws Exception {
        byte[] hidden = HostileImages.frame(TestImages.claiming(65_000, 65_000, "jpeg"));
        byte[] bytes = ByteBuffer.allocate(4 + hidden.length)
                .put((byte) 0xff)
                .put((byte) marker)
                .putShort((short) (2 + hidden.length))
                .put(hidden)
                .array();
        refused(
                HostileImages.beforeFrame(TestImages.halves(64, 64, "jpeg"), bytes),
                String.format("the marker 0x%02x", marker));
    }

    /** They may stand before every marker (ITU T.81, B.1.1.2), and say nothing. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 7})
    void bytesThatFillUpBeforeMarkersChangeNothing(int count) throws Exception {
        byte[] comment = {(byte) 0xff, (byte) 0xfe, 0, 4, (byte) 0xff, (byte) 0xff};
        byte[] sound = HostileImages.beforeFrame(TestImages.halves(64, 64, "jpeg"), comment);
        byte[] plain = renderer.render(sound, SMALL);
        byte[] filled = HostileImages.filled(sound, count);
        assertThat(filled.length).isGreaterThan(sound.length + 5 * count);
        assertThat(renderer.render(filled, SMALL)).isEqualTo(plain);
        assertThat(widthOf(HostileImages.filled(HostileImages.progressive(JpegFrame.MOST_SCANS), count)))
                .isEqualTo(10);
        refused(HostileImages.filled(HostileImages.progressive(JpegFrame.MOST_SCANS + 1), count), "more than 64 scans");
        refused(HostileImages.beforeFrame(sound, new byte[] {1, (byte) 0xff}), "damaged or cut short");
    }

    @Test
    void aHeaderThatCannotBeReadIsRefused() throws Exception {
        byte[] sound = TestImages.halves(64, 64, "jpeg");
        byte[] twice = HostileImages.beforeFrame(sound, HostileImages.frame(sound));
        refused(twice, "damaged or cut short");
        byte[] tooLong =
                HostileImages.beforeFrame(sound, new byte[] {(byte) 0xff, (byte) 0xfe, (byte) 0xff, (byte) 0xff});
        refused(tooLong, "damaged or cut short");
        byte[] tooShort = HostileImages.beforeFrame(sound, new byte[] {(byte) 0xff, (byte) 0xfe, 0, 1});
        refused(tooShort, "damaged or cut short");
    }

    @Test
    void aJpegOfWhichNoPartCanBeReadAloneIsRefused() throws Exception {
        byte[] lossless = TestImages.halves(64, 64, "jpeg");
        lossless[HostileImages.marker(lossless, 0xc0)] = (byte) 0xc3;
        refused(lossless, "a JPEG that is lossless");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aWebpWhosePictureIsLargerThanItsHeaderSaysIsRefused(boolean animated) throws Exception {
        byte[] sound = HostileImages.webp(64, animated, 1, 0);
        assertThat(widthOf(sound)).isEqualTo(10);
        refused(HostileImages.withPictureOf(sound, 16_383), "64 x 64 pixels, but its picture has 16383 x 16383");
    }

    /** Each is decoded, and one of a single colour is a few bytes. */
    @ParameterizedTest
    @CsvSource({"false, 2, 0", "true, 2, 0", "false, 1, 2", "true, 1, 2", "false, 0, 0", "true, 0, 0"})
    void aWebpOfMoreThanOnePictureAtATimeIsRefused(boolean animated, int pictures, int alphas) throws Exception {
        refused(
                HostileImages.webp(64, animated, pictures, alphas),
                "it has " + pictures + " pictures and " + alphas + " times");
    }
}
