// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.disk;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Set;
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

    private StoreOpener() {}

    static Disk.OpenStore open(Path store, StoreOptions options, Failures failures)
            throws RocksDBException, DiskException {
        refuseUnknownFamilies(store);
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

    private static void refuseUnknownFamilies(Path store) throws RocksDBException, DiskException {
        if (!Files.exists(store.resolve("CURRENT"))) {
            return;
        }
        Set<String> known =
                Arrays.stream(Family.values()).map(Family::columnFamily).collect(Collectors.toSet());
        known.add("default");
        try (var options = new Options()) {
            for (byte[] name : RocksDB.listColumnFamilies(options, store.toString())) {
                var family = new String(name, StandardCharsets.UTF_8);
                if (!known.contains(family)) {
                    throw new DiskException(
                            DiskException.Kind.NEWER_FORMAT,
                            store + " has a column family '" + family
                                    + "' that this program does not know. Start the version that made it, or a newer one.",
                            null);
                }
            }
        }
    }
}
