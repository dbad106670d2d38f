// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.disk;

import io.tintype.cluster.rocks.RocksLibrary;
import java.io.IOException;
import java.nio.file.Path;
import org.rocksdb.RocksDBException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Opens a {@link Disk}, whose methods say what they promise; what was opened half is closed again. Stateless. */
final class DiskOpening {
    private static final Logger log = LoggerFactory.getLogger(DiskOpening.class);

    private DiskOpening() {}

    static Disk open(DiskConfig config) throws DiskException {
        var directory = DataDirectory.open(config.directory(), config.clusterId());
        loadLibrary(config.directory(), directory);
        var options = new StoreOptions(config);
        try {
            var damage = directory.damage();
            if (damage.isPresent()) {
                throw new DiskException(
                        DiskException.Kind.DAMAGED,
                        config.directory() + " was found to be damaged: " + damage.get(),
                        null);
            }
            var failures = options.own(new Failures(config.directory()));
            return new Disk(
                    config, directory, options, StoreOpener.open(directory.store(), options, failures), failures);
        } catch (RocksDBException e) {
            options.close();
            directory.close();
            throw refused(config.directory(), e);
        } catch (RuntimeException | DiskException e) {
            options.close();
            directory.close();
            throw e;
        }
    }

    private static void loadLibrary(Path folder, DataDirectory directory) throws DiskException {
        try {
            RocksLibrary.load(folder);
        } catch (IOException e) {
            directory.close();
            throw new DiskException(DiskException.Kind.IO, String.valueOf(e.getMessage()), e);
        }
    }

    static Disk openOrSetAside(DiskConfig config) throws DiskException {
        try {
            return open(config);
        } catch (DiskException e) {
            if (e.kind() != DiskException.Kind.DAMAGED) {
                throw e;
            }
            try (var directory = DataDirectory.open(config.directory(), config.clusterId())) {
                directory.setAside();
            }
            log.error(
                    "{}: the store is damaged and was moved to {}; its replicas are rebuilt from their peers. Look at"
                            + " the disk. The folder may be removed when they are whole.",
                    config.directory(),
                    DamagedStores.LAST,
                    e);
            return open(config);
        }
    }

    private static DiskException refused(Path directory, RocksDBException e) {
        boolean damaged = Disk.isCorruption(e.getStatus());
        return new DiskException(
                damaged ? DiskException.Kind.DAMAGED : DiskException.Kind.IO,
                directory + " does not open: " + e.getMessage()
                        + (damaged
                                ? ". It does not hold what was written to it. Move it away and start with an empty"
                                        + " directory: the replicas on it are then rebuilt from their peers."
                                : ""),
                e);
    }
}
