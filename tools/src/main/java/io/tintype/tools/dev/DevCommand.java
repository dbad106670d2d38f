// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.dev;

import io.tintype.tools.console.CommandFailure;
import io.tintype.tools.console.ExitCode;
import io.tintype.tools.console.Json;
import io.tintype.tools.console.OutputOptions;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code tintype dev}: a whole cluster on this machine, until it is told to stop. */
@Command(
        name = "dev",
        description = {
            "Runs a whole cluster on this machine: ZooKeeper, storage nodes and a coordinator.",
            "",
            "Serves on the loopback interface only. Keeps everything under one directory: the next start goes on with all"
                    + " blobs. Ctrl-C stops it. What runs where is written to dev.json in that directory."
        },
        footer = {
            "  tintype dev",
            "  tintype dev --data /tmp/tintype --port-base 17400",
            "  tintype dev --nodes 1",
            "  tintype dev --processes --jvm-option=-Xmx256m     every server in a JVM of its own"
        })
final class DevCommand implements Callable<Integer> {
    private static final String SAMPLE = "sample.jpg";
    private static final String DEFAULT_DATA = "tintype-data";

    @Option(
            names = "--data",
            paramLabel = "DIR",
            defaultValue = DEFAULT_DATA,
            description = "Where everything is kept (default: ./tintype-data).")
    private Path data;

    @Option(
            names = "--nodes",
            paramLabel = "N",
            defaultValue = "3",
            description = "Storage nodes, 1 to " + DevPorts.MAX_NODES + " (default: ${DEFAULT-VALUE}).")
    private int nodes;

    @Option(
            names = "--port-base",
            paramLabel = "N",
            defaultValue = "" + DevPorts.DEFAULT_BASE,
            description = "gRPC is served on N, HTTP on N+80, ZooKeeper on N+90, storage nodes on N+10, N+20 and so on;"
                    + " 0: on any ports that are free (default: ${DEFAULT-VALUE}).")
    private int portBase;

    @Option(names = "--processes", description = "Run every server in a JVM of its own.")
    private boolean processes;

    @Option(
            names = "--jvm-option",
            paramLabel = "OPTION",
            description =
                    "With --processes: an option for each of those JVMs, as in --jvm-option=-Xmx256m; may be given"
                            + " again.")
    private List<String> jvmOptions = new ArrayList<>();

    @Mixin
    private OutputOptions output;

    @Spec
    private CommandSpec command;

    @Override
    public Integer call() throws Exception {
        check(nodes >= 1 && nodes <= DevPorts.MAX_NODES, "--nodes is " + nodes + "; give 1 to " + DevPorts.MAX_NODES);
        check(
                portBase == 0 || (portBase >= 1 && portBase <= DevPorts.MAX_BASE),
                "--port-base is " + portBase + "; give 1 to " + DevPorts.MAX_BASE + ", or 0 for any free ports");
        check(jvmOptions.isEmpty() || processes, "--jvm-option goes with --processes");
        long started = System.nanoTime();
        var lifetime = new Lifetime();
        var lock = DevLock.take(data);
        try {
            lifetime.catchSignals();
            run(lifetime, started);
        } finally {
            lock.close();
            lifetime.ended();
        }
        return ExitCode.OK.number();
    }

    private void run(Lifetime lifetime, long started) throws Exception {
        var ports = new DevPorts(portBase);
        ports.check(nodes);
        var logs = Files.createDirectories(data.resolve("logs"));
        FileLogging.to(logs.resolve("dev.log"));
        DevFile.remove(data);
        putSample();
        var launcher = processes ? new ChildProcesses(logs, jvmOptions) : new OneProcess();
        try (var cluster = DevCluster.start(data, nodes, ports, launcher, this::tell)) {
            var file = cluster.describe(processes);
            if (Readiness.await(file.server(), nodes, lifetime.stopping())) {
                file.write(data);
                welcome(file, Duration.ofNanos(System.nanoTime() - started));
                lifetime.await();
                tell("stopping…");
            }
        } catch (CommandFailure e) {
            throw new CommandFailure(e.code(), e.getMessage() + "; logs are in " + logs, e);
        } finally {
            DevFile.remove(data);
        }
        tell("stopped; `" + self() + " dev" + dataFlag() + "` goes on with all blobs");
    }

    private void welcome(DevFile file, Duration took) {
        if (output.isJson()) {
            output.out().println(Json.line(file));
            output.out().flush();
            return;
        }
        var server = portBase == DevPorts.DEFAULT_BASE ? "" : " --server " + file.server();
        var sample = data.resolve(SAMPLE);
        output.out()
                .println(String.join(
                        System.lineSeparator(),
                        String.format(
                                Locale.ROOT,
                                "Tintype is ready after %.1f s: %d storage node%s and a coordinator; everything is kept in %s",
                                took.toMillis() / 1e3,
                                nodes,
                                nodes == 1 ? "" : "s",
                                data),
                        "",
                        "  gRPC       " + file.server(),
                        "  HTTP       " + file.http(),
                        "  ZooKeeper  " + file.zookeeper(),
                        "  logs       " + data.resolve("logs"),
                        "",
                        "Try in another terminal:",
                        "",
                        "  " + self() + " put alice sample.jpg " + sample + server,
                        "  " + self() + " get alice sample.jpg -o copy.jpg" + server,
                        "  " + self() + " ls alice" + server,
                        "  curl -T " + sample + " " + file.http() + "/v1/users/alice/blobs/from-curl.jpg",
                        "  curl -o copy.jpg " + file.http() + "/v1/users/alice/blobs/from-curl.jpg",
                        "",
                        "Ctrl-C stops it; the next start goes on with all blobs."));
        output.out().flush();
    }

    /** An image to try the commands with. */
    private void putSample() throws IOException {
        try (InputStream image = Objects.requireNonNull(DevCommand.class.getResourceAsStream(SAMPLE), SAMPLE)) {
            Files.copy(image, data.resolve(SAMPLE), StandardCopyOption.REPLACE_EXISTING);
        }
    }

    /** The command as it was called, so that what we print can be pasted; the launcher says so. */
    private static String self() {
        return Objects.requireNonNullElse(System.getenv("TINTYPE_COMMAND"), "tintype");
    }

    private String dataFlag() {
        return data.toString().equals(DEFAULT_DATA) ? "" : " --data " + data;
    }

    private void tell(String what) {
        output.err().println(what);
        output.err().flush();
    }

    private void check(boolean holds, String complaint) {
        if (!holds) {
            throw new ParameterException(command.commandLine(), complaint);
        }
    }
}
