// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/** Programs of the machine that tests use where they are there; where not, the test is skipped, and says so loudly. */
final class Programs {
    private static final int BROWSER_SECONDS = 120;

    private Programs() {}

    /** The first of these that is on the PATH; skips the test where none is. */
    static Path need(String... names) {
        var found = Stream.of(names).flatMap(name -> find(name).stream()).findFirst();
        if (found.isEmpty()) {
            System.err.println("SKIPPED: what needs " + names[0] + ", which is not on the PATH.");
        }
        Assumptions.assumeTrue(found.isPresent(), "no " + names[0] + " on the PATH");
        return found.orElseThrow();
    }

    private static Optional<Path> find(String program) {
        return Stream.of((System.getenv().getOrDefault("PATH", "") + File.pathSeparator + "/usr/sbin")
                        .split(File.pathSeparator, -1))
                .map(directory -> Path.of(directory, program))
                .filter(Files::isExecutable)
                .findFirst();
    }

    /** A page's document once its scripts have run, in a browser without a window. */
    static String dom(Path browser, Path folder, String url) throws Exception {
        var out = folder.resolve("browser.out");
        var process = new ProcessBuilder(List.of(
                        browser.toString(),
                        "--headless",
                        "--no-sandbox",
                        "--disable-gpu",
                        "--disable-quic",
                        "--no-first-run",
                        "--disable-background-networking",
                        "--disable-component-update",
                        "--disable-sync",
                        "--user-data-dir=" + Files.createTempDirectory(folder, "profile"),
                        "--dump-dom",
                        "--virtual-time-budget=8000",
                        url))
                .redirectOutput(out.toFile())
                .redirectError(folder.resolve("browser.err").toFile())
                .start();
        assertThat(process.waitFor(BROWSER_SECONDS, TimeUnit.SECONDS))
                .as("the browser ends")
                .isTrue();
        return Files.readString(out);
    }
}
