// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.Writer;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

final class MainTest {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @Test
    void versionNamesTheProductAndTheJavaThatRunsIt() {
        assertThat(run("--version")).isZero();
        assertThat(out.toString()).contains("tintype ").contains("java " + Runtime.version());
        assertThat(err.toString()).isEmpty();
    }

    @Test
    void helpGoesToStandardOutput() {
        assertThat(run("--help")).isZero();
        assertThat(out.toString()).contains("Usage: tintype").contains("--version");
    }

    @Test
    void aLineWithoutCommandIsRefusedWithTheUsage() {
        assertThat(run()).isEqualTo(2);
        assertThat(err.toString()).contains("Say which command to run.").contains("Usage: tintype");
        assertThat(out.toString()).isEmpty();
    }

    @Test
    void aResultThatDoesNotGetOutIsAFailure() {
        var full = new Writer() {
            @Override
            public void write(char[] text, int offset, int length) throws IOException {
                throw new IOException("No space left on device");
            }

            @Override
            public void flush() {}

            @Override
            public void close() {}
        };
        for (var line : List.of("--version", "put --help", "completion bash")) {
            var said = new StringWriter();
            int code = Main.commandLine()
                    .setOut(new PrintWriter(full, true))
                    .setErr(new PrintWriter(said, true))
                    .execute(line.split(" ", -1));
            assertThat(code).as(line).isEqualTo(1);
            assertThat(said.toString()).as(line).startsWith("tintype: standard output: cannot be written");
        }
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void aFullDiskBehindStandardOutputIsAFailure() throws Exception {
        var process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Main.class.getName(),
                        "--help")
                .redirectOutput(new File("/dev/full"))
                .start();
        try (var said = process.errorReader()) {
            assertThat(said.lines()).anyMatch(line -> line.contains("standard output: cannot be written"));
        }
        assertThat(process.waitFor()).isEqualTo(1);
    }

    private int run(String... args) {
        return Main.commandLine()
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true))
                .execute(args);
    }
}
