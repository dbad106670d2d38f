// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.faults;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/** Runs short commands of the system. Stateless. */
final class Shell {
    private Shell() {}

    /**
     * Runs a line of {@code sh}; returns what it said.
     *
     * @throws IllegalStateException with what it said, when it fails
     */
    static String run(String line) {
        var result = attempt(line);
        if (result.code() != 0) {
            throw new IllegalStateException("`" + line + "` ended with " + result.code() + ": " + result.said());
        }
        return result.said();
    }

    /** Whether a line of {@code sh} succeeds. */
    static boolean succeeds(String line) {
        return attempt(line).code() == 0;
    }

    private record Ended(int code, String said) {}

    private static Ended attempt(String line) {
        try {
            var process = new ProcessBuilder("sh", "-c", line)
                    .redirectErrorStream(true)
                    .start();
            process.getOutputStream().close();
            var said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            return new Ended(process.waitFor(), said.strip());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted in `" + line + "`", e);
        }
    }
}
