// SPDX-License-Identifier: Apache-2.0
package io.tintype.proto;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Holds the .proto files to the rules of {@code proto/buf.yaml}: names, layout, and a comment on every field. */
class ContractLintTest {
    @Test
    void contractIsLintClean() throws IOException, InterruptedException {
        var buf = onPath("buf");
        assumeTrue(buf.isPresent(), "SKIPPED: no `buf` on the PATH; .ci/run installs it, `npm i -g @bufbuild/buf` too");
        var output = Path.of("target", "buf-lint.txt");
        Files.createDirectories(output.getParent());
        var process = new ProcessBuilder(buf.orElseThrow().toString(), "lint", ".")
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        try {
            assertThat(process.waitFor(60, TimeUnit.SECONDS)).as("buf ended").isTrue();
        } finally {
            process.destroyForcibly();
        }
        assertThat(Files.readString(output, StandardCharsets.UTF_8)).isEmpty();
        assertThat(process.exitValue()).isZero();
    }

    private static Optional<Path> onPath(String program) {
        return Arrays.stream(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator, -1))
                .filter(folder -> !folder.isEmpty())
                .map(folder -> Path.of(folder, program))
                .filter(Files::isExecutable)
                .findFirst();
    }
}
