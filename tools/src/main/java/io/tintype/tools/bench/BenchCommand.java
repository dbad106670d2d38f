// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.bench;

import io.tintype.tools.cli.ClusterOptions;
import io.tintype.tools.cli.DurationConverter;
import io.tintype.tools.console.CommandFailure;
import io.tintype.tools.console.ExitCode;
import io.tintype.tools.console.Humane;
import io.tintype.tools.console.OutputOptions;
import io.tintype.tools.console.Progress;
import io.tintype.tools.console.Tables;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code tintype bench}: loads a cluster, verifies every byte it reads, and tells what it took. */
@Command(
        name = "bench",
        description = {
            "Loads a cluster with a stated mix and verifies every byte that it reads.",
            "",
            "First stores every blob once, then draws reads and overwrites. What each blob's versions contain derives from"
                    + " the seed, so a stale, swapped or damaged read is told from a right one. Ends with exit code 7 when"
                    + " a read was wrong. Removes its blobs unless told to keep them. With --rate the clock of an operation"
                    + " starts when it should have begun, so that a stalled server is not spared (no coordinated omission)."
        },
        footer = {
            "  tintype bench",
            "  tintype bench --reads 0.95 --concurrency 32 --duration 60s --json > result.json",
            "  tintype bench --sizes 64k --reads 0 --concurrency 16",
            "  tintype bench --rate 500 --duration 2m",
            "  tintype bench raw --sizes 4k,64k,1m"
        },
        subcommands = {RawCommand.class, HttpCommand.class, EchoCommand.class})
public final class BenchCommand implements Callable<Integer> {
    private static final int SECONDS_ON_TERMINAL = 1;
    private static final int SECONDS_IN_LOG = 10;

    @Option(
            names = "--sizes",
            defaultValue = "photo-cdn",
            paramLabel = "MIX",
            description =
                    "photo-cdn (p25 2.8 KB, p50 13.3 KB, p75 41 KB, p90 78 KB, p99 274 KB, p99.9 827 KB, mean 32 KB),"
                            + " or one size: 4k, 64k, 1m (default: ${DEFAULT-VALUE}).")
    private String sizes;

    @Option(
            names = "--reads",
            defaultValue = "0.9",
            paramLabel = "SHARE",
            description = "Share of reads among the operations, 0 to 1 (default: ${DEFAULT-VALUE}).")
    private double reads;

    @Option(
            names = "--zipf",
            defaultValue = "0.67",
            paramLabel = "EXPONENT",
            description = "How unevenly popular blobs are: 0 is evenly (default: ${DEFAULT-VALUE}).")
    private double exponent;

    @Option(
            names = {"-c", "--concurrency"},
            defaultValue = "16",
            paramLabel = "N",
            description = "Operations under way at the same time (default: ${DEFAULT-VALUE}).")
    private int concurrency;

    @Option(
            names = "--keys",
            defaultValue = "2000",
            paramLabel = "N",
            description = "Blobs (default: ${DEFAULT-VALUE}).")
    private int keys;

    @Option(
            names = "--users",
            defaultValue = "16",
            paramLabel = "N",
            description = "Users over whom they are spread (default: ${DEFAULT-VALUE}).")
    private int users;

    @Option(
            names = {"-t", "--duration"},
            defaultValue = "15s",
            paramLabel = "TIME",
            converter = DurationConverter.class,
            description = "How long to measure (default: ${DEFAULT-VALUE}).")
    private Duration duration;

    @Option(
            names = "--warm-up",
            defaultValue = "3s",
            paramLabel = "TIME",
            converter = DurationConverter.class,
            description = "Make operations for this time before they count (default: ${DEFAULT-VALUE}).")
    private Duration warmUp;

    @Option(names = "--ops", defaultValue = "0", paramLabel = "N", description = "Stop after so many operations.")
    private long operations;

    @Option(
            names = "--rate",
            defaultValue = "0",
            paramLabel = "N",
            description = "Begin so many operations a second, whether or not earlier ones have ended.")
    private double rate;

    @Option(names = "--seed", defaultValue = "1", paramLabel = "N", description = "Decides all draws and all bytes.")
    private long seed;

    @Option(names = "--keep", description = "Leave the blobs in the cluster.")
    private boolean keep;

    @Mixin
    private ServerProcesses servers;

    @Mixin
    private ClusterOptions cluster;

    @Mixin
    private OutputOptions output;

    @Spec
    private CommandSpec command;

    @Override
    public Integer call() throws InterruptedException {
        var workload = workload();
        try (var target = new ClusterTarget(cluster.connect());
                var cpu = new CpuMeter(servers.pids())) {
            int every = Progress.isTerminal() ? SECONDS_ON_TERMINAL : SECONDS_IN_LOG;
            var report = new Run(workload, target, cpu, output.err(), every, warmUp).go(servers.durability(), keep);
            output.print(report, text(report));
            if (report.wrongReads() > 0) {
                throw new CommandFailure(
                        ExitCode.DAMAGED,
                        report.wrongReads() + " reads returned other bytes than were written: " + report.firstWrong());
            }
        }
        return ExitCode.OK.number();
    }

    private Workload workload() {
        try {
            return new Workload(
                    seed, users, keys, SizeMix.parse(sizes), reads, exponent, concurrency, duration, operations, rate);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(command.commandLine(), e.getMessage(), e);
        }
    }

    private static String servers(Report report) {
        if (report.serverCpuMicrosPerOperation() == null) {
            return "unknown (name them with --dev DIR or --pids)";
        }
        if (report.serverCpuMicrosByThreads().isEmpty()) {
            return String.format(Locale.ROOT, "%.0f µs", report.serverCpuMicrosPerOperation());
        }
        return String.format(
                Locale.ROOT,
                "%.0f µs, %.0f µs of it without JIT compilers (%s)",
                report.serverCpuMicrosPerOperation(),
                report.serverSteadyCpuMicrosPerOperation(),
                report.serverCpuMicrosByThreads().entrySet().stream()
                        .map(entry -> entry.getKey() + " " + entry.getValue())
                        .collect(Collectors.joining(", ")));
    }

    private static String text(Report report) {
        var lines = new StringBuilder(Tables.render(
                Figures.COLUMNS, List.of(report.put().row("put"), report.get().row("get"))));
        lines.append(String.format(
                Locale.ROOT,
                "%n%nCPU per operation: servers %s, client %.0f µs (making and verifying bytes included)%n",
                servers(report),
                report.clientCpuMicrosPerOperation()));
        lines.append(String.format(
                Locale.ROOT,
                "verified %s in %,d reads, %d wrong; durability: %s%n",
                Humane.bytes(report.verifiedBytes()),
                report.get().operations(),
                report.wrongReads(),
                report.durability()));
        if (!report.failures().isEmpty()) {
            lines.append("failures: ")
                    .append(report.failures().entrySet().stream()
                            .map(entry -> entry.getKey() + " " + entry.getValue())
                            .collect(Collectors.joining(", ")))
                    .append(System.lineSeparator());
        }
        lines.append("on ").append(report.machine());
        return lines.toString();
    }
}
