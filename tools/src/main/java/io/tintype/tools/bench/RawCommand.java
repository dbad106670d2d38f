// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.bench;

import io.tintype.tools.cli.ClusterOptions;
import io.tintype.tools.cli.DurationConverter;
import io.tintype.tools.console.ExitCode;
import io.tintype.tools.console.OutputOptions;
import io.tintype.tools.console.Tables;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code tintype bench raw}: the cluster beside what it is built on, in the same run. */
@Command(
        name = "raw",
        description = {
            "Measures the cluster beside what it is built on, in the same run and on the same machine.",
            "",
            "For every size: RocksDB alone with synced writes, gRPC alone with nothing behind it, and the cluster through"
                    + " the client SDK; and the cluster's throughput as a share of theirs. The database is made in --scratch"
                    + " (it should be on the cluster's disk) and removed."
        },
        footer = {
            "  tintype bench raw --dev ./tintype-data",
            "  tintype bench raw --sizes 64k --concurrency 16 --duration 10s --json",
            "  tintype bench raw --without-cluster"
        })
final class RawCommand implements Callable<Integer> {
    @Option(
            names = "--sizes",
            defaultValue = "4k,64k,1m",
            split = ",",
            paramLabel = "SIZE",
            description = "Sizes to measure (default: ${DEFAULT-VALUE}).")
    private List<String> sizes;

    @Option(
            names = {"-c", "--concurrency"},
            defaultValue = "16",
            paramLabel = "N",
            description = "Operations under way at the same time (default: ${DEFAULT-VALUE}).")
    private int concurrency;

    @Option(
            names = {"-t", "--duration"},
            defaultValue = "5s",
            paramLabel = "TIME",
            converter = DurationConverter.class,
            description = "How long to measure each figure (default: ${DEFAULT-VALUE}).")
    private Duration duration;

    @Option(
            names = "--warm-up",
            paramLabel = "TIME",
            converter = DurationConverter.class,
            description =
                    "How long to make operations before each figure (default: a third of the duration). Servers have"
                            + " compiled what they run often after about a minute.")
    private @Nullable Duration warmUp;

    @Option(names = "--keys", defaultValue = "500", paramLabel = "N", description = "Blobs that the cluster serves.")
    private int keys;

    @Option(
            names = "--scratch",
            paramLabel = "DIR",
            defaultValue = ".",
            description = "Where the raw database is made for the time being (default: the current directory).")
    private Path scratch;

    @Option(names = "--without-cluster", description = "Only RocksDB and gRPC.")
    private boolean withoutCluster;

    @Mixin
    private ServerProcesses servers;

    @Mixin
    private ClusterOptions cluster;

    @Mixin
    private OutputOptions output;

    @Spec
    private CommandSpec command;

    @Override
    public Integer call() throws Exception {
        var lines = new ArrayList<Line>();
        for (var text : sizes) {
            int size = size(text);
            tell(text + ": RocksDB alone");
            var rocks = new Baselines(size, concurrency, pace()).rocks(scratch);
            lines.addAll(rocks);
            tell(text + ": gRPC alone");
            var echo = new Baselines(size, concurrency, pace()).echo();
            lines.addAll(echo);
            if (!withoutCluster) {
                tell(text + ": the cluster");
                lines.add(cluster("put", size, rocks.get(0)));
                lines.add(cluster("get", size, echo.get(1)));
            }
        }
        output.print(
                new Document(Machine.describe(), servers.durability(), concurrency, lines),
                Tables.render(Line.COLUMNS, lines.stream().map(Line::row).toList()));
        return ExitCode.OK.number();
    }

    private Line cluster(String operation, int size, Line baseline) throws InterruptedException {
        var workload = new Workload(
                size,
                Math.min(concurrency, keys),
                keys,
                SizeMix.fixed(size),
                operation.equals("get") ? 1 : 0,
                0,
                concurrency,
                duration,
                0,
                0);
        try (var target = new ClusterTarget(cluster.connect());
                var cpu = new CpuMeter(servers.pids())) {
            var report =
                    new Run(workload, target, cpu, output.err(), 10, pace().warmUp()).go(servers.durability(), false);
            if (report.wrongReads() > 0) {
                throw new IllegalStateException("wrong bytes were read: " + report.firstWrong());
            }
            var figures = operation.equals("get") ? report.get() : report.put();
            return new Line(
                    "tintype " + operation,
                    size,
                    figures,
                    report.serverSteadyCpuMicrosPerOperation(),
                    baseline.what(),
                    Math.round(figures.operationsPerSecond()
                                    / baseline.figures().operationsPerSecond()
                                    * 100)
                            / 100.0);
        }
    }

    private Raw.Pace pace() {
        return new Raw.Pace(warmUp == null ? duration.dividedBy(3) : warmUp, duration);
    }

    private int size(String text) {
        try {
            return SizeMix.parse(text).size(0);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(command.commandLine(), e.getMessage(), e);
        }
    }

    private void tell(String what) {
        output.err().println("measuring " + what + "…");
        output.err().flush();
    }

    /** What {@code --json} prints. */
    record Document(Map<String, Object> machine, String durability, int concurrency, List<Line> lines) {}

    /**
     * One figure.
     *
     * @param what was measured
     * @param size of each blob or value, in bytes
     * @param serverCpuMicrosPerOperation without JIT compilers; null where it is not known
     * @param comparedWith the baseline of {@code ratio}; null for a baseline
     * @param ratio of the operations per second to those of the baseline
     */
    record Line(
            String what,
            int size,
            Figures figures,
            @Nullable Double serverCpuMicrosPerOperation,
            @Nullable String comparedWith,
            @Nullable Double ratio) {
        static final List<String> COLUMNS =
                List.of("what", "size>", "ops/s>", "MB/s>", "p50 µs>", "p99 µs>", "server CPU µs/op>", "ratio>", "to");

        List<String> row() {
            return List.of(
                    what,
                    Integer.toString(size),
                    String.format(Locale.ROOT, "%.0f", figures.operationsPerSecond()),
                    String.format(Locale.ROOT, "%.1f", figures.megabytesPerSecond()),
                    String.format(Locale.ROOT, "%.0f", figures.p50Micros()),
                    String.format(Locale.ROOT, "%.0f", figures.p99Micros()),
                    serverCpuMicrosPerOperation == null
                            ? ""
                            : String.format(Locale.ROOT, "%.0f", serverCpuMicrosPerOperation),
                    ratio == null ? "" : String.format(Locale.ROOT, "%.2f", ratio),
                    comparedWith == null ? "" : comparedWith);
        }
    }
}
