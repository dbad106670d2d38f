// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.tools.dev.DevFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Every command that stands in a block of a document is run as it stands there, block after block, and succeeds. */
@ExtendWith(SharedDev.class)
final class DocsIT {
    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    private static final Pattern BLOCK = Pattern.compile("(?ms)^```([a-z]*)\\n(.*?)^```");
    private static final Set<String> SHELL = Set.of("", "sh", "bash");
    private static final Pattern CONTINUED = Pattern.compile("\\\\\\n\\s*");
    private static final Pattern COMMAND = Pattern.compile(
            "(bin/tintype|docker/|client-sdk/|curl|mvn|docker|kubectl|java|cd|eval|python3|node|npm) ?.*");
    private static final Pattern TIMES = Pattern.compile("(-t|--warm-up) \\d+s");

    /** What is not run, by how it begins, and why. */
    private static final Map<String, String> NOT_RUN = notRun();

    private static Map<String, String> notRun() {
        var why = new LinkedHashMap<String, String>();
        why.put("mvn ", "this test runs inside one of them; benches and long proofs take minutes to hours");
        why.put("bin/tintype dev", "is the cluster that the others are run against, started by this test; see DevIT");
        why.put("bin/tintype simulate", "needs the classes of the storage node's tests; see SimulateIT");
        why.put("bin/tintype rebalance apply", "names a plan that the one above printed; see RebalanceIT");
        why.put("bin/tintype rebalance status", "needs a plan that was applied; see RebalanceIT");
        why.put("bin/tintype rebalance pause", "needs a plan that is being carried out; see BadDaysIT");
        why.put("curl -T cat.jpg \"$(bin/tintype url sign", "needs a coordinator that has the key; see SignedUrlsTest");
        why.put("bin/tintype coordinator --id nocache", "goes with the next one");
        why.put("bin/tintype bench http", "measures beside an nginx that whoever measures has set up");
        why.put("docker", "needs a Docker engine and images; see ContainersIT");
        why.put("eval \"$(docker/", "starts a Docker engine; .ci/run does it");
        why.put("kubectl ", "needs a Kubernetes cluster; see ManifestsTest");
        why.put("client-sdk/examples/", "needs other languages and their registries; see ExamplesIT");
        why.put("cd docs/spec", "goes with the next one");
        why.put("java -cp ~/.m2", "checks a model for minutes; see ModelsIT");
        return why;
    }

    @Test
    void everyBlockDoesWhatItSays(Dev dev) throws Exception {
        Assumptions.assumeTrue(
                Command.finish(new ProcessBuilder("sh", "-c", "command -v curl").start(), stdin -> {})
                                .code()
                        == 0,
                "SKIPPED: the documents' commands need curl");
        var folder = Dev.folder("docs");
        prepare(folder, dev);
        var skipped = new TreeSet<String>();
        int ran = 0;
        for (var document : documents()) {
            for (var block : BLOCK.matcher(Files.readString(document))
                    .results()
                    .filter(found -> SHELL.contains(found.group(1)))
                    .toList()) {
                var lines = new ArrayList<String>();
                for (var line :
                        CONTINUED.matcher(block.group(2)).replaceAll("").lines().toList()) {
                    var reason =
                            NOT_RUN.keySet().stream().filter(line::startsWith).findFirst();
                    if (reason.isPresent()) {
                        skipped.add(reason.get());
                    } else if (COMMAND.matcher(line).matches()) {
                        lines.add(here(line, dev));
                    }
                }
                if (!lines.isEmpty()) {
                    run(folder, document, lines);
                    ran += lines.size();
                }
            }
        }
        assertThat(ran).as("commands that were run").isGreaterThanOrEqualTo(10);
        assertThat(skipped)
                .as("every reason not to run something is needed")
                .isEqualTo(new TreeSet<>(NOT_RUN.keySet()));
    }

    private static List<Path> documents() throws IOException {
        var all = new ArrayList<>(List.of(ROOT.resolve("README.md"), ROOT.resolve("CONTRIBUTING.md")));
        try (Stream<Path> docs = Files.list(ROOT.resolve("docs"))) {
            docs.filter(file -> file.toString().endsWith(".md")).sorted().forEach(all::add);
        }
        all.add(ROOT.resolve("docker/README.md"));
        return all;
    }

    /** A folder that looks like the checkout in which a reader stands, with the program that was just built. */
    private static void prepare(Path folder, Dev dev) throws IOException {
        var bin = Files.createDirectories(folder.resolve("bin")).resolve("tintype");
        var line = Command.line(List.of("-Xmx256m")).stream()
                .map(word -> "'" + word + "'")
                .collect(Collectors.joining(" "));
        Files.writeString(bin, "#!/bin/sh\nexec " + line + " \"$@\"\n");
        if (!bin.toFile().setExecutable(true)) {
            throw new IOException("cannot make " + bin + " executable");
        }
        for (var name : List.of("tools", "docker", "docs", "client-sdk", "proto")) {
            Files.createSymbolicLink(folder.resolve(name), ROOT.resolve(name));
        }
        Files.createSymbolicLink(folder.resolve("tintype-data"), dev.data());
        Files.writeString(folder.resolve("keys.txt"), "2026a " + "c2VjcmV0".repeat(4) + "\n");
        Files.write(
                folder.resolve("cat.jpg"),
                Images.photograph(Images.PHOTOGRAPHS.get(0)).bytes());
    }

    /** The same on the ports of this cluster; what measures does so for a moment only. */
    private static String here(String line, Dev dev) {
        var http = dev.file().http().replace("http://", "");
        return TIMES.matcher(line.replace("localhost:7480", http).replace("localhost:7400", dev.server()))
                .replaceAll("$1 1s");
    }

    private static void run(Path folder, Path document, List<String> lines) throws IOException {
        var script = Files.write(folder.resolve("block.sh"), lines);
        var builder =
                new ProcessBuilder("bash", "-euo", "pipefail", "-x", script.toString()).directory(folder.toFile());
        builder.environment().put("TINTYPE_SERVER", lines.isEmpty() ? "" : server(folder));
        // What curl is refused over HTTP must fail, too.
        builder.environment().put("CURL_HOME", folder.toString());
        Files.writeString(folder.resolve(".curlrc"), "fail\nsilent\nshow-error\n");
        var done = Command.finish(builder.start(), stdin -> {});
        assertThat(done.code())
                .as("%s: %s\n%s", ROOT.relativize(document), String.join("\n", lines), done)
                .isZero();
    }

    private static String server(Path folder) throws IOException {
        return DevFile.read(folder.resolve("tintype-data")).server();
    }
}
