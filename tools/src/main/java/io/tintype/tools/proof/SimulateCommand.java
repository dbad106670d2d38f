// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.proof;

import io.tintype.tools.console.CommandFailure;
import io.tintype.tools.console.ExitCode;
import io.tintype.tools.console.OutputOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.spi.ToolProvider;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code tintype simulate}: the replication core in virtual time, under faults, seed after seed. */
@Command(
        name = "simulate",
        description = {
            "Runs the replication core in virtual time, under faults, seed after seed, and checks what must hold.",
            "",
            "Prints seeds a second, every state that a replica was in, every fault that struck, and what callers did. At the"
                    + " first failure it prints the seed, the fewest faults that still break it, and the command that repeats"
                    + " them. Ctrl-C ends it and prints what was done so far. The simulator is part of the tests: this works in"
                    + " a source tree, not in an installation. docs/verification.md says what it shows."
        },
        footer = {
            "  tintype simulate                             the seeds of every build",
            "  tintype simulate --seeds 100000 --first 1",
            "  tintype simulate --seconds 60 --json",
            "  tintype simulate --seed 4711                 one seed again",
            "  tintype simulate --seed 4711 --strikes 3,17  with only these of its faults"
        })
public final class SimulateCommand implements Callable<Integer> {
    /** Under this name the tests of the storage node offer it. */
    private static final String TOOL = "tintype-simulate";

    @Option(
            names = "--seeds",
            paramLabel = "N",
            description = "How many seeds (default: 1000, or as many as fit --seconds).")
    private @Nullable Long seeds;

    @Option(names = "--first", paramLabel = "N", description = "The first one (default: 1).")
    private @Nullable Long first;

    @Option(names = "--seconds", paramLabel = "N", description = "Stop after so many seconds.")
    private @Nullable Long seconds;

    @Option(names = "--seed", paramLabel = "N", description = "Run this one only.")
    private @Nullable Long seed;

    @Option(
            names = "--strikes",
            paramLabel = "N,…",
            description = "With --seed: only these of its faults, by number; none: no fault at all.")
    private @Nullable String strikes;

    @Option(
            names = "--spares",
            paramLabel = "N",
            description = "With --seed: so many machines beside the first replicas'.")
    private @Nullable Long spares;

    @Option(names = "--callers", paramLabel = "N", description = "With --seed: so many callers.")
    private @Nullable Long callers;

    @Option(names = "--lines", paramLabel = "N", description = "With --seed: so many of the last things that happened.")
    private @Nullable Long lines;

    @Mixin
    private OutputOptions output;

    @Spec
    private CommandSpec command;

    @Override
    public Integer call() {
        check(
                seed == null || (seeds == null && first == null && seconds == null),
                "--seed runs one; leave the others out");
        check(
                seed != null || (strikes == null && spares == null && callers == null && lines == null),
                "--strikes, --spares, --callers and --lines go with --seed");
        check(
                strikes == null || strikes.matches("none|\\d{1,6}(,\\d{1,6})*"),
                "--strikes is '" + strikes + "'; give numbers and commas, or none");
        var simulator = ToolProvider.findFirst(TOOL)
                .orElseThrow(() -> new CommandFailure(
                        ExitCode.FAILURE,
                        "the simulator is part of the tests and not in this installation; clone the source and run"
                                + " bin/tintype simulate there"));
        return simulator.run(output.out(), output.err(), arguments());
    }

    private String[] arguments() {
        List<String> arguments = new ArrayList<>();
        add(arguments, "seeds", seeds, 1);
        add(arguments, "first", first, 0);
        add(arguments, "seconds", seconds, 1);
        add(arguments, "seed", seed, 0);
        add(arguments, "spares", spares, 0);
        add(arguments, "callers", callers, 0);
        add(arguments, "lines", lines, 0);
        if (strikes != null) {
            arguments.add("--strikes=" + strikes);
        }
        if (output.isJson()) {
            arguments.add("--json");
        }
        return arguments.toArray(String[]::new);
    }

    private void add(List<String> arguments, String name, @Nullable Long value, long least) {
        if (value != null) {
            check(value >= least, "--" + name + " is " + value + "; give " + least + " or more");
            arguments.add("--" + name + "=" + value);
        }
    }

    private void check(boolean holds, String complaint) {
        if (!holds) {
            throw new ParameterException(command.commandLine(), complaint);
        }
    }
}
