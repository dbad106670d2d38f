// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.dev;

import io.tintype.tools.console.CommandFailure;
import io.tintype.tools.console.ExitCode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * Runs every server in a JVM of its own, whose log goes to a file. A server stops when its standard input ends, so it
 * never outlives this process.
 */
final class ChildProcesses implements ServerLauncher {
    private static final int STOP_SECONDS = 20;

    /** Exit codes of a process that was told to stop: by itself, SIGINT, SIGTERM. */
    private static final Set<Integer> TOLD_TO_STOP = Set.of(0, 130, 143);

    private final Path logs;
    private final List<String> jvmOptions;

    /** @param jvmOptions of every server, such as -Xmx256m */
    ChildProcesses(Path logs, List<String> jvmOptions) {
        this.logs = logs;
        this.jvmOptions = List.copyOf(jvmOptions);
    }

    @Override
    public Running storageNode(NodePlan plan) throws IOException, InterruptedException {
        return start(
                plan.id(),
                "storage-node",
                "--id",
                plan.id(),
                "--data",
                plan.data().toString(),
                "--zookeeper",
                plan.zookeeper(),
                "--port",
                Integer.toString(plan.port()),
                "--http-port",
                "0",
                "--peer-port",
                Integer.toString(plan.peerPort()),
                "--set",
                "keys.source=" + plan.keys(),
                "--stop-with-stdin",
                "--json");
    }

    @Override
    public Running coordinator(CoordinatorPlan plan) throws IOException, InterruptedException {
        return start(
                "coordinator",
                "coordinator",
                "--zookeeper",
                plan.zookeeper(),
                "--port",
                Integer.toString(plan.port()),
                "--http-port",
                Integer.toString(plan.httpPort()),
                "--replicas",
                Integer.toString(plan.replicas()),
                "--stop-with-stdin",
                "--json");
    }

    private Running start(String name, String... arguments) throws IOException, InterruptedException {
        var log = logs.resolve(name + ".log");
        var process = JavaProcess.of(arguments)
                .withJvmOptions(jvmOptions)
                .withLog(log)
                .start();
        var said = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        var line = said.readLine();
        while (line != null && !line.startsWith("{")) {
            // Some options make the JVM itself say something first.
            line = said.readLine();
        }
        if (line == null) {
            throw new CommandFailure(
                    ExitCode.FAILURE,
                    name + " ended with exit code " + process.waitFor() + " before it was ready; its log is " + log);
        }
        var ready = ReadyLine.parse(line);
        var ended = process.onExit()
                .thenApply(gone -> TOLD_TO_STOP.contains(gone.exitValue())
                        ? ""
                        : name + " (process " + gone.pid() + ") ended with exit code " + gone.exitValue()
                                + "; its log is " + log);
        return new Running(name, process.pid(), ready.address(), ready.otherAddress(), ended, () -> stop(process));
    }

    private static void stop(Process process) throws IOException, InterruptedException {
        process.getOutputStream().close();
        if (!process.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
            process.destroyForcibly().waitFor();
        }
    }
}
