// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.dev;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A {@code tintype} command in a JVM of its own, with the class path and the Java of this one. Used by one thread. */
public final class JavaProcess {
    private static final String MAIN = "io.tintype.tools.Main";

    /** The first Java that must be told that sun.misc.Unsafe is used. */
    private static final int WARNS_OF_UNSAFE = 24;

    private final List<String> arguments;
    private List<String> options = List.of();
    private ProcessBuilder.Redirect stderr = ProcessBuilder.Redirect.INHERIT;

    private JavaProcess(List<String> arguments) {
        this.arguments = arguments;
    }

    /** A command line of {@code tintype}, without that word. */
    public static JavaProcess of(String... arguments) {
        return new JavaProcess(List.of(arguments));
    }

    /** More options for the JVM, stronger than our own. */
    public JavaProcess withJvmOptions(List<String> more) {
        options = List.copyOf(more);
        return this;
    }

    /** Appends what it says on standard error to a file; else it goes where that of this process goes. */
    public JavaProcess withLog(Path file) {
        stderr = ProcessBuilder.Redirect.appendTo(file.toFile());
        return this;
    }

    /** Starts it. Its standard input and output are pipes. */
    public Process start() throws IOException {
        var line = new ArrayList<String>();
        line.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        line.add("--enable-native-access=ALL-UNNAMED");
        if (Runtime.version().feature() >= WARNS_OF_UNSAFE) {
            line.add("--sun-misc-unsafe-memory-access=allow");
        }
        line.add("-XX:+ExitOnOutOfMemoryError");
        line.addAll(options);
        line.addAll(List.of("-cp", System.getProperty("java.class.path"), MAIN));
        line.addAll(arguments);
        return new ProcessBuilder(line).redirectError(stderr).start();
    }
}
