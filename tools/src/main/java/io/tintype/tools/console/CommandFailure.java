// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.console;

/** A command cannot do what was asked. The message is for people: what happened, to what, and what to do next. */
public final class CommandFailure extends RuntimeException {
    private final ExitCode code;

    public CommandFailure(ExitCode code, String message) {
        super(message);
        this.code = code;
    }

    public CommandFailure(ExitCode code, String message, Throwable cause) {
        super(message, cause);
        this.code = code;
    }

    /** What the process ends with. */
    public ExitCode code() {
        return code;
    }
}
