// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.rocks;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.rocksdb.RocksDB;
import org.rocksdb.util.Environment;

/**
 * Loads RocksDB's native library from a file that stays, beside what the process keeps: RocksDB itself would unpack it to a new
 * temporary file at each start, which nobody removes after a kill. Thread-safe; the first call in a process decides.
 *
 * <p>The folder {@value #FOLDER} holds one library and one empty lock file, whatever dies when. Processes may share it: one at a
 * time compares the file with what the program brings, and puts it in place whole where it differs, as after an upgrade. A file
 * that is right is not written, so that a full disk keeps nobody from starting.
 */
public final class RocksLibrary {
    /** The folder, under what the process keeps. */
    public static final String FOLDER = "native";

    /** Environment variable that names another folder, as RocksDB has it: for where no program may be run from the data. */
    public static final String ELSEWHERE = "ROCKSDB_SHAREDLIB_DIR";

    /** Its name in the program. */
    static final String BROUGHT = Environment.getJniLibraryFileName("rocksdb");

    /** The file by which RocksDB asks for it in a folder that it is told, which is another name. */
    static final String FILE = Environment.getJniLibraryFileName("rocksdbjni");

    private static final String LOCK_FILE = "lock";
    private static final String NEW = ".new";
    private static final Duration LOCK_WAIT = Duration.ofSeconds(30);
    private static final long LOCK_POLL_MS = 20;

    private static boolean loaded;

    private RocksLibrary() {}

    /**
     * Loads it, where this process has not yet. To be called before any class of RocksDB is used. Blocks for as long as the
     * disk takes, and for another process that unpacks it: 30 s at most.
     *
     * @param home where the process keeps things; made where it is not there
     * @throws IOException in words for people
     */
    public static synchronized void load(Path home) throws IOException {
        if (loaded) {
            return;
        }
        var elsewhere = System.getenv(ELSEWHERE);
        var folder = elsewhere == null || elsewhere.isBlank() ? home.resolve(FOLDER) : Path.of(elsewhere);
        if (RocksLibrary.class.getClassLoader().getResource(BROUGHT) == null) {
            // Not one of those that come along: RocksDB knows where else it may be, or says what is missing.
            RocksDB.loadLibrary();
        } else {
            loadFrom(folder.toAbsolutePath());
        }
        loaded = true;
    }

    private static void loadFrom(Path folder) throws IOException {
        try {
            Files.createDirectories(folder);
            // Loaded before another version could put its own there.
            prepare(folder, BROUGHT, () -> RocksDB.loadLibrary(List.of(folder.toString())));
        } catch (IOException e) {
            throw new IOException(
                    "RocksDB's native library cannot be put into " + folder + ": " + e.getMessage() + ". Make room and"
                            + " let this process write there, or name another folder in " + ELSEWHERE + ".",
                    e);
        } catch (UnsatisfiedLinkError e) {
            throw new IOException(
                    "RocksDB's native library cannot be loaded from " + folder + ": " + e.getMessage() + ". Is it"
                            + " mounted noexec? Then name a folder that is not in " + ELSEWHERE + ".",
                    e);
        }
    }

    /** Uses the folder while it holds what the program brings under a name, and nothing of what others left behind. */
    static void prepare(Path folder, String name, Runnable use) throws IOException {
        try (var channel =
                FileChannel.open(folder.resolve(LOCK_FILE), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            // Goes with the channel.
            lock(channel);
            var file = folder.resolve(FILE);
            var fresh = folder.resolve(FILE + NEW);
            Files.deleteIfExists(fresh);
            if (!isThere(file, name)) {
                unpack(name, fresh);
                // Who has the old one loaded keeps it: the file goes when its last user ends.
                Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            }
            use.run();
        }
    }

    private static void unpack(String name, Path fresh) throws IOException {
        try (var in = resource(name)) {
            Files.copy(in, fresh);
        } catch (IOException e) {
            Files.deleteIfExists(fresh);
            throw e;
        }
    }

    private static boolean isThere(Path file, String name) throws IOException {
        if (!Files.isRegularFile(file)) {
            return false;
        }
        try (var wanted = resource(name);
                var found = new BufferedInputStream(Files.newInputStream(file), 1 << 16)) {
            var ours = new byte[1 << 16];
            int length;
            do {
                length = wanted.readNBytes(ours, 0, ours.length);
                var theirs = found.readNBytes(length == ours.length ? length : length + 1);
                if (!Arrays.equals(ours, 0, length, theirs, 0, theirs.length)) {
                    return false;
                }
            } while (length == ours.length);
            return true;
        }
    }

    private static InputStream resource(String name) throws IOException {
        var found = RocksLibrary.class.getClassLoader().getResourceAsStream(name);
        if (found == null) {
            throw new IOException("this program brings no " + name);
        }
        return found;
    }

    private static void lock(FileChannel channel) throws IOException {
        long until = System.nanoTime() + LOCK_WAIT.toNanos();
        while (channel.tryLock() == null) {
            if (System.nanoTime() - until > 0) {
                throw new IOException(
                        "another process has held it locked for " + LOCK_WAIT.toSeconds() + " s; is it stopped?");
            }
            try {
                Thread.sleep(LOCK_POLL_MS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException("interrupted while waiting for another process", e);
            }
        }
    }
}
