// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.rocks;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Data on file systems from which no program may be run, or that are full: real ones, which only the processes of these tests
 * see. Skipped, and said so, where nobody may mount anything.
 */
final class RocksLibraryDisksTest {
    private static final List<List<String>> ALONE =
            List.of(List.of("unshare", "--mount"), List.of("unshare", "--map-root-user", "--mount"));

    /** More than the library needs. */
    private static final String ROOMY = "size=64m";

    private static final String TINY = "size=4m";

    @TempDir
    Path folder;

    private Path disk;
    private List<String> alone;

    @BeforeEach
    void mayMount() throws Exception {
        disk = Files.createDirectory(folder.resolve("disk"));
        Optional<List<String>> way = Optional.empty();
        for (var one : ALONE) {
            if (way.isEmpty() && run(one, ROOMY, "echo mounted", Map.of()).equals("mounted\n")) {
                way = Optional.of(one);
            }
        }
        if (way.isEmpty()) {
            System.err.println(
                    "SKIPPED: RocksDB's library on disks that are full or noexec: nobody may mount one here.");
        }
        Assumptions.assumeTrue(way.isPresent(), "no file system can be mounted here");
        alone = way.orElseThrow();
    }

    @Test
    void whereNoProgramMayBeRunItSaysSoAndAnotherFolderWillDo() throws Exception {
        var said = run(alone, ROOMY + ",noexec", "load", Map.of());
        assertThat(said)
                .contains("RocksDB's native library cannot be loaded from " + disk.resolve(RocksLibrary.FOLDER))
                .contains("Is it mounted noexec? Then name a folder that is not in " + RocksLibrary.ELSEWHERE);
        var elsewhere = Files.createDirectory(folder.resolve("elsewhere"));
        assertThat(run(alone, ROOMY + ",noexec", "load", Map.of(RocksLibrary.ELSEWHERE, elsewhere.toString())))
                .isEqualTo("loaded\n");
    }

    @Test
    void whereThereIsNoRoomItSaysSoAndLeavesNothingHalfDone() throws Exception {
        var home = disk.resolve(RocksLibrary.FOLDER);
        var said = run(alone, TINY, "load; ls " + home, Map.of());
        assertThat(said)
                .contains("RocksDB's native library cannot be put into " + home)
                .contains("No space left on device")
                .contains("Make room")
                .contains(RocksLibrary.ELSEWHERE)
                .endsWith("\nlock\n");
    }

    @Test
    void aDiskThatIsFullByNowKeepsNobodyFromStartingWhoHasStartedThere() throws Exception {
        var fill = "dd if=/dev/zero of=" + disk.resolve("others") + " bs=64k 2>/dev/null";
        assertThat(run(alone, ROOMY, "load; " + fill + "; load", Map.of())).isEqualTo("loaded\nloaded\n");
    }

    /** What a script says with a fresh file system in place of the disk; {@code load} starts a process that loads the library. */
    private String run(List<String> way, String options, String script, Map<String, String> environment)
            throws IOException, InterruptedException {
        var load = String.join(
                " ",
                List.of(
                        quoted(Path.of(System.getProperty("java.home"), "bin", "java")
                                .toString()),
                        "-Xmx64m -XX:-UsePerfData -cp",
                        quoted(System.getProperty("java.class.path")),
                        quoted(RocksLibraryTest.Loads.class.getName()),
                        quoted(disk.toString())));
        var line = new ArrayList<>(way);
        line.addAll(List.of(
                "sh",
                "-c",
                "load() { " + load + "; }\nmount -t tmpfs -o " + options + " none " + quoted(disk.toString()) + " && { "
                        + script + "; }"));
        var builder =
                new ProcessBuilder(line).redirectError(folder.resolve("stderr").toFile());
        builder.environment().putAll(environment);
        try {
            var process = builder.start();
            var said = new String(process.getInputStream().readAllBytes(), UTF_8);
            process.waitFor(1, TimeUnit.MINUTES);
            return said;
        } catch (IOException noSuchProgram) {
            return "";
        }
    }

    private static String quoted(String word) {
        return "'" + word + "'";
    }
}
