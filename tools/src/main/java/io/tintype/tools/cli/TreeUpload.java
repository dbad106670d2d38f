// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.cli;

import com.fasterxml.jackson.annotation.JsonIgnore;
import io.tintype.tools.console.CommandFailure;
import io.tintype.tools.console.ErrorReport;
import io.tintype.tools.console.ExitCode;
import io.tintype.tools.console.Humane;
import io.tintype.tools.console.Progress;
import java.io.File;
import java.io.IOException;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

/**
 * Stores every file under a directory, several at a time. A file that fails does not stop the others. Symbolic links are
 * followed only where that is asked for; what is not stored is named.
 */
final class TreeUpload {
    private static final int CONCURRENCY = 8;

    private final String user;
    private final String prefix;
    private final boolean followLinks;
    private final Store store;

    /** Stores one file under a name. */
    interface Store {
        /** Answers how many bytes it stored. */
        long put(String name, Path file);
    }

    TreeUpload(String user, String prefix, boolean followLinks, Store store) {
        this.user = user;
        this.prefix = prefix;
        this.followLinks = followLinks;
        this.store = store;
    }

    /** Stores the files and tells how it went. */
    Outcome store(Path directory) throws IOException, InterruptedException {
        var skipped = new ArrayList<String>();
        var root = Files.isSymbolicLink(directory) ? directory.toRealPath() : directory;
        var files = names(root, files(root, skipped));
        var stored = new LongAdder();
        var bytes = new LongAdder();
        var failed = new ConcurrentLinkedQueue<Failure>();
        ExecutorService threads = Executors.newFixedThreadPool(CONCURRENCY);
        try (var progress = Progress.ofFiles("storing", files.size())) {
            files.forEach((name, file) -> threads.execute(() -> {
                try {
                    bytes.add(store.put(prefix + name, file));
                    stored.increment();
                } catch (Throwable e) { // an Error too leaves a file behind that was not stored
                    failed.add(Failure.of(file, prefix + name, ErrorReport.explain(e)));
                }
                progress.advance(1);
            }));
            threads.shutdown();
            while (!threads.awaitTermination(1, TimeUnit.MINUTES)) {
                // Each put gives up by itself when it makes no progress.
            }
        } finally {
            threads.shutdownNow();
        }
        return new Outcome(user, stored.sum(), bytes.sum(), new ArrayList<>(failed), skipped);
    }

    /** The files; notes what is neither a file nor a directory. */
    private List<Path> files(Path directory, List<String> skipped) throws IOException {
        var walking = followLinks ? new FileVisitOption[] {FileVisitOption.FOLLOW_LINKS} : new FileVisitOption[0];
        var looking = followLinks ? new LinkOption[0] : new LinkOption[] {LinkOption.NOFOLLOW_LINKS};
        var files = new ArrayList<Path>();
        try (var walk = Files.walk(directory, walking)) {
            walk.sorted().forEach(path -> {
                if (Files.isRegularFile(path, looking)) {
                    files.add(path);
                } else if (!Files.isDirectory(path, looking)) {
                    skipped.add(path.toString());
                }
            });
        }
        return files;
    }

    /** The files by their names, of which no two may be the same. */
    static Map<String, Path> names(Path directory, List<Path> files) {
        var names = new TreeMap<String, Path>();
        for (var file : files) {
            var name = name(directory.relativize(file));
            var other = names.put(name, file);
            if (other != null) {
                throw new CommandFailure(
                        ExitCode.USAGE,
                        escaped(other) + " and " + escaped(file) + " would both be stored as '" + Text.printable(name)
                                + "': Unicode takes their names for the same. Rename one; nothing was stored.");
            }
        }
        return names;
    }

    /** Two such paths look the same until their letters are spelt out. */
    private static String escaped(Path path) {
        var text = new StringBuilder();
        path.toString().chars().forEach(c -> {
            if (c < 0x80) {
                text.append((char) c);
            } else {
                text.append(String.format(Locale.ROOT, "\\u%04x", c));
            }
        });
        return Text.printable(text.toString());
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
     * @param skipped paths of what is neither a file nor a directory, such as symbolic links
     */
    record Outcome(String user, long stored, long bytes, List<Failure> failed, List<String> skipped) {
        String text() {
            return "stored " + stored + " files, " + Humane.bytes(bytes)
                    + (failed.isEmpty() ? "" : "; " + failed.size() + " failed")
                    + (skipped.isEmpty() ? "" : "; " + skipped.size() + " skipped");
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
