// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.disk;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.rocksdb.ColumnFamilyDescriptor;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.Options;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.Status;
import org.rocksdb.WALRecoveryMode;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Opens RocksDB so that it holds everything that was ever synced, or not at all.
 *
 * <p>Absolute consistency refuses every flaw of the write-ahead log. One flaw is no loss: the very last write was cut
 * short by the end of the process or of power, so that the file ends inside it. {@link WalTail} tells that one from all
 * others by reading the log itself; only then is the store opened in the mode that drops such an end.
 */
final class StoreOpener {
    private static final Logger LOG = LoggerFactory.getLogger(StoreOpener.class);

    /** Names the manifest that holds, and by that all other files. */
    private static final String CURRENT = "CURRENT";

    private static final Pattern LOG_FILE = Pattern.compile("\\d+\\.log");
    private static final Pattern FILE_OF_DATA = Pattern.compile("\\d+\\.(log|sst|blob)");

    private StoreOpener() {}

    static Disk.OpenStore open(Path store, StoreOptions options, Failures failures)
            throws RocksDBException, DiskException {
        refuseLosses(store, families(store));
        try {
            return open(store, options, failures, WALRecoveryMode.AbsoluteConsistency);
        } catch (RocksDBException e) {
            var status = e.getStatus();
            if (status == null || status.getCode() != Status.Code.Corruption || !WalTail.isOnlyTorn(store)) {
                throw e;
            }
            LOG.warn("{}: the last write was cut short and is dropped; it was never acknowledged", store);
            return open(store, options, failures, WALRecoveryMode.TolerateCorruptedTailRecords);
        }
    }

    private static Disk.OpenStore open(Path store, StoreOptions options, Failures failures, WALRecoveryMode recovery)
            throws RocksDBException {
        var families = List.of(Family.values());
        var descriptors = new ArrayList<ColumnFamilyDescriptor>();
        descriptors.add(new ColumnFamilyDescriptor(RocksDB.DEFAULT_COLUMN_FAMILY));
        for (var family : families) {
            descriptors.add(new ColumnFamilyDescriptor(
                    family.columnFamily().getBytes(StandardCharsets.UTF_8), options.family(family)));
        }
        var opened = new ArrayList<ColumnFamilyHandle>();
        var db = RocksDB.open(options.database(failures, recovery), store.toString(), descriptors, opened);
        var handles = new EnumMap<Family, ColumnFamilyHandle>(Family.class);
        for (int i = 0; i < families.size(); i++) {
            handles.put(families.get(i), opened.get(i + 1));
        }
        opened.get(0).close();
        return new Disk.OpenStore(db, handles);
    }

    /**
     * Refuses a store that has lost files whose loss RocksDB does not notice. Without {@value #CURRENT} it makes an empty store
     * and replays into it what logs it finds; and without any log it takes what was in it for never written. Either store would
     * go by the names of the replicas that held what is lost.
     */
    private static void refuseLosses(Path store, Set<String> families) throws DiskException {
        var files = files(store);
        boolean named = files.contains(CURRENT);
        if (!named && files.stream().anyMatch(name -> FILE_OF_DATA.matcher(name).matches())) {
            throw damaged(store, CURRENT + ", and has others");
        }
        // The first log is there before the first family is.
        boolean written = named && !families.isEmpty();
        if (written && files.stream().noneMatch(name -> LOG_FILE.matcher(name).matches())) {
            throw damaged(store, "logs (files that end in .log are no texts, and have what was written last)");
        }
    }

    private static List<String> files(Path store) throws DiskException {
        if (!Files.exists(store)) {
            return List.of();
        }
        try (var files = Files.list(store)) {
            return files.map(file -> file.getFileName().toString()).toList();
        } catch (IOException e) {
            throw DataDirectory.failed(store, e);
        }
    }

    private static DiskException damaged(Path store, String lost) {
        return new DiskException(
                DiskException.Kind.DAMAGED,
                store + " has lost its " + lost
                        + ". It does not hold what was written to it. Move it away and start with an"
                        + " empty directory: the replicas on it are then rebuilt from their peers.",
                null);
    }

    /** The families of the program that a store has; none where there is no store yet. */
    private static Set<String> families(Path store) throws RocksDBException, DiskException {
        if (!Files.exists(store.resolve(CURRENT))) {
            return Set.of();
        }
        Set<String> known =
                Arrays.stream(Family.values()).map(Family::columnFamily).collect(Collectors.toSet());
        var found = new HashSet<String>();
        try (var options = new Options()) {
            for (byte[] name : RocksDB.listColumnFamilies(options, store.toString())) {
                found.add(new String(name, StandardCharsets.UTF_8));
            }
        }
        found.remove("default");
        for (String family : found) {
            if (!known.contains(family)) {
                throw new DiskException(
                        DiskException.Kind.NEWER_FORMAT,
                        store + " has a column family '" + family
                                + "' that this program does not know. Start the version that made it, or a newer one.",
                        null);
            }
        }
        return found;
    }
}
