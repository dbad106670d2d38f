// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.disk;

import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.MutableColumnFamilyOptions;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;

/**
 * Gives the room of removed chunks back to the file system. RocksDB, while it collects, moves every old blob that a
 * compaction meets, garbage or not, which doubled the cost of writing in measurements; so it collects only while a good
 * share of the blob files is garbage, and whoever has it collect should look again soon: while it collects, what becomes garbage may have
 * files written once more.
 *
 * <p>Maintained by one thread at a time; whether it collects, any thread may ask.
 */
final class BlobFiles {
    /** Collecting starts when this share of the bytes is garbage. */
    static final double START_SHARE = 0.25;

    /** And stops when no more than this share is. */
    static final double STOP_SHARE = 0.10;

    private final RocksDB db;
    private final ColumnFamilyHandle chunks;
    private volatile boolean collecting;

    BlobFiles(RocksDB db, ColumnFamilyHandle chunks) {
        this.db = db;
        this.chunks = chunks;
    }

    /** Looks at the garbage there is, and starts or stops collecting; whether it collects now. */
    boolean maintain() throws RocksDBException {
        double share = garbageShare();
        boolean collect = collecting ? share > STOP_SHARE : share > START_SHARE;
        if (collect != collecting) {
            db.setOptions(
                    chunks,
                    MutableColumnFamilyOptions.builder()
                            .setEnableBlobGarbageCollection(collect)
                            .setBlobGarbageCollectionAgeCutoff(1.0)
                            .setBlobGarbageCollectionForceThreshold(STOP_SHARE)
                            .build());
            collecting = collect;
        }
        return collecting;
    }

    boolean isCollecting() {
        return collecting;
    }

    private double garbageShare() throws RocksDBException {
        long all = db.getLongProperty(chunks, "rocksdb.live-blob-file-size");
        long garbage = db.getLongProperty(chunks, "rocksdb.live-blob-file-garbage-size");
        return all == 0 ? 0 : (double) garbage / all;
    }
}
