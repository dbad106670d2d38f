// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.bench;

import io.tintype.tools.dev.JavaProcess;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;

/** Measures what the cluster is built on, one size at a time. */
final class Baselines {
    private final int size;
    private final int concurrency;
    private final Raw.Pace pace;

    Baselines(int size, int concurrency, Raw.Pace pace) {
        this.size = size;
        this.concurrency = concurrency;
        this.pace = pace;
    }

    /** RocksDB in this process: puts, then gets. */
    List<RawCommand.Line> rocks(Path scratch) throws Exception {
        var folder = Files.createTempDirectory(scratch, "tintype-bench-raw-");
        try (var rocks = RawRocks.open(folder.resolve("db"), size, concurrency, pace)) {
            return List.of(line("rocksdb put, synced", rocks.puts()), line("rocksdb get", rocks.gets()));
        } finally {
            deleteTree(folder);
        }
    }

    /** gRPC between this process and another: puts, then gets. */
    List<RawCommand.Line> echo() throws IOException, InterruptedException {
        var server = JavaProcess.of("bench", "echo").start();
        try (var said = new BufferedReader(new InputStreamReader(server.getInputStream(), StandardCharsets.UTF_8))) {
            var port = said.readLine();
            if (port == null) {
                throw new IOException("the echo server ended before it was ready");
            }
            try (var cpu = new CpuMeter(List.of(server.pid()));
                    var client = new EchoClient(
                            Integer.parseInt(port.strip()),
                            size,
                            concurrency,
                            pace,
                            () -> cpu.servers().map(CpuUse::steadyNanos).orElse(0L))) {
                return List.of(line("grpc put", client.puts()), line("grpc get", client.gets()));
            }
        } finally {
            server.getOutputStream().close();
            server.waitFor();
        }
    }

    private RawCommand.Line line(String what, Raw.Measured measured) {
        return new RawCommand.Line(what, size, measured.figures(), measured.cpuMicrosPerOperation(), null, null);
    }

    private static void deleteTree(Path folder) throws IOException {
        try (var tree = Files.walk(folder)) {
            for (var path : tree.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }
}
