// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.cli;

import io.tintype.tools.console.ExitCode;
import java.util.concurrent.Callable;
import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code tintype completion}: prints a script that makes a shell complete commands and options. */
@Command(
        name = "completion",
        description = "Prints a script that makes the shell complete commands and options.",
        footer = {"  source <(tintype completion bash)", "  tintype completion bash > /etc/bash_completion.d/tintype"})
final class CompletionCommand implements Callable<Integer> {
    /** Shells; one script serves both. */
    enum Shell {
        bash,
        zsh
    }

    @Parameters(index = "0", paramLabel = "SHELL", description = "One of: ${COMPLETION-CANDIDATES}.")
    private Shell shell;

    @Spec
    private CommandSpec command;

    @Override
    public Integer call() {
        var root = command.root();
        root.commandLine().getOut().println("# In " + shell + ": source <(tintype completion " + shell + ")");
        root.commandLine().getOut().print(AutoComplete.bash(root.name(), root.commandLine()));
        root.commandLine().getOut().flush();
        return ExitCode.OK.number();
    }
}
