// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.system;

import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Runs {@code tintype} commands from the built distribution, each in a process of its own. */
public final class Command {
    /** Filled by the build just before these tests run. */
    private static final Path LIBRARIES = Path.of("target", "dist", "lib").toAbsolutePath();

    private static final Path TESTS = Path.of("target", "test-classes").toAbsolutePath();
    private static final String MAIN = "io.tintype.tools.Main";
    private static final int PATIENCE_SECONDS = 180;

    /**
     * How a command ended.
     *
     * @param code exit code
     * @param out bytes of standard output
     * @param err text of standard error
     */
    @SuppressWarnings("ArrayRecordComponent") // compared by nobody as a whole
    record Result(int code, byte[] out, String err) {
        String text() {
            return new String(out, StandardCharsets.UTF_8);
        }

        @Override
        public String toString() {
            return "exit code " + code + "\n--- out\n" + (out.length > 4096 ? out.length + " bytes" : text())
                    + "\n--- err\n" + err;
        }
    }

    /** Feeds standard input. */
    interface Feed {
        void to(OutputStream stdin) throws IOException;
    }

    private Command() {}

    /** Runs a command line of {@code tintype}, without that word, against a server. */
    static Result run(String server, String... arguments) {
        return run(server, stdin -> {}, arguments);
    }

    /** The same with something on standard input. */
    static Result run(String server, Feed feed, String... arguments) {
        return finish(start(line(List.of(), arguments), Map.of("TINTYPE_SERVER", server)), feed);
    }

    /** The command line of a JVM that runs {@code tintype}. */
    public static List<String> line(List<String> jvmOptions, String... arguments) {
        var line = new ArrayList<>(java(jvmOptions, MAIN));
        line.addAll(List.of(arguments));
        return line;
    }

    /** The command line of a JVM that runs a class of the distribution or of these tests. */
    public static List<String> java(List<String> jvmOptions, String main) {
        if (!Files.exists(LIBRARIES.resolve("tintype-tools.jar"))) {
            throw new IllegalStateException(LIBRARIES + " is empty: run these tests with `mvn verify`, which fills it");
        }
        var line = new ArrayList<String>();
        line.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        line.add("--enable-native-access=ALL-UNNAMED");
        if (Runtime.version().feature() >= 24) {
            line.add("--sun-misc-unsafe-memory-access=allow");
        }
        line.addAll(List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx256m"));
        line.addAll(jvmOptions);
        var classes = main.equals(MAIN) ? LIBRARIES + "/*" : LIBRARIES + "/*" + File.pathSeparator + TESTS;
        line.addAll(List.of("-cp", classes, main));
        return line;
    }

    /** Starts any program. */
    static Process start(List<String> line, Map<String, String> environment) {
        var builder = new ProcessBuilder(line);
        builder.environment().putAll(environment);
        try {
            return builder.start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Feeds a program and waits for its end; one that does not end is killed. */
    static Result finish(Process process, Feed feed) {
        var out = CompletableFuture.supplyAsync(() -> readAll(process.getInputStream()));
        var err = CompletableFuture.supplyAsync(() -> readAll(process.getErrorStream()));
        try (var stdin = process.getOutputStream()) {
            feed.to(stdin);
        } catch (IOException e) {
            // The program stopped reading; its exit code says why.
        }
        try {
            if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
                throw new IllegalStateException("did not end within " + PATIENCE_SECONDS + " s: "
                        + process.info().commandLine().orElse("?"));
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            throw new IllegalStateException("interrupted", e);
        }
        return new Result(process.exitValue(), out.join(), new String(err.join(), StandardCharsets.UTF_8));
    }

    private static byte[] readAll(InputStream stream) {
        try {
            var bytes = new ByteArrayOutputStream();
            stream.transferTo(bytes);
            return bytes.toByteArray();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
