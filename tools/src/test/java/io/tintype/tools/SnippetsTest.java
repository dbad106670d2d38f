// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** What the guides show in other languages than a shell's stands in programs that are compiled or run. */
final class SnippetsTest {
    private static final Path ROOT = Path.of("..");
    private static final Path EXAMPLES = ROOT.resolve("client-sdk/examples");
    private static final Pattern BLOCK = Pattern.compile("(?ms)^```(java|python|js)\\n(.*?)^```");
    private static final Pattern JAVADOC = Pattern.compile("(?s)<pre>\\{@code(.*?)}</pre>");
    private static final Pattern SPACE = Pattern.compile("\\s+");

    /** The program of each language. */
    private static final Map<String, Path> PROGRAMS = Map.of(
            "java", EXAMPLES.resolve("src/main/java/io/tintype/examples/Snippets.java"),
            "python", EXAMPLES.resolve("python/tintype_example.py"),
            "js", EXAMPLES.resolve("node/tintype-example.js"));

    @Test
    void everySnippetOfTheGuidesStandsInAProgram() throws IOException {
        int checked = 0;
        for (var guide : new String[] {"README.md", "docs/sdk.md", "docs/grpc.md"}) {
            for (var block : BLOCK.matcher(Files.readString(ROOT.resolve(guide)))
                    .results()
                    .toList()) {
                var program = PROGRAMS.get(block.group(1));
                assertThat(program).as(block.group(1)).isNotNull();
                assertThat(squeezed(Files.readString(program)))
                        .as("%s shows this, which is not in %s:\n%s", guide, program, block.group(2))
                        .contains(squeezed(block.group(2)));
                checked++;
            }
        }
        assertThat(checked).isGreaterThanOrEqualTo(6);
    }

    @Test
    void everyExampleOfTheJavadocStandsInAProgram() throws IOException {
        var program = squeezed(Files.readString(PROGRAMS.get("java")));
        var classes = new HashSet<String>();
        try (var sources = Files.walk(ROOT.resolve("client-sdk/src/main/java"))) {
            for (var source : sources.filter(path -> path.toString().endsWith(".java"))
                    .sorted()
                    .toList()) {
                for (var block :
                        JAVADOC.matcher(Files.readString(source)).results().toList()) {
                    var example = block.group(1).replaceAll("(?m)^ *\\*", "");
                    assertThat(program)
                            .as("%s shows this, which is not in %s:\n%s", source, PROGRAMS.get("java"), example)
                            .contains(squeezed(example));
                    classes.add(String.valueOf(source.getFileName()));
                }
            }
        }
        assertThat(classes)
                .contains("TintypeClient.java", "TintypeAsyncClient.java", "ResumableUpload.java", "UrlSigner.java");
    }

    private static String squeezed(String text) {
        return SPACE.matcher(text).replaceAll("");
    }
}
