// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.cache;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Assumptions;

/** A real memcached, in a process of its own; tests that need one are skipped, loudly, where there is none. */
public final class MemcachedServer implements AutoCloseable {
    private static final List<Path> PLACES =
            List.of(Path.of("/usr/bin/memcached"), Path.of("/usr/local/bin/memcached"));

    private final int port;
    private final Process process;

    private MemcachedServer(int port, Process process) {
        this.port = port;
        this.process = process;
    }

    /** Starts one on a port of its own, for values of up to 2 MiB. */
    public static MemcachedServer start() throws IOException {
        return startOn(freePort());
    }

    /** Starts one on this port. */
    public static MemcachedServer startOn(int port) throws IOException {
        var program = PLACES.stream().filter(Files::isExecutable).findFirst();
        if (program.isEmpty()) {
            System.err.println("SKIPPED: what needs memcached, which is not installed.");
        }
        Assumptions.assumeTrue(program.isPresent(), "no memcached");
        var process = new ProcessBuilder(
                        program.orElseThrow().toString(),
                        "-l",
                        "127.0.0.1",
                        "-p",
                        Integer.toString(port),
                        "-U",
                        "0",
                        "-m",
                        "64",
                        "-I",
                        "2m",
                        "-u",
                        System.getProperty("user.name"))
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        Awaitility.await("memcached listens")
                .atMost(Duration.ofSeconds(60))
                .failFast("memcached ended", () -> !process.isAlive())
                .until(() -> listens(port));
        return new MemcachedServer(port, process);
    }

    /** Its address. */
    public String address() {
        return "127.0.0.1:" + port;
    }

    /** A free port. */
    static int freePort() throws IOException {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private static boolean listens(int port) {
        try (var socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            return socket.isConnected();
        } catch (IOException notYet) {
            return false;
        }
    }

    /** SIGSTOP, or SIGCONT. */
    void signal(String name) throws IOException, InterruptedException {
        new ProcessBuilder("kill", "-" + name, Long.toString(process.pid()))
                .start()
                .waitFor();
    }

    @Override
    public void close() {
        process.destroyForcibly();
        try {
            process.waitFor(60, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
