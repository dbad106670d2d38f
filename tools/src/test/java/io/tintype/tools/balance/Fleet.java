// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.balance;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.tintype.client.TintypeClient;
import io.tintype.client.TintypeClientBuilder;
import io.tintype.cluster.embedded.EmbeddedZooKeeper;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;

/** Storage nodes and coordinators, each a process of its own, that come and go; ZooKeeper is in this one. */
public final class Fleet implements AutoCloseable {
    private static final Path LIBRARIES = Path.of("target", "dist", "lib").toAbsolutePath();
    private static final Duration PATIENCE = Duration.ofSeconds(90);
    private static final Duration PATIENT = Duration.ofSeconds(30);
    private static final int STOP_SECONDS = 60;

    /** Lines. */
    private static final int LAST_WORDS = 20;

    private record Server(Process process, String address, String otherAddress) {}

    private final Path folder;
    private final Map<String, String> settings;
    private final Path zooKeeperData;
    private EmbeddedZooKeeper zooKeeper;
    private List<String> under = List.of();
    private final Map<String, Server> servers = new ConcurrentSkipListMap<>();
    private final List<CommandRun> commands = new ArrayList<>();
    private final Map<String, Integer> ports = new LinkedHashMap<>();

    private Fleet(Path folder, Map<String, String> settings) throws IOException {
        this.folder = folder;
        this.settings = settings;
        this.zooKeeperData = Files.createDirectories(folder.resolve("zookeeper"));
        this.zooKeeper = EmbeddedZooKeeper.start(zooKeeperData, Integer.parseInt(port("zookeeper")));
    }

    /**
     * Starts ZooKeeper alone.
     *
     * @param settings for coordinators, by the names of the environment
     */
    public static Fleet start(String name, Map<String, String> settings) throws Exception {
        var folder = Path.of("target", "system", name).toAbsolutePath();
        if (Files.exists(folder)) {
            try (var tree = Files.walk(folder)) {
                for (var path : tree.sorted((a, b) -> b.compareTo(a)).toList()) {
                    Files.delete(path);
                }
            }
        }
        return new Fleet(folder, settings);
    }

    /** Servers that are started from now on run under these words of a command line, such as {@code taskset}'s. */
    public void startUnder(List<String> words) {
        under = List.copyOf(words);
    }

    /** Starts a storage node, or starts it again with what it has on its disk. */
    public void node(String id) throws IOException {
        node(id, Map.of());
    }

    /** The same, with settings of its own, by the names of the environment. */
    public void node(String id, Map<String, String> own) throws IOException {
        node(id, own, folder.resolve(id));
    }

    /** The same, with its data in a place of its own. */
    public void node(String id, Map<String, String> own, Path data) throws IOException {
        run(id, own, List.of(), "storage-node", "--data", data.toString(), "--peer-port", "0", "--http-port", "0");
    }

    /** Starts a storage node with options of Java's besides, of which the last one counts. */
    public void node(String id, List<String> java) throws IOException {
        node(id, Map.of(), java);
    }

    /** The same, with settings of its own, by the names of the environment. */
    public void node(String id, Map<String, String> own, List<String> java) throws IOException {
        var data = folder.resolve(id).toString();
        run(id, own, java, "storage-node", "--data", data, "--peer-port", "0", "--http-port", "0");
    }

    /** What servers run of, unless an option of Java's says otherwise. */
    public static String classPath() {
        return LIBRARIES + "/*";
    }

    /** Starts a coordinator, or starts it again. */
    public void coordinator(String id) throws IOException {
        run(id, settings, List.of(), "coordinator", "--http-port", "0");
    }

    /** The same, with roles, settings and options of Java's of its own. */
    public void coordinator(String id, String roles, Map<String, String> own, List<String> java) throws IOException {
        var all = new LinkedHashMap<>(settings);
        all.putAll(own);
        run(id, all, java, "coordinator", "--http-port", port(id + " http"), "--role", roles);
    }

    /** Where a coordinator serves HTTP. */
    public URI http(String coordinator) {
        return URI.create("http://" + server(coordinator).otherAddress());
    }

    /** Has a coordinator that is yet to be started serve HTTP on this port. */
    public void httpPort(String coordinator, int port) {
        ports.put(coordinator + " http", port);
    }

    /** The process of a server that runs. */
    public long pid(String id) {
        return server(id).process().pid();
    }

    /** The processes of all servers that run, by their ids. From any thread. */
    Map<String, ProcessHandle> processes() {
        var all = new TreeMap<String, ProcessHandle>();
        servers.forEach((id, server) -> all.put(id, server.process().toHandle()));
        return all;
    }

    private Server server(String id) {
        var server = servers.get(id);
        if (server == null) {
            throw new IllegalStateException(id + " does not run");
        }
        return server;
    }

    /** Where what servers say is kept, and by its name what each node has. */
    public Path folder() {
        return folder;
    }

    /** Where a server listens, now and whenever it is started again. */
    private String port(String of) {
        return Integer.toString(ports.computeIfAbsent(of, name -> Ports.free()));
    }

    /** ZooKeeper is gone; what it has is kept. */
    void loseZooKeeper() {
        zooKeeper.close();
    }

    /** ZooKeeper is back, where it was. */
    void bringZooKeeperBack() {
        zooKeeper = EmbeddedZooKeeper.start(zooKeeperData, Integer.parseInt(port("zookeeper")));
    }

    private void run(String id, Map<String, String> environment, List<String> java, String what, String... more)
            throws IOException {
        var line = new ArrayList<>(under);
        line.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        line.add("--enable-native-access=ALL-UNNAMED");
        if (Runtime.version().feature() >= 24) {
            line.add("--sun-misc-unsafe-memory-access=allow");
        }
        line.addAll(List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx256m"));
        line.addAll(List.of("-cp", classPath()));
        line.addAll(java);
        line.addAll(List.of("io.tintype.tools.Main", what, "--json", "--id", id));
        line.addAll(List.of("--zookeeper", zooKeeper.connectString(), "--host", "127.0.0.1", "--port", port(id)));
        line.addAll(List.of(more));
        var out = folder.resolve(id + ".out");
        Files.deleteIfExists(out);
        var builder = new ProcessBuilder(line)
                .redirectOutput(out.toFile())
                .redirectError(ProcessBuilder.Redirect.appendTo(
                        folder.resolve(id + ".err").toFile()));
        builder.environment().putAll(environment);
        var process = builder.start();
        try {
            var ready = Awaitility.await(id + " is ready; see " + out)
                    .atMost(PATIENCE)
                    .pollInterval(Duration.ofMillis(100))
                    .failFast(() -> refuseEnded(id, process))
                    .until(() -> ready(out), Optional::isPresent)
                    .orElseThrow();
            var address = ready.get("address").asText();
            servers.put(
                    id, new Server(process, address, ready.path("otherAddress").asText()));
        } catch (RuntimeException e) {
            process.destroyForcibly();
            throw e;
        }
    }

    /** A server that ended before it was ready: its exit code and its last words are what the cause is looked for in. */
    private void refuseEnded(String id, Process process) throws IOException {
        if (!process.isAlive()) {
            var said = Files.readAllLines(folder.resolve(id + ".err"));
            var last = said.subList(Math.max(0, said.size() - LAST_WORDS), said.size());
            throw new IllegalStateException(id + " ended with " + process.exitValue() + "; its last words, of all in "
                    + folder + ":\n" + String.join("\n", last));
        }
    }

    private static Optional<JsonNode> ready(Path out) throws IOException {
        return Files.readAllLines(out).stream()
                .filter(line -> line.startsWith("{") && line.endsWith("}"))
                .findFirst()
                .map(Fleet::parse);
    }

    private static JsonNode parse(String json) {
        try {
            return new ObjectMapper().readTree(json);
        } catch (IOException e) {
            throw new IllegalStateException("not a ready line: " + json, e);
        }
    }

    /** SIGKILL. */
    public void kill(String id) {
        end(id, true);
    }

    /** SIGSTOP: it answers nobody, and knows nothing of it. */
    public void pause(String id) throws Exception {
        signal("-STOP", id);
    }

    /** SIGCONT: it goes on as if no time had passed. */
    public void resume(String id) throws Exception {
        signal("-CONT", id);
    }

    private void signal(String signal, String id) throws Exception {
        @Nullable Server server = servers.get(id);
        if (server == null) {
            throw new IllegalStateException(id + " does not run");
        }
        var kill = new ProcessBuilder(
                        "kill", signal, Long.toString(server.process().pid()))
                .start();
        if (kill.waitFor() != 0) {
            throw new IllegalStateException("kill " + signal + " of " + id + " failed");
        }
    }

    /** SIGTERM. */
    public void stop(String id) {
        end(id, false);
    }

    private void end(String id, boolean forcibly) {
        @Nullable Server server = servers.remove(id);
        if (server == null) {
            return;
        }
        if (forcibly) {
            server.process().destroyForcibly();
        } else {
            server.process().destroy();
        }
        try {
            if (!server.process().waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
                server.process().destroyForcibly();
            }
        } catch (InterruptedException e) {
            server.process().destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }

    /** What a command prints, asked of a coordinator as a process of its own; it must succeed. */
    String command(String coordinator, String... words) throws Exception {
        return begin(coordinator, words).end();
    }

    /** Begins a command that goes on by itself, until this is closed at the latest. */
    CommandRun begin(String coordinator, String... words) throws IOException {
        var run = CommandRun.begin(folder, address(coordinator), words);
        commands.add(run);
        return run;
    }

    /** A client of these coordinators, without a cache. */
    public TintypeClient client(String... coordinators) {
        return builder(coordinators).requestTimeout(PATIENT).build();
    }

    /** The same, to be built as somebody likes. */
    public TintypeClientBuilder builder(String... coordinators) {
        var addresses = new ArrayList<String>();
        for (var id : coordinators) {
            addresses.add(address(id, servers.get(id)));
        }
        return TintypeClient.builder().seeds(addresses.toArray(String[]::new)).nearCacheBytes(0);
    }

    /** HOST:PORT of a coordinator that runs. */
    public String address(String coordinator) {
        return address(coordinator, servers.get(coordinator));
    }

    private static String address(String id, @Nullable Server server) {
        if (server == null) {
            throw new IllegalStateException(id + " does not run");
        }
        return server.address();
    }

    @Override
    public void close() {
        commands.forEach(CommandRun::close);
        List.copyOf(servers.keySet()).forEach(this::kill);
        zooKeeper.close();
    }
}
