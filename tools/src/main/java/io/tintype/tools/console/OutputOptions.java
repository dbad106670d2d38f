// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.console;

import java.io.PrintWriter;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.Spec;

/**
 * Mixed into every command: where results go and in which shape. Results go to standard output, everything else to
 * standard error. Used by the command's own thread.
 */
public final class OutputOptions {
    @Option(names = "--json", description = "Print the result as one JSON document, for programs.")
    private boolean json;

    @Spec(Spec.Target.MIXEE)
    private CommandSpec command;

    /** Whether a program reads the result. */
    public boolean isJson() {
        return json;
    }

    /** Where results go. */
    public PrintWriter out() {
        return command.commandLine().getOut();
    }

    /** Where remarks go. */
    public PrintWriter err() {
        return command.commandLine().getErr();
    }

    /** Prints the document with {@code --json}, else the text. */
    public void print(Object document, String text) {
        out().println(json ? Json.document(document) : text);
        out().flush();
    }

    /**
     * Prints the document with {@code --json}, else a table.
     *
     * @param columns headings; one that ends in {@code >} stands, without it, over a column aligned to the right
     * @param rows as many cells as there are columns
     */
    public void table(Object document, List<String> columns, List<List<String>> rows) {
        out().println(json ? Json.document(document) : Tables.render(columns, rows));
        out().flush();
    }

    /** Whether a command line, of this command or one below it, asks for JSON. */
    static boolean isJsonAsked(ParseResult line) {
        for (ParseResult at = line; at != null; at = at.subcommand()) {
            if (at.hasMatchedOption("--json")) {
                return true;
            }
        }
        return false;
    }
}
