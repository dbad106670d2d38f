// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The example programs do against a real cluster what they say, in every language that this machine has. */
@Tag("beside-another")
@ExtendWith(SharedDev.class)
final class ExamplesIT {
    private static final Path EXAMPLES = Path.of("..", "client-sdk", "examples").toAbsolutePath();

    @TempDir
    private Path folder;

    @Test
    void theJavaProgramStoresAFolder(Dev dev) throws IOException {
        var classes = EXAMPLES.resolve("target/classes");
        assumeThat(classes.resolve("io/tintype/examples/StoreFolder.class"))
                .as("the example is built: `mvn verify` of the whole does that")
                .exists();
        for (var name : Images.PHOTOGRAPHS) {
            Files.write(folder.resolve(name), Images.photograph(name).bytes());
        }
        var java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        var libraries = Path.of("target", "dist", "lib").toAbsolutePath() + "/*";
        var done = Command.finish(
                Command.start(
                        List.of(
                                java,
                                "-cp",
                                classes + ":" + libraries,
                                "io.tintype.examples.StoreFolder",
                                dev.server(),
                                "example-java",
                                folder.toString()),
                        Map.of()),
                stdin -> {});
        assertThat(done.code()).as("%s", done).isZero();
        assertThat(done.text()).contains(Images.PHOTOGRAPHS);
    }

    /** Made from the proto alone. Their libraries come from the languages' own registries, where those can be reached. */
    @ParameterizedTest
    @CsvSource({"python, python3", "node, node"})
    void theProgramMadeFromTheProtoRuns(String language, String interpreter, Dev dev) {
        assumeThat(succeeds(interpreter, "--version"))
                .as(interpreter + " is on this machine")
                .isTrue();
        var script = EXAMPLES.resolve(language).resolve("run.sh").toString();
        var target = Map.of(
                "TINTYPE_EXAMPLES_TARGET",
                Path.of("target", "examples").toAbsolutePath().toString());
        var setUp = Command.finish(Command.start(List.of("bash", script, "--setup"), target), stdin -> {});
        assumeThat(setUp.code())
                .as("the libraries of the %s example can be installed: %s", language, setUp)
                .isZero();
        var done = Command.finish(Command.start(List.of("bash", script, dev.server()), target), stdin -> {});
        assertThat(done.code()).as("%s", done).isZero();
    }

    private static boolean succeeds(String... line) {
        try {
            return Command.finish(new ProcessBuilder(line).start(), stdin -> {}).code() == 0;
        } catch (IOException e) {
            return false;
        }
    }
}
