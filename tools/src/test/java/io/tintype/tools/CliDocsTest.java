// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;

/** docs/cli.md says what {@code --help} says. Run with {@code -Dtintype.write.docs=true} to write it anew. */
final class CliDocsTest {
    private static final Path DOCUMENT = Path.of("..", "docs", "cli.md");
    private static final String BEGIN = "<!-- From here on written by CliDocsTest from the commands' own help. -->\n";

    @Test
    void theDocumentIsTheHelp() throws IOException {
        var document = Files.readString(DOCUMENT);
        assertThat(document).contains(BEGIN);
        var byHand = document.substring(0, document.indexOf(BEGIN) + BEGIN.length());
        var wanted = byHand + generated();
        if (Boolean.getBoolean("tintype.write.docs")) {
            Files.writeString(DOCUMENT, wanted);
        } else {
            assertThat(document)
                    .as("docs/cli.md; write it anew with mvn -pl tools -am test -Dtest=CliDocsTest"
                            + " -Dtintype.write.docs=true -Dsurefire.failIfNoSpecifiedTests=false")
                    .isEqualTo(wanted);
        }
    }

    @Test
    void everyCommandShowsExamplesAndKnowsJson() {
        for (var command : commands(Main.commandLine())) {
            var name = command.getCommandSpec().qualifiedName();
            assertThat(command.getCommandSpec().usageMessage().footer())
                    .as("examples of %s", name)
                    .isNotEmpty();
            boolean prints = command.getSubcommands().isEmpty() && !name.endsWith("completion");
            assertThat(command.getCommandSpec().findOption("--json") != null || !prints)
                    .as("--json of %s", name)
                    .isTrue();
        }
    }

    private static String generated() {
        var text = new StringBuilder();
        for (var command : commands(Main.commandLine())) {
            text.append("\n## ")
                    .append(command.getCommandSpec().qualifiedName())
                    .append("\n\n```text\n")
                    .append(command.getUsageMessage(Ansi.OFF).stripTrailing())
                    .append("\n```\n");
        }
        return text.toString();
    }

    private static List<CommandLine> commands(CommandLine root) {
        var all = new ArrayList<CommandLine>();
        if (!root.getCommandSpec().usageMessage().hidden()) {
            all.add(root);
            root.getSubcommands().values().forEach(command -> all.addAll(commands(command)));
        }
        return all;
    }
}
