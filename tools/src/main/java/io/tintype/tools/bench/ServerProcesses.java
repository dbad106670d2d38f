// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.bench;

import io.tintype.tools.dev.DevFile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Mixed into the benchmarks: which processes of this machine are the servers, so that their CPU can be told. */
final class ServerProcesses {
    @Option(
            names = "--dev",
            paramLabel = "DIR",
            description = "The data directory of a `tintype dev` on this machine: its processes are the servers.")
    private @Nullable Path devDirectory;

    @Option(
            names = "--pids",
            paramLabel = "PID",
            split = ",",
            description = "Process ids of all server processes, where they run on this machine.")
    private List<Long> pids = new ArrayList<>();

    /** Process ids of the servers; empty where they are not known. */
    List<Long> pids() {
        return devDirectory == null ? pids : DevFile.read(devDirectory).serverPids();
    }

    /** What an acknowledgement means. */
    String durability() {
        return devDirectory == null
                ? "fsync on every in-sync replica (the cluster's own rule)"
                : "fsync on every in-sync replica, "
                        + DevFile.read(devDirectory).nodes().size() + " nodes";
    }
}
