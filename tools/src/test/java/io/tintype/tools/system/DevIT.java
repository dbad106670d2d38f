// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.tools.dev.DevFile;
import io.tintype.tools.system.Command.Result;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The first minutes of somebody who has just built Tintype. */
final class DevIT {
    private static final int INTERRUPTED = 130;
    private static final int TERMINATED = 143;

    /** What README promises; the quickest start of these tests counts, whatever else a machine does. */
    private static final double READY_SECONDS = 10;

    private static final Pattern READY = Pattern.compile("Tintype is ready after (\\d+\\.\\d) s");
    private static final List<Double> STARTS = new CopyOnWriteArrayList<>();

    @TempDir
    private Path folder;

    @AfterAll
    static void itWasReadySoon() {
        assertThat(Collections.min(STARTS)).as("seconds of %s", STARTS).isLessThan(READY_SECONDS);
    }

    /** How long a cluster said that it took. */
    private static void remember(Path data) throws IOException {
        READY.matcher(Files.readString(Path.of(data + ".out")))
                .results()
                .forEach(ready -> STARTS.add(Double.parseDouble(ready.group(1))));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void whatWasStoredIsThereAfterCtrlCAndStart(boolean processes) throws Exception {
        var data = Dev.folder("dev-resume-" + processes).resolve("data");
        var photo = Images.photograph("chelsea.png");
        var options = processes ? new String[] {"--processes", "--jvm-option=-Xmx256m"} : new String[0];
        try (var dev = Dev.start(data, options)) {
            try (var client = dev.client()) {
                client.put("alice", photo.name(), photo.bytes());
            }
            assertThat(dev.interrupt()).isEqualTo(INTERRUPTED);
        }
        remember(data);
        assertThat(Path.of(data + ".out")).content().contains("stopping…").contains("goes on with all blobs");
        assertThat(DevFile.exists(data)).as("dev.json of a stopped cluster").isFalse();
        try (var dev = Dev.start(data);
                var client = dev.client()) {
            assertThat(client.get("alice", photo.name()).bytes()).isEqualTo(photo.bytes());
            client.put("alice", "second.png", photo.bytes());
            assertThat(client.users().usage("alice").blobs()).isEqualTo(2);
            assertThat(dev.stop()).isEqualTo(TERMINATED);
        }
        remember(data);
        Dev.delete(data);
    }

    @Test
    void oneNodeIsEnough() throws Exception {
        var data = Dev.folder("dev-single").resolve("data");
        try (var dev = Dev.start(data, "--nodes", "1");
                var client = dev.client()) {
            var photo = Images.photograph("rocket.jpg");
            assertThat(client.put("alice", photo.name(), photo.bytes()).replicas())
                    .containsExactly("node-1");
            assertThat(client.get("alice", photo.name()).bytes()).isEqualTo(photo.bytes());
        }
        Dev.delete(data);
    }

    @Test
    void theCommandsThatAreShownWorkWhenPasted() throws Exception {
        var data = Dev.folder("dev-pasted").resolve("data");
        try (var dev = Dev.start(data)) {
            var said = Files.readString(Path.of(data + ".out"));
            assertThat(said)
                    .contains("Tintype is ready")
                    .contains(dev.server())
                    .contains(dev.file().http());
            List<String> shown = said.lines()
                    .map(String::strip)
                    .filter(line -> line.startsWith("tintype ") || line.startsWith("curl "))
                    .toList();
            assertThat(shown).hasSizeGreaterThanOrEqualTo(5);
            for (var line : shown) {
                var words = new ArrayList<>(List.of(line.split(" ")));
                if (words.get(0).equals("tintype")) {
                    words = new ArrayList<>(
                            Command.line(List.of(), words.stream().skip(1).toArray(String[]::new)));
                } else {
                    words.add("--fail");
                }
                var result = inFolder(words);
                assertThat(result.code()).as("%s: %s", line, result).isZero();
            }
            assertThat(folder.resolve("copy.jpg")).hasSameBinaryContentAs(data.resolve("sample.jpg"));
        }
        Dev.delete(data);
    }

    @Test
    void aSecondClusterInTheSameDirectoryIsRefused() throws Exception {
        var data = Dev.folder("dev-twice").resolve("data");
        try (var dev = Dev.start(data, "--nodes", "1")) {
            var second = Command.run("", "dev", "--data", data.toString(), "--port-base", "0");
            assertThat(second.code()).as("%s", second).isEqualTo(4);
            assertThat(second.err())
                    .contains("another tintype dev (process " + dev.file().pid() + ")")
                    .contains(data.toString())
                    .contains("--data");
            assertThat(DevFile.read(data)).as("the first one goes on").isEqualTo(dev.file());
        }
        Dev.delete(data);
    }

    @Test
    void aPortInUseIsNamedWithTheWayOut() throws Exception {
        try (var taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            // The port plan puts HTTP 80 above the base.
            var result = Command.run(
                    "",
                    "dev",
                    "--data",
                    folder.resolve("data").toString(),
                    "--port-base",
                    Integer.toString(taken.getLocalPort() - 80));
            assertThat(result.code()).as("%s", result).isEqualTo(4);
            assertThat(result.err())
                    .contains(Integer.toString(taken.getLocalPort()))
                    .contains("HTTP")
                    .contains("--port-base");
        }
    }

    @Test
    void theFirstScreenOfTheReadmeIsThePromise() throws IOException {
        var readme = Files.readString(Path.of("..", "README.md"));
        var firstScreen = readme.lines().limit(24).toList();
        assertThat(firstScreen.get(0)).isEqualTo("# Tintype");
        assertThat(String.join("\n", firstScreen)).contains("bin/tintype dev").contains("mvn verify");
        for (var command : List.of("put", "get")) {
            assertThat(readme).containsPattern(Pattern.compile("bin/tintype " + command + " \\S+ \\S+"));
        }
    }

    private Result inFolder(List<String> words) throws IOException {
        return Command.finish(
                new ProcessBuilder(words).directory(folder.toFile()).start(), stdin -> {});
    }
}
