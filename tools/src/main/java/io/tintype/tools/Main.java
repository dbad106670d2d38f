// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools;

import io.tintype.tools.console.Version;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * The {@code tintype} command: parses the command line and runs the subcommand it names.
 *
 * <p>Exit codes are those of picocli: 0 when the command did what was asked, 1 when it failed, 2 when the command line
 * was wrong.
 */
@Command(
        name = "tintype",
        description = "Stores and serves images in a Tintype cluster.",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        synopsisSubcommandLabel = "COMMAND")
public final class Main implements Runnable {
    @Spec
    private CommandSpec spec;

    /** Runs one command line and ends the process with its exit code. */
    public static void main(String[] args) {
        System.exit(commandLine().execute(args));
    }

    /** The whole command tree, as {@link #main} runs it. */
    static CommandLine commandLine() {
        return new CommandLine(new Main());
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "Say which command to run.");
    }
}
