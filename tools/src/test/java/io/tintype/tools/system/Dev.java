// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.system;

import io.tintype.client.TintypeClient;
import io.tintype.tools.dev.DevFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.awaitility.Awaitility;

/** A {@code tintype dev} in a process of its own, on free ports. What it says goes to DIR.out beside its data. */
final class Dev implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final int STOP_SECONDS = 60;

    private final Process process;
    private final Path data;
    private final DevFile file;

    private Dev(Process process, Path data, DevFile file) {
        this.process = process;
        this.data = data;
        this.file = file;
    }

    /** A fresh folder under target/system; it stays for whoever looks into a failure, until the next run. */
    static Path folder(String name) throws IOException {
        var folder = Path.of("target", "system", name).toAbsolutePath();
        if (Files.exists(folder)) {
            delete(folder);
        }
        return Files.createDirectories(folder);
    }

    /** Deletes a folder with all in it. */
    static void delete(Path folder) throws IOException {
        try (var tree = Files.walk(folder)) {
            for (var path : tree.sorted((a, b) -> b.compareTo(a)).toList()) {
                Files.delete(path);
            }
        }
    }

    /** Starts it in a data directory and waits until it is ready. */
    static Dev start(Path data, String... options) throws IOException {
        var arguments = new ArrayList<>(List.of("dev", "--data", data.toString(), "--port-base", "0"));
        arguments.addAll(List.of(options));
        var out = Path.of(data + ".out");
        // A stale file would be taken for the sign that this one is ready.
        Files.deleteIfExists(data.resolve("dev.json"));
        // With processes, only ZooKeeper is in this one.
        var heap = arguments.contains("--processes") ? "-Xmx256m" : "-Xmx1g";
        var process = new ProcessBuilder(interruptible(Command.line(List.of(heap), arguments.toArray(String[]::new))))
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(out.toFile()))
                .start();
        try {
            Awaitility.await("tintype dev in " + data + " is ready; see " + out)
                    .atMost(PATIENCE)
                    .pollInterval(Duration.ofMillis(100))
                    .failFast("tintype dev ended; see " + out, () -> !process.isAlive())
                    .until(() -> DevFile.exists(data));
            return new Dev(process, data, DevFile.read(data));
        } catch (RuntimeException e) {
            process.destroyForcibly();
            throw e;
        }
    }

    /**
     * The line of a process that can be interrupted: whoever runs these tests in the background may have had SIGINT ignored,
     * and that is inherited.
     */
    private static List<String> interruptible(List<String> line) {
        var whole = new ArrayList<>(List.of("env", "--default-signal=INT"));
        whole.addAll(line);
        return whole;
    }

    /** Where everything is. */
    DevFile file() {
        return file;
    }

    /** Its data directory. */
    Path data() {
        return data.toAbsolutePath();
    }

    /** What all its servers log, where they run in one process. */
    Path log() {
        return data().resolve("logs").resolve("dev.log");
    }

    /** host:port of the coordinator's gRPC. */
    String server() {
        return file.server();
    }

    /** A client without a cache, so that every read is one. */
    TintypeClient client() {
        return TintypeClient.builder()
                .seeds(server())
                .requestTimeout(Duration.ofSeconds(30))
                .nearCacheBytes(0)
                .build();
    }

    /** Waits until all replicas of all shards are in sync; one that lags is left out for a moment on a busy machine. */
    void awaitInSync() {
        try (var client = client()) {
            Awaitility.await("all replicas are in sync")
                    .atMost(PATIENCE)
                    .until(
                            () -> client.admin().shards(),
                            shards -> !shards.isEmpty()
                                    && shards.stream()
                                            .allMatch(shard -> shard.inSync().size()
                                                    == shard.replicas().size()));
        }
    }

    /** SIGTERM, and waits for the end; returns the exit code. */
    int stop() {
        process.destroy();
        return awaitEnd();
    }

    /** What Ctrl-C does in a terminal: SIGINT to every process of the cluster at once. Waits for the end; returns the exit code. */
    int interrupt() {
        var line = new ArrayList<>(List.of("kill", "-INT"));
        file.allPids().forEach(pid -> line.add(Long.toString(pid)));
        var sent = Command.finish(Command.start(line, Map.of()), stdin -> {});
        if (sent.code() != 0) {
            throw new IllegalStateException("kill -INT: " + sent);
        }
        return awaitEnd();
    }

    private int awaitEnd() {
        try {
            process.onExit().get(STOP_SECONDS, TimeUnit.SECONDS);
        } catch (TimeoutException | InterruptedException | ExecutionException e) {
            killAll();
            throw new IllegalStateException(
                    "tintype dev in " + data + " did not stop within " + STOP_SECONDS + " s", e);
        }
        return process.exitValue();
    }

    /** SIGKILL to every process of the cluster, and waits until they are gone. */
    void killAll() {
        var handles = file.allPids().stream()
                .flatMap(pid -> ProcessHandle.of(pid).stream())
                .toList();
        handles.forEach(ProcessHandle::destroyForcibly);
        handles.forEach(handle -> handle.onExit().join());
        process.destroyForcibly();
        process.onExit().join();
    }

    @Override
    public void close() {
        if (process.isAlive()) {
            stop();
        }
    }
}
