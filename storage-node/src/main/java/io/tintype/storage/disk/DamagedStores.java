// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.disk;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;

/**
 * Stores of a data directory that did not hold what was written to them, kept for people to look at: two at most. Those of
 * earlier times go when another one comes, once the replicas have been filled from their peers since, and never before
 * (docs/decisions/0141).
 *
 * @param directory the data directory, locked by this process
 * @param dataId what the directory is called now; it is called otherwise whenever a store was put aside
 */
record DamagedStores(Path directory, String dataId) {
    /** The store that was damaged last. */
    static final String LAST = "store.damaged";

    /** The one before that, where it may still hold what nothing else does. */
    static final String BEFORE = "store.damaged.before";

    /** Names the directory whose replicas have all been filled since. */
    static final String REFILLED_FILE = "tintype.refilled";

    /** How many are kept. */
    int kept() {
        return (Files.exists(directory.resolve(LAST)) ? 1 : 0) + (Files.exists(directory.resolve(BEFORE)) ? 1 : 0);
    }

    /**
     * Notes that whatever they held is on other nodes as well: the replicas here have been filled since, and are in sync.
     * They stay for people to look at, and go when the next one is added.
     */
    void noteRefilled() throws DiskException {
        try {
            DataDirectory.writeSynced(directory, REFILLED_FILE, dataId);
        } catch (IOException e) {
            throw DataDirectory.failed(directory, e);
        }
    }

    /** Whether that was noted since a store was last added. */
    boolean isRefilled() throws DiskException {
        try {
            var file = directory.resolve(REFILLED_FILE);
            return Files.exists(file) && Files.readString(file).equals(dataId);
        } catch (IOException e) {
            throw DataDirectory.failed(directory, e);
        }
    }

    /**
     * Adds a store, if it is there. Done again after a crash, it goes on where it was; the directory must get another name
     * then.
     *
     * @throws DiskException DAMAGED where two are kept that may hold what nothing else does
     */
    void add(Path store) throws DiskException, IOException {
        var last = directory.resolve(LAST);
        var before = directory.resolve(BEFORE);
        if (isRefilled()) {
            delete(before);
            delete(last);
            DataDirectory.sync(directory);
        }
        if (!Files.exists(store)) {
            return;
        }
        if (Files.exists(last) && Files.exists(before)) {
            throw new DiskException(
                    DiskException.Kind.DAMAGED,
                    directory + " is damaged for the third time, and was not filled from its peers in between, so "
                            + LAST
                            + " and " + BEFORE
                            + " may hold what nothing else does. The disk should be replaced. To use it"
                            + " once more, look whether every shard that was on it has its copies elsewhere, and then"
                            + " move " + BEFORE + " away.",
                    null);
        }
        // None must ever be taken for refilled that is added only now.
        Files.deleteIfExists(directory.resolve(REFILLED_FILE));
        DataDirectory.sync(directory);
        if (Files.exists(last)) {
            Files.move(last, before, StandardCopyOption.ATOMIC_MOVE);
            DataDirectory.sync(directory);
        }
        Files.move(store, last, StandardCopyOption.ATOMIC_MOVE);
        DataDirectory.sync(directory);
    }

    private static void delete(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        try (var files = Files.walk(folder)) {
            for (var file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
