// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.console;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.nio.file.FileSystemException;
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
    private static final String STDOUT = "standard output";

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

    /** Standard output for bytes. Unlike {@code System.out} it says when and why it cannot be written. */
    public static OutputStream bytes() {
        return new FilterOutputStream(new FileOutputStream(FileDescriptor.out)) {
            @Override
            public void write(byte[] bytes, int offset, int length) throws IOException {
                try {
                    out.write(bytes, offset, length);
                } catch (IOException e) {
                    throw new FileSystemException(STDOUT, null, e.getMessage());
                }
            }
        };
    }

    /** Fails where something that was printed did not get out: neither kind of stream says so by itself. */
    public static void checkWritten(PrintWriter out) {
        boolean here = out.checkError();
        if (System.out.checkError() || here) {
            throw new CommandFailure(
                    ExitCode.FAILURE, STDOUT + ": cannot be written; is its disk full, or has what reads it ended?");
        }
    }

    /** Where remarks go. */
    public PrintWriter err() {
        return command.commandLine().getErr();
    }

    /** Prints the document with {@code --json}, else the text. */
    public void print(Object document, String text) {
        print(json ? Json.document(document) : text);
    }

    /** Prints one of several documents with {@code --json}, each on a line of its own, else the text. */
    public void printOneOfMany(Object document, String text) {
        print(json ? Json.line(document) : text);
    }

    private void print(String result) {
        out().println(result);
        checkWritten(out());
    }

    /**
     * Prints the document with {@code --json}, else a table.
     *
     * @param columns headings; one that ends in {@code >} stands, without it, over a column aligned to the right
     * @param rows as many cells as there are columns
     */
    public void table(Object document, List<String> columns, List<List<String>> rows) {
        print(json ? Json.document(document) : Tables.render(columns, rows));
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
