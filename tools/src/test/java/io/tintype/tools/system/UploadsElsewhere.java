// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.system;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.tintype.tools.balance.Fleet;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** {@link SlowUploads} in a process of their own, as those of other machines are. */
final class UploadsElsewhere implements AutoCloseable {
    private static final Duration MOST = Duration.ofMinutes(30);

    private final Process process;
    private final Path out;

    private UploadsElsewhere(Process process, Path out) {
        this.process = process;
        this.out = out;
    }

    /**
     * They begin at once.
     *
     * @param under words of a command line under which the process runs
     */
    static UploadsElsewhere begin(List<String> under, Path folder, String address, int count) throws IOException {
        var line = new ArrayList<>(under);
        line.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        line.addAll(List.of("--enable-native-access=ALL-UNNAMED", "-Xmx1g", "-cp"));
        line.add(Path.of("target", "test-classes").toAbsolutePath() + ":" + Fleet.classPath());
        line.addAll(List.of(UploadsElsewhere.class.getName(), address, Integer.toString(count)));
        var out = folder.resolve("uploads.out");
        var process = new ProcessBuilder(line)
                .redirectOutput(out.toFile())
                .redirectError(folder.resolve("uploads.err").toFile())
                .start();
        return new UploadsElsewhere(process, out);
    }

    /** The process's own part. */
    public static void main(String[] words) throws Exception {
        try (var uploads = new SlowUploads(words[0], Integer.parseInt(words[1]))) {
            uploads.begin();
            uploads.await(MOST);
            System.out.println(new ObjectMapper().writeValueAsString(uploads.outcome()));
        }
    }

    /** Whether some are not stored yet. */
    boolean isUnderWay() {
        return process.isAlive();
    }

    /** What came of them, once all are stored. */
    SlowUploads.Outcome outcome(Duration most) throws IOException, InterruptedException {
        if (!process.waitFor(most.toMillis(), TimeUnit.MILLISECONDS) || process.exitValue() != 0) {
            throw new AssertionError("not all were stored; see " + out + " and what is beside it");
        }
        return new ObjectMapper().readValue(Files.readString(out), SlowUploads.Outcome.class);
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
