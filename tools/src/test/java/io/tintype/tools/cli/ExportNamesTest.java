// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.model.Limits;
import java.nio.charset.StandardCharsets;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class ExportNamesTest {
    private static final String ALPHABET = "aAbBzZ09._-/\\~^% :äÄéß猫😀con";

    @Test
    void plainNamesStayAsTheyAre() {
        assertThat(ExportNames.file("cat.jpg")).isEqualTo("cat.jpg");
        assertThat(ExportNames.file("2024/07/Cat.JPG")).isEqualTo("2024%2f07%2f^cat.^j^p^g");
        assertThat(ExportNames.file("猫")).isEqualTo("%e7%8c%ab");
        assertThat(ExportNames.file("con.jpg")).isEqualTo("%63on.jpg");
        assertThat(ExportNames.file("..")).isEqualTo("%2e%2e");
        assertThat(ExportNames.file(".")).isEqualTo("%2e");
        assertThat(ExportNames.file("-rf")).isEqualTo("%2drf");
        assertThat(ExportNames.file("a~b^c%d")).isEqualTo("a%7eb%5ec%25d");
    }

    @Test
    void eachNameHasAFileOfItsOwnOnAnyDiskAndIsFoundBack() {
        long seed = System.nanoTime();
        var random = new Random(seed);
        var names = new ArrayList<>(List.of(
                "a",
                "A",
                "a/b",
                "a~/b",
                "x".repeat(Limits.MAX_NAME_BYTES),
                "X".repeat(Limits.MAX_NAME_BYTES),
                "😀".repeat(Limits.MAX_NAME_BYTES / 4),
                "/".repeat(Limits.MAX_NAME_BYTES),
                "é", // one letter here; on some disks the same as two
                "x".repeat(ExportNames.PART_CHARS),
                "x".repeat(ExportNames.PART_CHARS + 1)));
        for (int i = 0; i < 5_000; i++) {
            names.add(random(random));
        }
        var files = new HashMap<String, String>();
        for (String name : names.stream().distinct().toList()) {
            String file = ExportNames.file(name);
            assertThat(ExportNames.name(file)).as("seed %d", seed).isEqualTo(name);
            var other =
                    files.put(Normalizer.normalize(file, Normalizer.Form.NFKD).toLowerCase(Locale.ROOT), name);
            assertThat(other)
                    .as("seed %d: '%s' has the same file as '%s'", seed, name, other)
                    .isNull();
            for (String part : file.split("/", -1)) {
                assertThat(part)
                        .as("seed %d", seed)
                        .isNotEmpty()
                        .doesNotEndWith(".")
                        .matches("[a-z0-9._%^~-]+");
                assertThat(part.length()).isLessThanOrEqualTo(ExportNames.PART_CHARS + 1);
            }
            assertThat(file).doesNotStartWith(".").doesNotStartWith("-");
        }
    }

    private static String random(Random random) {
        int[] alphabet = ALPHABET.codePoints().toArray();
        var name = new StringBuilder();
        int length = 1 + random.nextInt(random.nextInt(20) == 0 ? 300 : 6);
        for (int i = 0; i < length; i++) {
            name.appendCodePoint(alphabet[random.nextInt(alphabet.length)]);
        }
        while (name.toString().getBytes(StandardCharsets.UTF_8).length > Limits.MAX_NAME_BYTES) {
            name.setLength(name.offsetByCodePoints(name.length(), -1));
        }
        return Normalizer.normalize(name, Normalizer.Form.NFC);
    }
}
