// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools;

import io.tintype.tools.bench.BenchCommand;
import io.tintype.tools.cli.CliCommands;
import io.tintype.tools.console.CommandFailure;
import io.tintype.tools.console.ErrorReport;
import io.tintype.tools.console.ExitCode;
import io.tintype.tools.console.OutputOptions;
import io.tintype.tools.console.Version;
import io.tintype.tools.dev.DevCommands;
import io.tintype.tools.proof.SimulateCommand;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.stream.Collectors;
import org.slf4j.bridge.SLF4JBridgeHandler;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExecutionException;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.RunLast;
import picocli.CommandLine.Spec;

/**
 * The {@code tintype} command: parses the command line and runs the subcommand it names.
 *
 * <p>Ends with one of the {@link ExitCode}s.
 */
@Command(
        name = "tintype",
        description = "Stores and serves images in a Tintype cluster.",
        versionProvider = Version.class,
        synopsisSubcommandLabel = "COMMAND",
        footer = {
            "  tintype dev                              a whole cluster on this machine",
            "  tintype put alice cat.jpg ./cat.jpg      store an image",
            "  tintype get alice cat.jpg -o out.jpg     read it back",
            "  tintype ls alice                         list what there is",
            "  tintype put --help                       all about one command"
        })
public final class Main implements Runnable {
    private static final int HELP_WIDTH = 100;

    @Spec
    private CommandSpec spec;

    /** Runs one command line and ends the process with its exit code. */
    public static void main(String[] args) {
        // gRPC and Jetty's helpers log by java.util.logging; all of it goes where the rest goes.
        SLF4JBridgeHandler.removeHandlersForRootLogger();
        SLF4JBridgeHandler.install();
        System.exit(commandLine().execute(args));
    }

    /** The whole command tree, as {@link #main} runs it. */
    static CommandLine commandLine() {
        var root = new CommandLine(new Main());
        DevCommands.all().forEach(root::addSubcommand);
        CliCommands.all().forEach(root::addSubcommand);
        root.addSubcommand(BenchCommand.class);
        root.addSubcommand(SimulateCommand.class);
        dress(root);
        root.getCommandSpec()
                .usageMessage()
                .exitCodeListHeading("%nExit codes:%n")
                .exitCodeList(Arrays.stream(ExitCode.values())
                        .collect(Collectors.toMap(
                                code -> " " + code.number(), ExitCode::meaning, (a, b) -> a, LinkedHashMap::new)));
        return root.setCaseInsensitiveEnumValuesAllowed(true)
                .setExecutionStrategy(Main::runAndCheck)
                .setExecutionExceptionHandler(new ErrorReport());
    }

    /** A command whose result did not get out, as to a full disk, has failed, whatever it says itself. */
    private static int runAndCheck(ParseResult line) {
        int code = new RunLast().execute(line);
        var command = line.commandSpec().commandLine();
        if (code == ExitCode.OK.number()) {
            try {
                OutputOptions.checkWritten(command.getOut());
            } catch (CommandFailure e) {
                throw new ExecutionException(command, String.valueOf(e.getMessage()), e);
            }
        }
        return code;
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "Say which command to run.");
    }

    /** What all commands have in common. */
    private static void dress(CommandLine command) {
        command.getCommandSpec()
                .mixinStandardHelpOptions(true)
                .versionProvider(new Version())
                .usageMessage()
                .width(HELP_WIDTH)
                .adjustLineBreaksForWideCJKCharacters(true)
                .optionListHeading("%nOptions:%n")
                .parameterListHeading("%nParameters:%n")
                .commandListHeading("%nCommands:%n")
                .descriptionHeading("%n")
                .footerHeading("%nExamples:%n");
        command.getSubcommands().values().forEach(Main::dress);
    }
}
