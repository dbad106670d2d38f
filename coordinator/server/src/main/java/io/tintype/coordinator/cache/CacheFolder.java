// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.cache;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.rocksdb.Options;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;

/**
 * Whose the files in a folder are that is to hold a disk cache. Those of a cache are thrown away where they cannot be used; so it
 * must be certain that they are not a node's data, or somebody else's. Stateless.
 */
final class CacheFolder {
    /** An empty file that says that the files beside it are a cache's. */
    static final String MARK = "TINTYPE-CACHE";

    /** The column family that a cache has besides the default one. */
    static final String USERS = "users";

    private CacheFolder() {}

    /**
     * Makes the folder where it is not there, and marks it. RocksDB's native library must have been loaded.
     *
     * @throws IOException in words for people, if it has files that are not known to be a cache's, or cannot be used
     */
    static void claim(Path folder) throws IOException {
        Files.createDirectories(folder);
        var mark = folder.resolve(MARK);
        if (Files.exists(mark)) {
            return;
        }
        var stranger = file(folder);
        // Caches of before there was a mark are known by what is in them.
        if (stranger.isPresent() && !isCache(folder)) {
            throw new IOException("it has files that are no cache's, such as "
                    + stranger.get().getFileName()
                    + ", and nothing of it was touched. If it was a cache, empty it; else leave it alone.");
        }
        Files.createFile(mark);
    }

    /** Any that is no folder: those do not mix with a cache's files. */
    private static Optional<Path> file(Path folder) throws IOException {
        try (var all = Files.list(folder)) {
            return all.filter(one -> !Files.isDirectory(one)).sorted().findFirst();
        }
    }

    private static boolean isCache(Path folder) {
        try (var options = new Options()) {
            return RocksDB.listColumnFamilies(options, folder.toString()).stream()
                    .map(name -> new String(name, StandardCharsets.UTF_8))
                    .collect(Collectors.toSet())
                    .equals(Set.of("default", USERS));
        } catch (RocksDBException noDatabase) {
            return false;
        }
    }
}
