// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.balance;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A command of an operator's, run as a process of its own. Used by one thread. */
final class CommandRun implements AutoCloseable {
    private static final Path LIBRARIES = Path.of("target", "dist", "lib").toAbsolutePath();

    private final String words;
    private final Process process;
    private final Path out;
    private final Path err;

    private CommandRun(String words, Process process, Path out, Path err) {
        this.words = words;
        this.process = process;
        this.out = out;
        this.err = err;
    }

    /**
     * Begins one.
     *
     * @param folder where what it prints is kept
     * @param server whom it asks
     */
    static CommandRun begin(Path folder, String server, String... words) throws IOException {
        var line = new ArrayList<String>();
        line.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        line.addAll(List.of("-XX:TieredStopAtLevel=1", "-cp", LIBRARIES + "/*", "io.tintype.tools.Main"));
        line.addAll(List.of(words));
        line.addAll(List.of("--server", server));
        var out = Files.createTempFile(folder, "command-", ".out");
        var err = Files.createTempFile(folder, "command-", ".err");
        var process = new ProcessBuilder(line)
                .redirectOutput(out.toFile())
                .redirectError(err.toFile())
                .start();
        return new CommandRun(String.join(" ", words), process, out, err);
    }

    /** What it has printed so far. */
    String printed() throws IOException {
        return Files.readString(out);
    }

    /** What it has told besides, such as what is wrong. */
    String told() throws IOException {
        return Files.readString(err);
    }

    /** All that it printed, once it has ended; it must succeed. */
    String end() throws Exception {
        if (process.waitFor() != 0) {
            throw new AssertionError(words + " failed: " + told());
        }
        return printed();
    }

    /** What it told, once it has ended; it must fail. */
    String fail() throws Exception {
        if (process.waitFor() == 0) {
            throw new AssertionError(words + " did not fail: " + printed());
        }
        return told();
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
