// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Each promise of the README names the tests that show it, and every test that a page names is there. */
final class PromisesTest {
    private static final Path ROOT = Path.of("..");
    private static final int PROMISES = 10;
    private static final List<String> MODULES = List.of(
            "proto", "coordinator/cluster", "coordinator/server", "storage-node", "client-sdk", "tools", "docker");
    private static final Pattern LINK = Pattern.compile("\\[(\\w+)(?:\\.(\\w+))?]\\(([^)]+/(\\w+)\\.java)\\)");
    private static final Pattern NAMED = Pattern.compile("`([A-Z][A-Za-z0-9]*(?:Test|IT))(?:\\.\\w+)?`");

    @Test
    void eachPromiseNamesTestsThatExist() throws IOException {
        var promises = promises();
        assertThat(promises).hasSize(PROMISES);
        for (int i = 0; i < PROMISES; i++) {
            var promise = promises.get(i);
            assertThat(promise).startsWith((i + 1) + ". ");
            var links = LINK.matcher(promise).results().toList();
            assertThat(links).as("tests of promise %d", i + 1).isNotEmpty();
            for (var link : links) {
                assertIsTest(link);
            }
        }
    }

    private static void assertIsTest(MatchResult link) throws IOException {
        var file = ROOT.resolve(link.group(3));
        assertThat(file).as(link.group()).isRegularFile();
        assertThat(link.group(3)).as(link.group()).contains("/src/test/java/");
        assertThat(link.group(4)).as("the class behind the link of that name").isEqualTo(link.group(1));
        var source = Files.readString(file);
        if (link.group(2) == null) {
            assertThat(source).as(link.group()).contains("@Test");
        } else {
            assertThat(source).as(link.group()).containsPattern("void " + link.group(2) + "\\(");
        }
    }

    @Test
    void everyTestThatAPageNamesIsThere() throws IOException {
        var tests = testClasses();
        try (var pages = Files.walk(ROOT.resolve("docs"))) {
            for (var page : pages.filter(path -> path.toString().endsWith(".md"))
                    .sorted()
                    .toList()) {
                var named = NAMED.matcher(Files.readString(page))
                        .results()
                        .map(name -> name.group(1))
                        .collect(Collectors.toSet());
                assertThat(tests).as("named by %s", page).containsAll(named);
            }
        }
    }

    /** The numbered items of the section. */
    private static List<String> promises() throws IOException {
        var readme = Files.readString(ROOT.resolve("README.md"));
        int from = readme.indexOf("## What it promises today");
        assertThat(from).isPositive();
        var section = readme.substring(from, readme.indexOf("\n## ", from + 1));
        return IntStream.rangeClosed(1, PROMISES)
                .mapToObj(number -> {
                    int begin = section.indexOf("\n" + number + ". ") + 1;
                    int next = section.indexOf("\n" + (number + 1) + ". ", begin);
                    int end = next > 0 ? next : section.indexOf("\n\n", begin);
                    assertThat(begin).as("promise %d", number).isPositive();
                    return section.substring(begin, end);
                })
                .toList();
    }

    private static Set<String> testClasses() throws IOException {
        var found = new HashSet<String>();
        for (var module : MODULES) {
            try (var files = Files.walk(ROOT.resolve(module).resolve("src/test/java"))) {
                files.map(file -> file.getFileName().toString())
                        .filter(name -> name.endsWith(".java"))
                        .forEach(name -> found.add(name.substring(0, name.length() - ".java".length())));
            }
        }
        return found;
    }
}
