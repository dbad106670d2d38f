// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tintype.client.ByteRange;
import java.nio.file.Path;
import java.text.Normalizer;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

final class ConvertersTest {
    @ParameterizedTest
    @CsvSource({"500ms, PT0.5S", "30s, PT30S", "5m, PT5M", "12h, PT12H", "7d, PT168H"})
    void timesHaveUnits(String text, Duration duration) {
        assertThat(new DurationConverter().convert(text)).isEqualTo(duration);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "5", "s", "-5s", "5 s", "1.5s", "9999999999s", "5w"})
    void otherTimesAreRefusedWithExamples(String text) {
        assertThatThrownBy(() -> new DurationConverter().convert(text))
                .isInstanceOf(TypeConversionException.class)
                .hasMessageContaining("7d");
    }

    @Test
    void rangesIncludeBothEnds() {
        var ranges = new RangeConverter();
        assertThat(ranges.convert("0-99")).isEqualTo(ByteRange.of(0, 100));
        assertThat(ranges.convert("5-5")).isEqualTo(ByteRange.of(5, 1));
        assertThat(ranges.convert("100-")).isEqualTo(ByteRange.from(100));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "-", "-5", "9-1", "a-b", "1", "1-2-3"})
    void otherRangesAreRefused(String text) {
        assertThatThrownBy(() -> new RangeConverter().convert(text)).isInstanceOf(TypeConversionException.class);
    }

    @ParameterizedTest
    @CsvSource({
        "cat.jpg, image/jpeg",
        "CAT.JPEG, image/jpeg",
        "a.png, image/png",
        "a.webp, image/webp",
        "a.avif, image/avif",
        "a.tif, image/tiff",
        "noextension, application/octet-stream"
    })
    void mediaTypesFollowFromNames(String name, String type) {
        assertThat(ContentTypes.of(name)).isEqualTo(type);
    }

    @Test
    void controlCharactersInNamesNeverReachTheTerminal() {
        assertThat(Text.printable("a\u001b[2Jb\nc\u202ed")).isEqualTo("a\\u001b[2Jb\\u000ac\\u202ed");
        assertThat(Text.printable("Zürich 🐈.jpg")).isEqualTo("Zürich 🐈.jpg");
    }

    @Test
    void pathsBecomeNamesInNormalFormC() {
        var decomposed = Normalizer.normalize("Zürich", Normalizer.Form.NFD);
        assertThat(TreeUpload.name(Path.of("holidays", decomposed + ".jpg"))).isEqualTo("holidays/Zürich.jpg");
    }
}
