// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.ParameterException;

/**
 * Every {@code tintype …} that stands in a document, in a block, in a sentence or as an example of the help, is a command that
 * there is, with options that it has. What those in blocks do is shown by {@code DocsIT}.
 */
final class DocumentedCommandsTest {
    private static final Pattern INLINE = Pattern.compile("`(?:bin/)?tintype ([a-z][^`]*)`");
    private static final Pattern LINE = Pattern.compile("(?m)^ *(?:bin/)?tintype ([a-z][^#|\\n]*)");

    /** What stands for something else. */
    private static final Map<String, String> PLACEHOLDERS = Map.of("N", "1", "…", "");

    /** What follows a command: a pipe, a redirection, or a remark behind two spaces. */
    private static final Pattern REST = Pattern.compile("(?: {2,}|[<>|]).*$");

    @Test
    void everyOneIsACommandThatThereIs() throws IOException {
        var wrong = new ArrayList<String>();
        int checked = 0;
        for (var document : documents()) {
            var text = Files.readString(document);
            for (var pattern : List.of(INLINE, LINE)) {
                for (var found : pattern.matcher(text).results().toList()) {
                    checked++;
                    problem(found.group(1).strip(), pattern == INLINE)
                            .forEach(what -> wrong.add(document + ": tintype " + found.group(1) + ": " + what));
                }
            }
        }
        assertThat(wrong).isEmpty();
        assertThat(checked).as("commands found in documents").isGreaterThan(60);
    }

    @Test
    void operatorsAreShownEveryCommandInUse() throws IOException {
        var shown = Files.readString(Path.of("../docs/operations.md"));
        var all = new ArrayList<String>();
        leaves(Main.commandLine(), "tintype", all);
        assertThat(all).hasSizeGreaterThan(45);
        assertThat(all).allSatisfy(command -> assertThat(shown).containsPattern("(?m)^bin/" + command + "( |$)"));
    }

    private static void leaves(CommandLine command, String name, List<String> all) {
        if (command.getSubcommands().isEmpty()) {
            all.add(name);
        }
        command.getSubcommands().forEach((word, sub) -> {
            if (!sub.getCommandSpec().usageMessage().hidden()) {
                leaves(sub, name + " " + word, all);
            }
        });
    }

    private static List<Path> documents() throws IOException {
        var root = Path.of("..");
        var all = new ArrayList<>(
                List.of(root.resolve("README.md"), root.resolve("CONTRIBUTING.md"), root.resolve("docker/README.md")));
        try (Stream<Path> docs = Files.list(root.resolve("docs"))) {
            docs.filter(file -> file.toString().endsWith(".md")).sorted().forEach(all::add);
        }
        return all;
    }

    /** What is wrong with a command line; a mere mention may leave out what the command needs. */
    private static List<String> problem(String line, boolean mention) {
        var words = Arrays.stream(
                        REST.matcher(line).replaceFirst("").replace("'", "").split("\\s+"))
                .map(word -> PLACEHOLDERS.getOrDefault(word, word))
                .filter(word -> !word.isEmpty())
                .toArray(String[]::new);
        try {
            var unused = Main.commandLine().parseArgs(words);
            return List.of();
        } catch (MissingParameterException e) {
            return mention ? List.of() : List.of(String.valueOf(e.getMessage()));
        } catch (ParameterException e) {
            return List.of(String.valueOf(e.getMessage()));
        }
    }
}
