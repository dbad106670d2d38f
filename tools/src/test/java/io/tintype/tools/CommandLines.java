// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools;

import java.io.PrintWriter;
import java.io.StringWriter;

/** Runs command lines of {@code tintype} in this process: many of them, where a process for each would take too long. */
public final class CommandLines {
    private CommandLines() {}

    /**
     * How one ended.
     *
     * @param code exit code
     * @param out what it printed
     * @param err what it said
     */
    public record Result(int code, String out, String err) {}

    /** Runs a command line of {@code tintype}, without that word. */
    public static Result run(String... arguments) {
        var out = new StringWriter();
        var err = new StringWriter();
        int code = Main.commandLine()
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true))
                .execute(arguments);
        return new Result(code, out.toString(), err.toString());
    }
}
