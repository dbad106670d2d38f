// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.cli;

import com.fasterxml.jackson.annotation.JsonIgnore;
import io.tintype.client.BlobSource;
import io.tintype.client.TintypeClient;
import io.tintype.tools.console.ErrorReport;
import io.tintype.tools.console.ExitCode;
import io.tintype.tools.console.Humane;
import io.tintype.tools.console.Progress;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

/**
 * Stores every file under a directory, several at a time. A file that fails does not stop the others. Symbolic links are
 * not followed.
 */
final class TreeUpload {
    private static final int CONCURRENCY = 8;

    private final TintypeClient client;
    private final String user;
    private final String prefix;
    private final PutSettings settings;

    TreeUpload(TintypeClient client, String user, String prefix, PutSettings settings) {
        this.client = client;
        this.user = user;
        this.prefix = prefix;
        this.settings = settings;
    }

    /** Stores the files and tells how it went. */
    Outcome store(Path directory) throws IOException, InterruptedException {
        List<Path> files;
        try (var walk = Files.walk(directory)) {
            files = walk.filter(Files::isRegularFile).sorted().toList();
        }
        var stored = new LongAdder();
        var bytes = new LongAdder();
        var failed = new ConcurrentLinkedQueue<Failure>();
        ExecutorService threads = Executors.newFixedThreadPool(CONCURRENCY);
        try (var progress = Progress.ofFiles("storing", files.size())) {
            for (var file : files) {
                threads.execute(() -> {
                    var name = prefix + name(directory.relativize(file));
                    try {
                        var result = client.put(
                                user, name, BlobSource.of(file), settings.options(String.valueOf(file.getFileName())));
                        stored.increment();
                        bytes.add(result.info().size());
                    } catch (RuntimeException e) {
                        failed.add(Failure.of(file, name, ErrorReport.explain(e)));
                    }
                    progress.advance(1);
                });
            }
            threads.shutdown();
            while (!threads.awaitTermination(1, TimeUnit.MINUTES)) {
                // Each put gives up by itself when it makes no progress.
            }
        } finally {
            threads.shutdownNow();
        }
        return new Outcome(user, stored.sum(), bytes.sum(), new ArrayList<>(failed));
    }

    /**
     * A relative path as a blob's name: slashes whatever the platform's separator, and Unicode normal form C whatever
     * the file system's.
     */
    static String name(Path relative) {
        var text = relative.toString().replace(File.separatorChar, '/');
        return Normalizer.normalize(text, Normalizer.Form.NFC);
    }

    /**
     * How it went; what {@code --json} prints.
     *
     * @param stored number of files stored
     * @param bytes their bytes
     * @param failed those that were not
     */
    record Outcome(String user, long stored, long bytes, List<Failure> failed) {
        String text() {
            return "stored " + stored + " files, " + Humane.bytes(bytes)
                    + (failed.isEmpty() ? "" : "; " + failed.size() + " failed");
        }

        @JsonIgnore
        ExitCode exitCode() {
            return failed.isEmpty() ? ExitCode.OK : failed.get(0).code();
        }
    }

    /**
     * A file that was not stored.
     *
     * @param file its path
     * @param name the name it was to have
     * @param reason why, for programs
     * @param message why, for people
     */
    record Failure(
            String file,
            String name,
            String reason,
            String message,
            @JsonIgnore ExitCode code) {
        static Failure of(Path file, String name, ErrorReport.Explained why) {
            return new Failure(file.toString(), name, why.reason(), why.text(), why.code());
        }

        String text() {
            return Text.printable(file) + ": " + message;
        }
    }
}
