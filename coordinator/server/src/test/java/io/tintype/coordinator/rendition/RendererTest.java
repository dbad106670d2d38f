// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.rendition;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.drew.imaging.ImageMetadataReader;
import com.drew.metadata.exif.ExifDirectoryBase;
import com.sun.management.ThreadMXBean;
import io.tintype.coordinator.rendition.RenditionSpec.Fit;
import java.awt.Color;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

final class RendererTest {
    private static final long MEMORY = 48 << 20;

    private final Renderer renderer = new Renderer(MEMORY, 100_000_000);

    private BufferedImage render(byte[] file, RenditionSpec spec) throws Exception {
        return TestImages.read(renderer.render(file, spec));
    }

    @ParameterizedTest
    @CsvSource({
        "320, 240, CONTAIN, 320, 160",
        "320, 0, CONTAIN, 320, 160",
        "0, 100, CONTAIN, 200, 100",
        "320, 240, COVER, 320, 240",
        "100, 300, COVER, 100, 300",
        "4096, 4096, CONTAIN, 800, 400",
        "1600, 1600, COVER, 400, 400",
        "1, 1, COVER, 1, 1",
        "1, 4096, CONTAIN, 1, 1",
    })
    void anImageIsFittedAndNeverEnlarged(int w, int h, Fit fit, int width, int height) throws Exception {
        var made = render(TestImages.halves(800, 400, "png"), new RenditionSpec(w, h, fit, null));
        assertThat(made.getWidth() + "x" + made.getHeight()).isEqualTo(width + "x" + height);
        if (width > 2) {
            assertThat(new Color(made.getRGB(0, height / 2)).getRed())
                    .as("left is red")
                    .isGreaterThan(200);
            assertThat(new Color(made.getRGB(width - 1, height / 2)).getBlue())
                    .as("right is blue")
                    .isGreaterThan(200);
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = ImageFormat.class,
            names = {"JPEG", "PNG", "WEBP"})
    void everyFormatIsWrittenAndReadAgain(ImageFormat format) throws Exception {
        var made = renderer.render(TestImages.halves(800, 400, "jpeg"), new RenditionSpec(200, 0, Fit.CONTAIN, format));
        assertThat(ImageFormat.of(made)).contains(format);
        var again = renderer.render(made, new RenditionSpec(100, 0, Fit.CONTAIN, ImageFormat.PNG));
        var image = TestImages.read(again);
        assertThat(image.getWidth()).isEqualTo(100);
        assertThat(new Color(image.getRGB(5, 25)).getRed()).isGreaterThan(200);
    }

    @Test
    void whatIsSeenThroughStaysSoInPngAndLiesOnWhiteInJpeg() throws Exception {
        var file = TestImages.transparent(100, 100);
        var png = render(file, new RenditionSpec(50, 0, Fit.CONTAIN, null));
        assertThat(png.getRGB(25, 25) >>> 24).isZero();
        var jpeg = render(file, new RenditionSpec(50, 0, Fit.CONTAIN, ImageFormat.JPEG));
        assertThat(new Color(jpeg.getRGB(25, 25)).getGreen()).isGreaterThan(250);
    }

    /** 1 to 8, as EXIF numbers them: each image, turned as it says, has red on the left. */
    @ParameterizedTest
    @CsvSource({
        "1, jpeg", "3, jpeg", "6, jpeg", "8, jpeg", "1, png", "3, png", "6, png", "8, png", "1, webp", "3, webp",
        "6, webp", "8, webp"
    })
    void anImageIsTurnedUpright(int orientation, String format) throws Exception {
        var file = TestImages.lying(400, 200, orientation, format);
        var made = render(file, new RenditionSpec(100, 100, Fit.CONTAIN, ImageFormat.PNG));
        assertThat(made.getWidth() + "x" + made.getHeight()).isEqualTo("100x50");
        assertThat(new Color(made.getRGB(5, 25)).getRed()).as("left is red").isGreaterThan(180);
        assertThat(new Color(made.getRGB(95, 25)).getBlue()).as("right is blue").isGreaterThan(180);
    }

    /** What is not as EXIF should be says nothing, wherever it stands. */
    @Test
    void exifThatMakesNoSenseTurnsNothing() throws Exception {
        byte[] png = TestImages.halves(400, 200, "png");
        long seed = new Random().nextLong();
        var random = new Random(seed);
        for (int i = 0; i < 300; i++) {
            byte[] exif = i == 0 ? new byte[0] : TestImages.exif(i == 1 ? 9 : 6);
            if (i > 1) {
                exif = Arrays.copyOf(exif, random.nextInt(exif.length));
                for (int j = 0; j < exif.length / 4; j++) {
                    exif[random.nextInt(exif.length)] = (byte) random.nextInt();
                }
            }
            int found = ExifChunks.orientation(TestImages.inPng(png, exif), ImageFormat.PNG);
            assertThat(found).as("seed %d", seed).isBetween(1, 8);
            if (i <= 1) {
                assertThat(found).isEqualTo(1);
            }
        }
        var cut = TestImages.inPng(png, TestImages.exif(6));
        for (int length = 0; length < 70; length++) {
            assertThat(ExifChunks.orientation(Arrays.copyOf(cut, length), ImageFormat.PNG))
                    .isBetween(1, 8);
            assertThat(ExifChunks.orientation(Arrays.copyOf(cut, length), ImageFormat.WEBP))
                    .isEqualTo(1);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"png", "webp"})
    void exifOfOtherFormatsDoesNotPassEither(String format) throws Exception {
        var file = TestImages.lying(400, 200, 6, format);
        var made = renderer.render(file, new RenditionSpec(100, 0, Fit.CONTAIN, null));
        assertThat(ExifChunks.orientation(file, ImageFormat.of(file).orElseThrow()))
                .isEqualTo(6);
        assertThat(new String(made, StandardCharsets.ISO_8859_1))
                .doesNotContain("eXIf")
                .doesNotContain("EXIF");
    }

    @Test
    void nothingButPixelsPasses() throws Exception {
        var file = TestImages.lying(400, 200, 6);
        assertThat(ImageMetadataReader.readMetadata(new ByteArrayInputStream(file))
                        .getFirstDirectoryOfType(ExifDirectoryBase.class))
                .isNotNull();
        var made = renderer.render(file, new RenditionSpec(100, 0, Fit.CONTAIN, null));
        assertThat(ImageMetadataReader.readMetadata(new ByteArrayInputStream(made))
                        .getFirstDirectoryOfType(ExifDirectoryBase.class))
                .isNull();
    }

    @ParameterizedTest
    @ValueSource(strings = {"png", "jpeg", "gif"})
    void aBombIsRefusedByItsHeaderAlone(String format) throws Exception {
        byte[] bomb = TestImages.claiming(50_000, 50_000, format);
        var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        renderer.render(
                TestImages.halves(80, 40, format), new RenditionSpec(10, 0, Fit.CONTAIN, null)); // loads classes
        long before = threads.getCurrentThreadAllocatedBytes();
        assertThatThrownBy(() -> renderer.render(bomb, new RenditionSpec(320, 240, Fit.COVER, null)))
                .isInstanceOf(RenditionRefusal.class)
                .hasMessageContaining("50000 x 50000 pixels, and at most 100000000");
        assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(64L << 20);
    }

    @Test
    void whatTakesTooMuchMemoryIsRefusedBeforeItIsDecoded() throws Exception {
        byte[] large = TestImages.claiming(9_000, 9_000, "png");
        assertThatThrownBy(() -> renderer.render(large, new RenditionSpec(4_096, 0, Fit.CONTAIN, null)))
                .isInstanceOf(RenditionRefusal.class)
                .hasMessageContaining("renditions.memoryBytes");
    }

    /** Decoders hold rows as wide as the image is, however few of its pixels are asked for. */
    @Test
    void anImageOfOneLongRowIsRefusedBeforeItIsDecoded() throws Exception {
        byte[] wide = TestImages.claiming(50_000_000, 1, "png");
        assertThatThrownBy(() -> renderer.render(wide, new RenditionSpec(1, 0, Fit.CONTAIN, null)))
                .isInstanceOf(RenditionRefusal.class)
                .hasMessageContaining("renditions.memoryBytes");
    }

    @Test
    void aLargeImageTakesLittleMemoryForASmallRendition() throws Exception {
        var file = TestImages.halves(6_000, 4_000, "jpeg");
        var small = new Renderer(16 << 20, 100_000_000);
        var made = TestImages.read(small.render(file, new RenditionSpec(320, 0, Fit.CONTAIN, null)));
        assertThat(made.getWidth()).isEqualTo(320);
    }

    @ParameterizedTest
    @ValueSource(strings = {"png", "jpeg", "gif", "webp"})
    void anImageThatIsCutShortIsSaidToBe(String format) throws Exception {
        byte[] whole = TestImages.noise(600, 400, format);
        for (int length : new int[] {16, 40, whole.length / 3, whole.length * 2 / 3}) {
            byte[] cut = Arrays.copyOf(whole, length);
            assertThatThrownBy(() -> renderer.render(cut, new RenditionSpec(64, 0, Fit.CONTAIN, ImageFormat.PNG)))
                    .as("%s cut to %d of %d", format, length, whole.length)
                    .isInstanceOf(RenditionRefusal.class)
                    .hasMessageContaining("damaged or cut short");
        }
    }

    /** Random damage makes a rendition or a refusal, and nothing else. */
    @ParameterizedTest
    @ValueSource(strings = {"png", "jpeg", "gif", "webp"})
    void aHostileImageIsARefusalAtWorst(String format) throws Exception {
        long seed = new Random().nextLong();
        var random = new Random(seed);
        byte[] whole = TestImages.noise(120, 80, format);
        for (int i = 0; i < 200; i++) {
            byte[] hostile = whole.clone();
            for (int j = 0; j <= random.nextInt(8); j++) {
                hostile[random.nextInt(hostile.length)] = (byte) random.nextInt();
            }
            try {
                renderer.render(hostile, new RenditionSpec(32, 32, Fit.COVER, ImageFormat.PNG));
            } catch (RenditionRefusal expected) {
                assertThat(expected).as("seed " + seed).hasMessageContaining("rendition can be made");
            }
        }
    }

    @Test
    void whatIsNoImageIsSaidToBeNone() {
        for (byte[] file : new byte[][] {
            {}, {1, 2, 3}, "<svg xmlns='http://www.w3.org/2000/svg'/>".getBytes(StandardCharsets.UTF_8)
        }) {
            assertThatThrownBy(() -> renderer.render(file, new RenditionSpec(1, 1, Fit.CONTAIN, null)))
                    .isInstanceOfSatisfying(
                            RenditionRefusal.class,
                            e -> assertThat(e.isNoImage()).isTrue());
        }
    }

    @Test
    void thisJavaWritesWhatItIsSaidToWrite() {
        assertThat(ImageIO.getImageWritersByFormatName("webp").hasNext()).isTrue();
    }
}
