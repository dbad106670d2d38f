// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.system;

import io.tintype.cluster.embedded.EmbeddedZooKeeper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/**
 * Storage nodes and a coordinator, each a process of its own that tests may stop, kill and start again; ZooKeeper in this
 * one. Used by one thread.
 */
final class Servers implements AutoCloseable {
    private static final Pattern ADDRESS = Pattern.compile("\"address\"\\s*:\\s*\"([^\"]+)\"");
    private static final Pattern OTHER = Pattern.compile("\"otherAddress\"\\s*:\\s*\"([^\"]+)\"");
    private static final int STOP_SECONDS = 60;

    private final Path folder;
    private final EmbeddedZooKeeper zooKeeper;
    private final Map<String, Process> nodes = new TreeMap<>();
    private final Process coordinator;
    private final String server;
    private final String http;

    private final Map<String, String> settings;

    private Servers(Path folder, int size, Map<String, String> settings) throws Exception {
        this.settings = settings;
        this.folder = folder;
        this.zooKeeper = EmbeddedZooKeeper.start(folder.resolve("zookeeper"), 0);
        for (int i = 1; i <= size; i++) {
            start("node-" + i);
        }
        coordinator = launch(
                "coordinator",
                List.of(
                        "coordinator",
                        "--zookeeper",
                        zooKeeper.connectString(),
                        "--port",
                        "0",
                        "--http-port",
                        "0",
                        "--replicas",
                        Integer.toString(size),
                        "--stop-with-stdin",
                        "--json"));
        var said = ready(coordinator);
        server = found(ADDRESS, said);
        http = "http://" + found(OTHER, said);
    }

    static Servers start(Path folder, int size) throws Exception {
        return new Servers(folder, size, Map.of());
    }

    /** The same with settings, as environment variables. */
    static Servers start(Path folder, int size, Map<String, String> settings) throws Exception {
        return new Servers(folder, size, settings);
    }

    /** host:port of the coordinator. */
    String server() {
        return server;
    }

    /** Where the coordinator serves HTTP, without a slash at the end. */
    String http() {
        return http;
    }

    /** Starts a node, on what its disk has. */
    void start(String id) throws IOException {
        var process = launch(
                id,
                List.of(
                        "storage-node",
                        "--id",
                        id,
                        "--data",
                        folder.resolve(id).toString(),
                        "--zookeeper",
                        zooKeeper.connectString(),
                        "--port",
                        "0",
                        "--peer-port",
                        "0",
                        "--http-port",
                        "0",
                        "--stop-with-stdin",
                        "--json"));
        nodes.put(id, process);
        var unused = ready(process);
    }

    /** Starts every node that does not run. */
    void startStopped() throws IOException {
        for (var node : List.copyOf(nodes.entrySet())) {
            if (!node.getValue().isAlive()) {
                start(node.getKey());
            }
        }
    }

    /** SIGTERM, and waits for the end. */
    void stop(String id) throws InterruptedException {
        end(id, node(id));
    }

    /** SIGTERM to the only coordinator, and waits for the end; it does not come back. Its exit code. */
    int stopCoordinator() throws InterruptedException {
        end("coordinator", coordinator);
        return coordinator.exitValue();
    }

    private void end(String id, Process process) throws InterruptedException {
        process.destroy();
        if (!process.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
            process.destroyForcibly().waitFor();
            throw new IllegalStateException(id + " did not stop within " + STOP_SECONDS + " s; see " + log(id));
        }
    }

    /** SIGKILL. */
    void kill(String id) throws InterruptedException {
        node(id).destroyForcibly().waitFor();
    }

    private Process node(String id) {
        var process = nodes.get(id);
        if (process == null) {
            throw new IllegalArgumentException("there is no " + id);
        }
        return process;
    }

    private Path log(String name) {
        return folder.resolve(name + ".log");
    }

    private Process launch(String name, List<String> arguments) throws IOException {
        Files.createDirectories(folder);
        var builder = new ProcessBuilder(Command.line(List.of("-Xmx384m"), arguments.toArray(String[]::new)))
                .redirectError(ProcessBuilder.Redirect.appendTo(log(name).toFile()));
        builder.environment().putAll(settings);
        return builder.start();
    }

    /** What a server that was started with {@code --json} says of its HTTP once it is ready, without a slash at the end. */
    static String awaitHttp(Process process) throws IOException {
        return "http://" + found(OTHER, ready(process));
    }

    private static String ready(Process process) throws IOException {
        var said = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        var line = String.valueOf(said.readLine());
        var unused = found(ADDRESS, line);
        return line;
    }

    private static String found(Pattern wanted, String line) {
        var found = wanted.matcher(line);
        if (!found.find()) {
            throw new IllegalStateException("a server ended before it was ready; it said " + line);
        }
        return found.group(1);
    }

    @Override
    public void close() {
        var all = new ArrayList<>(nodes.values());
        all.add(coordinator);
        all.forEach(Process::destroyForcibly);
        all.forEach(process -> process.onExit().join());
        zooKeeper.close();
    }
}
