// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.rendition;

import static io.tintype.coordinator.rendition.ProfiledImages.inSrgb;
import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.coordinator.rendition.RenditionSpec.Fit;
import java.awt.Color;
import java.awt.color.ColorSpace;
import java.awt.color.ICC_Profile;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Colours of renditions are those that the image's profile means, in sRGB. */
final class ImageColoursTest {
    private static final int RED = 180;
    private static final int GREEN = 100;
    private static final int BLUE = 60;
    private static final int NEARLY = 6;

    private static final RenditionSpec SPEC = new RenditionSpec(32, 0, Fit.CONTAIN, ImageFormat.PNG);

    private final Renderer renderer = new Renderer(48 << 20, 100_000_000);

    private static int pixel(int alpha) {
        return new Color(RED, GREEN, BLUE, alpha).getRGB();
    }

    private Color made(byte[] file) throws Exception {
        return new Color(TestImages.read(renderer.render(file, SPEC)).getRGB(10, 10), true);
    }

    private static void assertConverted(Color made) {
        assertNear(made, inSrgb(RED), inSrgb(GREEN), inSrgb(BLUE));
    }

    private static void assertUnchanged(Color made) {
        assertNear(made, RED, GREEN, BLUE);
    }

    private static void assertNear(Color made, int red, int green, int blue) {
        assertThat(made.getRed()).as("red of %s", made).isBetween(red - NEARLY, red + NEARLY);
        assertThat(made.getGreen()).as("green of %s", made).isBetween(green - NEARLY, green + NEARLY);
        assertThat(made.getBlue()).as("blue of %s", made).isBetween(blue - NEARLY, blue + NEARLY);
    }

    @ParameterizedTest
    @CsvSource({"jpeg, 1", "jpeg, 3", "png, 1", "webp, 1"})
    void coloursOfAProfileBecomeThoseOfSrgb(String format, int parts) throws Exception {
        var file = ProfiledImages.of(pixel(255), format, ProfiledImages.linear(), parts);
        assertConverted(made(file));
        assertConverted(made(file)); // by what was kept of the first
    }

    @Test
    void howMuchIsSeenThroughStaysAsItIs() throws Exception {
        var made = made(ProfiledImages.of(pixel(128), "png", ProfiledImages.linear(), 1));
        assertThat(made.getAlpha()).isEqualTo(128);
        assertConverted(made);
    }

    @ParameterizedTest
    @ValueSource(strings = {"jpeg", "png"})
    void whatIsSrgbAlreadyStaysAsItIs(String format) throws Exception {
        var srgb = ICC_Profile.getInstance(ColorSpace.CS_sRGB).getData();
        assertUnchanged(made(ProfiledImages.of(pixel(255), format, srgb, 1)));
    }

    /** One of greys, and what is no profile. */
    @ParameterizedTest
    @ValueSource(strings = {"jpeg", "png"})
    void aProfileThatMakesNoSenseIsNotRegarded(String format) throws Exception {
        var grey = ICC_Profile.getInstance(ColorSpace.CS_GRAY).getData();
        assertUnchanged(made(ProfiledImages.of(pixel(255), format, grey, 1)));
        var text = "this is no profile".repeat(20).getBytes(StandardCharsets.US_ASCII);
        assertUnchanged(made(ProfiledImages.of(pixel(255), format, text, 1)));
        assertUnchanged(made(ProfiledImages.of(pixel(255), format, new byte[0], 1)));
    }

    /** Random damage to a profile changes colours at worst. */
    @ParameterizedTest
    @ValueSource(strings = {"jpeg", "png"})
    void damagedProfilesHarmNothing(String format) throws Exception {
        long seed = new Random().nextLong();
        var random = new Random(seed);
        for (int i = 0; i < 200; i++) {
            byte[] profile = ProfiledImages.linear();
            for (int j = random.nextInt(8); j >= 0; j--) {
                profile[random.nextInt(profile.length)] = (byte) random.nextInt();
            }
            assertThat(made(ProfiledImages.of(pixel(255), format, profile, 1)))
                    .as("seed %d", seed)
                    .isNotNull();
        }
        assertConverted(made(ProfiledImages.of(pixel(255), format, ProfiledImages.linear(), 1)));
    }

    /** Some kilobytes that would be many megabytes. */
    @Test
    void aProfileThatUnpacksToTooMuchIsNotUnpacked() throws Exception {
        var zeros = ProfiledImages.packed(new byte[64 << 20]);
        var file = TestImages.inPng(TestImages.halves(64, 48, "png"), "iCCP", zeros);
        assertThat(PngChunks.profile(file, SrgbColours.MOST_PROFILE_BYTES)).isEmpty();
        assertThat(PngChunks.profile(file, 64 << 20)).hasSize(64 << 20);
        assertThat(made(file).getRed()).isGreaterThan(200);
    }

    @Test
    void partsGoByTheirNumbersAndAreNotRegardedWhereOneIsMissing() throws Exception {
        byte[] profile = ProfiledImages.linear();
        assertConverted(made(withParts(ProfiledImages.part(2, 2, profile), ProfiledImages.part(1, 2, profile))));
        assertUnchanged(made(withParts(ProfiledImages.part(1, 2, profile))));
        assertUnchanged(made(withParts(ProfiledImages.part(2, 2, profile))));
    }

    private static byte[] withParts(byte[]... parts) throws Exception {
        byte[] plain = ProfiledImages.of(pixel(255), "jpeg", new byte[0], 0);
        var out = new ByteArrayOutputStream();
        out.write(plain, 0, 2);
        for (byte[] part : parts) {
            out.write(part);
        }
        out.write(plain, 2, plain.length - 2);
        return out.toByteArray();
    }

    @Test
    void withoutItsProfileAJpegIsWhatItWasBefore() throws Exception {
        byte[] plain = ProfiledImages.of(pixel(255), "jpeg", new byte[0], 0);
        byte[] profile = ProfiledImages.linear();
        for (int parts = 1; parts <= 4; parts++) {
            var file = ProfiledImages.inJpeg(plain, profile, parts);
            assertThat(JpegHeader.profile(file, profile.length)).isEqualTo(profile);
            assertThat(JpegHeader.profile(file, profile.length - 1)).isEmpty();
            assertThat(JpegHeader.withoutProfile(file)).isEqualTo(plain);
        }
        assertThat(JpegHeader.profile(plain, profile.length)).isEmpty();
    }
}
