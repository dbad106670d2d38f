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
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Every command that stands in a block of a document is run as it stands there, block after block, and succeeds. */
@Tag("beside-another")
@ExtendWith(SharedDev.class)
final class DocsIT {
    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    private static final Pattern BLOCK = Pattern.compile("(?ms)^```([a-z]*)\\n(.*?)^```");
    private static final Set<String> SHELL = Set.of("", "sh", "bash");
    private static final Pattern CONTINUED = Pattern.compile("\\\\\\n\\s*");
    /** What is a command in a block that does not say that it holds commands. */
    private static final Pattern COMMAND = Pattern.compile(
            "(bin/tintype|docker/|client-sdk/|curl|mvn|docker|kubectl|java|cd|eval|python3|node|npm) ?.*");

    private static final String SERVER = "bin/tintype coordinator ";
    private static final Pattern TIMES = Pattern.compile("(-t|--warm-up) \\d+s");
    private static final Pattern HTTP = Pattern.compile("http://HOST:PORT");

    /** The list of all commands takes most of a minute; {@code -Ddocs=all} runs it, too. */
    private static final boolean ALL = "all".equals(System.getProperty("docs"));

    private static final String LIST = "## Every command in use\n";

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
        why.put("bin/tintype rebalance resume", "the same");
        why.put("bin/tintype rebalance cancel", "the same");
        why.put("bin/tintype node restart", "needs somebody who restarts it; see NodeCareIT");
        why.put("bin/tintype node drain", "needs a fourth node; see RebalanceIT");
        why.put("bin/tintype node remove", "needs a node that was drained; see NodeCareIT");
        why.put("bin/tintype user erase", "waits until disks have compacted his bytes away; see UserDataIT");
        why.put("bin/tintype shard force", "needs a shard that nobody can lead; see OrdersIT");
        why.put("bin/tintype pool switch", "needs a second region; see RegionSwitchIT");
        why.put("bin/tintype storage-node --config /etc", "needs the file that stands further up; see ManifestsTest");
        why.put("bin/tintype coordinator --config /etc", "the same");
        why.put("echo \"2026a ", "makes the keys that the coordinator of this test was started with");
        why.put("apt-get install ", "changes the machine; what came of it on a fresh Debian stands beside it");
        why.put("docker", "needs a Docker engine and images; see ComposeIT, which runs them");
        why.put("eval \"$(docker/", "starts a Docker engine; .ci/run does it");
        why.put("kubectl ", "needs a Kubernetes cluster; see KubernetesTest, which runs it");
        why.put("sed 's/storage-node-a/", "the same");
        why.put("client-sdk/examples/", "needs other languages and their registries; see ExamplesIT");
        why.put("cd docs/spec", "goes with the next one");
        why.put("java -cp ~/.m2", "checks a model for minutes; see ModelsIT");
        return why;
    }

    /** Servers that readers are told to start, and one that has the keys of the page on HTTP. */
    private final List<Process> servers = new ArrayList<>();

    @AfterEach
    void stop() {
        servers.forEach(Process::destroy);
        servers.forEach(process -> process.onExit().join());
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
        var http = serve(
                        folder,
                        SERVER + "--id keyed --zookeeper " + dev.file().zookeeper()
                                + " --role upload,retrieval --port 0 --http-port 0 --set http.signedUrls.keyFile=keys.txt")
                .replace("http://", "");
        var skipped = new TreeSet<String>();
        int ran = 0;
        for (var document : documents()) {
            var text = Files.readString(document);
            for (var block : BLOCK.matcher(text)
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
                    } else if (line.startsWith(SERVER)) {
                        var unused = serve(
                                folder, line.replace("HOST:PORT", dev.file().zookeeper()));
                        ran++;
                    } else if (isCommand(block.group(1), line)) {
                        lines.add(here(line, folder, dev, http));
                    }
                }
                if (!lines.isEmpty() && (ALL || !isList(text, block.start()))) {
                    run(folder, document, lines);
                    ran += lines.size();
                }
            }
        }
        assertThat(folder.resolve("opt/tintype/lib")).as("what was installed").isNotEmptyDirectory();
        Dev.delete(folder.resolve("opt"));
        assertThat(ran).as("commands that were run").isGreaterThanOrEqualTo(ALL ? 60 : 20);
        assertThat(skipped)
                .as("every reason not to run something is needed")
                .isEqualTo(new TreeSet<>(NOT_RUN.keySet()));
    }

    private static boolean isList(String text, int block) {
        int heading = text.lastIndexOf("\n## ", block) + 1;
        return text.startsWith(LIST, heading);
    }

    /** In a block that says that it holds commands every line is one, else those that look like one. */
    private static boolean isCommand(String block, String line) {
        return block.isEmpty() ? COMMAND.matcher(line).matches() : !line.isBlank() && !line.startsWith("#");
    }

    /** Starts a server as the line says, which lasts until the test ends; tells where it serves HTTP. */
    private String serve(Path folder, String line) throws IOException {
        var builder = new ProcessBuilder("bash", "-c", "exec " + line + " --json")
                .directory(folder.toFile())
                .redirectError(
                        folder.resolve("server-" + servers.size() + ".log").toFile());
        var process = builder.start();
        servers.add(process);
        return Servers.awaitHttp(process);
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

    /**
     * The same on the ports of this cluster, and in this folder; what measures does so for a moment only, and beside itself where
     * its reader has set up another server.
     */
    private static String here(String line, Path folder, Dev dev, String http) {
        var moved = line.replace("localhost:7480", http)
                .replace("localhost:7400", dev.server())
                .replace("/opt/tintype", folder + "/opt/tintype");
        return TIMES.matcher(HTTP.matcher(moved).replaceAll("http://" + http)).replaceAll("$1 200ms");
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
