// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.proof;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The command as the launcher starts it in a source tree: the distribution, with the storage node's tests in front. */
@Timeout(180)
final class SimulateIT {
    private static final Path LIBRARIES = Path.of("target", "dist", "lib").toAbsolutePath();
    private static final Path TESTS =
            Path.of("..", "storage-node", "target", "test-classes").toAbsolutePath();

    @TempDir
    private Path folder;

    @Test
    void seedsRunAndAreCounted() throws Exception {
        var process = start(true, "--seeds", "30", "--json");
        assertThat(process.waitFor(120, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).as(err()).isZero();
        var result = new ObjectMapper().readTree(out());
        assertThat(result.get("seeds").asInt()).isEqualTo(30);
        assertThat(result.get("seedsPerSecond").asDouble()).isPositive();
        assertThat(result.get("transitions").get("PRIMARY_ELECT -> PRIMARY").asLong())
                .isPositive();
        assertThat(result.get("faults").isEmpty()).isFalse();
    }

    @Test
    void whoeverEndsItIsToldWhatWasDoneSoFar() throws Exception {
        var process = start(true, "--seeds", "100000000");
        Awaitility.await("progress").until(() -> err().contains("seeds/s, none failed"));
        process.destroy(); // SIGTERM, which does what Ctrl-C does
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(out()).contains("States entered", "Faults that struck", "seeds/s, none failed");
    }

    @Test
    void anInstallationHasNoSimulatorAndSaysSo() throws Exception {
        var process = start(false, "--seeds", "1");
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isEqualTo(1);
        assertThat(err()).contains("the simulator is part of the tests", "bin/tintype simulate");
    }

    private Process start(boolean inSourceTree, String... arguments) throws IOException {
        var line = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx512m",
                "-cp",
                (inSourceTree ? TESTS + File.pathSeparator : "") + LIBRARIES + "/*",
                "io.tintype.tools.Main",
                "simulate"));
        line.addAll(List.of(arguments));
        return new ProcessBuilder(line)
                .redirectOutput(folder.resolve("out").toFile())
                .redirectError(folder.resolve("err").toFile())
                .start();
    }

    private String out() throws IOException {
        return Files.readString(folder.resolve("out"), StandardCharsets.UTF_8);
    }

    private String err() throws IOException {
        return Files.readString(folder.resolve("err"), StandardCharsets.UTF_8);
    }
}
