// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.disk;

import io.tintype.checksum.Crc32c;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The files around RocksDB: {@value #LOCK_FILE}, held while the directory is open, and {@value #FORMAT_FILE}, which says
 * whose it is. Both are read before RocksDB is touched, so that a foreign or newer store is refused unchanged.
 */
final class DataDirectory implements AutoCloseable {
    static final int FORMAT = 1;
    static final String LOCK_FILE = "tintype.lock";
    static final String FORMAT_FILE = "tintype.format";
    static final String STORE = "store";
    static final String DAMAGE_FILE = "tintype.damaged";
    private static final int MAX_FORMAT_FILE_BYTES = 4096;

    private final Path directory;
    private final FileChannel lockFile;
    private final DiskIdentity identity;

    private DataDirectory(Path directory, FileChannel lockFile, DiskIdentity identity) {
        this.directory = directory;
        this.lockFile = lockFile;
        this.identity = identity;
    }

    /** Locks a directory of this cluster, making it where there is none. */
    static DataDirectory open(Path directory, String clusterId) throws DiskException {
        FileChannel lockFile = null;
        try {
            Files.createDirectories(directory);
            lockFile = lock(directory);
            var found = identify(directory);
            if (found.isEmpty() && Files.exists(directory.resolve(STORE))) {
                throw new DiskException(
                        DiskException.Kind.DAMAGED,
                        directory + " holds a store but no " + FORMAT_FILE + ", so nobody can say whose it is. Put the"
                                + " file back, or empty the directory to have its replicas rebuilt from their peers.",
                        null);
            }
            var identity = found.isPresent() ? found.get() : create(directory, clusterId);
            if (!identity.clusterId().equals(clusterId)) {
                throw new DiskException(
                        DiskException.Kind.FOREIGN,
                        directory + " belongs to cluster " + identity.clusterId() + ", not to " + clusterId
                                + ". Give this node another data directory.",
                        null);
            }
            var opened = new DataDirectory(directory, lockFile, identity);
            var unused = opened.usage();
            return opened;
        } catch (IOException e) {
            closeQuietly(lockFile);
            throw failed(directory, e);
        } catch (DiskException e) {
            closeQuietly(lockFile);
            throw e;
        }
    }

    /** Why the store must not be opened again, if it was found to be damaged while it was open. */
    Optional<String> damage() throws DiskException {
        try {
            var file = directory.resolve(DAMAGE_FILE);
            return Files.exists(file) ? Optional.of(Files.readString(file)) : Optional.empty();
        } catch (IOException e) {
            throw failed(directory, e);
        }
    }

    /** Notes that the store is damaged, so that it is not opened again. */
    static void noteDamage(Path directory, String why) throws IOException {
        writeSynced(directory, DAMAGE_FILE, why);
    }

    /**
     * Puts a damaged store out of the way, for people to look at, and makes this another directory: replicas that are made
     * in it are others than those that were there. Done again after a crash, it goes on where it was.
     *
     * @throws DiskException DAMAGED where too many are kept already, see {@link DamagedStores}
     */
    void setAside() throws DiskException {
        try {
            damagedStores().add(store());
            create(directory, identity.clusterId());
            Files.deleteIfExists(directory.resolve(DAMAGE_FILE));
            sync(directory);
        } catch (IOException e) {
            throw failed(directory, e);
        }
    }

    /** Those that were put out of the way. */
    DamagedStores damagedStores() {
        return new DamagedStores(directory, identity.dataId());
    }

    /** Whose directory it is; empty where nothing was ever stored in it. */
    static Optional<DiskIdentity> identify(Path directory) throws DiskException {
        var file = directory.resolve(FORMAT_FILE);
        try {
            if (!Files.exists(file)) {
                return Optional.empty();
            }
            if (Files.size(file) > MAX_FORMAT_FILE_BYTES) {
                throw damaged(file);
            }
            return Optional.of(parse(file, Files.readString(file)));
        } catch (IOException e) {
            throw failed(directory, e);
        }
    }

    Path store() {
        return directory.resolve(STORE);
    }

    /**
     * Room on the file system it is on. The system is asked by the path: a {@code FileStore} would first have to be found among
     * all mounts, and is not where another root directory hides the mount, as in a chroot.
     */
    Disk.Usage usage() throws IOException {
        var file = directory.toFile();
        long total = file.getTotalSpace();
        if (total == 0) {
            throw new IOException("its file system does not say how much room it has");
        }
        return new Disk.Usage(total, file.getUsableSpace());
    }

    DiskIdentity identity() {
        return identity;
    }

    @Override
    public void close() {
        closeQuietly(lockFile);
    }

    private static FileChannel lock(Path directory) throws IOException, DiskException {
        var channel =
                FileChannel.open(directory.resolve(LOCK_FILE), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        FileLock lock;
        try {
            lock = channel.tryLock();
        } catch (OverlappingFileLockException e) {
            lock = null;
        }
        if (lock == null) {
            channel.close();
            throw new DiskException(
                    DiskException.Kind.LOCKED,
                    directory
                            + " is in use by another storage node. Stop that one, or give this one its own directory.",
                    null);
        }
        return channel;
    }

    private static DiskIdentity create(Path directory, String clusterId) throws IOException {
        var random = new byte[16];
        new SecureRandom().nextBytes(random);
        var identity = new DiskIdentity(clusterId, HexFormat.of().formatHex(random));
        writeSynced(directory, FORMAT_FILE, print(identity));
        return identity;
    }

    static void writeSynced(Path directory, String name, String text) throws IOException {
        var temporary = directory.resolve(name + ".new");
        try (var channel = FileChannel.open(
                temporary, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE)) {
            channel.write(StandardCharsets.UTF_8.encode(text));
            channel.force(true);
        }
        Files.move(temporary, directory.resolve(name), StandardCopyOption.ATOMIC_MOVE);
        sync(directory);
    }

    static void sync(Path directory) throws IOException {
        try (var channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    private static String print(DiskIdentity identity) {
        String body = "format=" + FORMAT + "\ncluster=" + identity.clusterId() + "\ndata=" + identity.dataId() + "\n";
        return body + "crc32c=" + checksum(body) + "\n";
    }

    private static DiskIdentity parse(Path file, String text) throws DiskException {
        Map<String, String> values = new LinkedHashMap<>();
        for (String line : text.split("\n", -1)) {
            int equals = line.indexOf('=');
            if (equals > 0) {
                values.put(line.substring(0, equals), line.substring(equals + 1));
            }
        }
        int checksum = text.lastIndexOf("crc32c=");
        if (checksum < 0 || !checksum(text.substring(0, checksum)).equals(values.get("crc32c"))) {
            throw damaged(file);
        }
        String format = values.getOrDefault("format", "");
        if (!format.equals(Integer.toString(FORMAT))) {
            throw new DiskException(
                    DiskException.Kind.NEWER_FORMAT,
                    file + " says format " + format + "; this program knows only format " + FORMAT
                            + ". Start the version that wrote it, or a newer one.",
                    null);
        }
        var cluster = values.get("cluster");
        var data = values.get("data");
        if (cluster == null || data == null) {
            throw damaged(file);
        }
        return new DiskIdentity(cluster, data);
    }

    private static String checksum(String body) {
        return HexFormat.of().toHexDigits(Crc32c.of(body.getBytes(StandardCharsets.UTF_8)));
    }

    private static DiskException damaged(Path file) {
        return new DiskException(
                DiskException.Kind.DAMAGED,
                file + " is damaged: its checksum does not hold. Restore it, or empty the data directory to have its"
                        + " replicas rebuilt from their peers.",
                null);
    }

    static DiskException failed(Path directory, IOException e) {
        return new DiskException(
                DiskException.Kind.IO, directory + " cannot be used as data directory: " + e.getMessage(), e);
    }

    private static void closeQuietly(@Nullable FileChannel channel) {
        if (channel != null) {
            try {
                channel.close();
            } catch (IOException e) {
                // The lock goes with the process at the latest; there is nobody to tell.
                return;
            }
        }
    }
}
