// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.disk;

import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.Range;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.SizeApproximationFlag;
import org.rocksdb.Slice;

/**
 * Reads of an open store, each behind the gate, so that none meets a store that is closed. {@link Disk}'s methods of the same
 * names say what they promise. Thread-safe; {@link #close} only once the gate is closed.
 */
final class StoreReads implements AutoCloseable {
    private final Path directory;
    private final RocksDB db;
    private final Function<Family, ColumnFamilyHandle> handles;
    private final Gate gate;
    private final ReadOptions checked = new ReadOptions();
    private final ReadOptions unchecked =
            new ReadOptions().setVerifyChecksums(false).setFillCache(false);

    StoreReads(Path directory, RocksDB db, Function<Family, ColumnFamilyHandle> handles, Gate gate) {
        this.directory = directory;
        this.db = db;
        this.handles = handles;
        this.gate = gate;
    }

    byte @Nullable [] get(Family family, byte[] key) {
        return get(family, key, checked);
    }

    byte @Nullable [] getUnchecked(Family family, byte[] key) {
        return get(family, key, unchecked);
    }

    int getUnchecked(Family family, byte[] key, byte[] into) {
        gate.enter();
        try {
            return db.get(handles.apply(family), unchecked, key, 0, key.length, into, 0, into.length);
        } catch (RocksDBException e) {
            throw unreadable(e);
        } finally {
            gate.exit();
        }
    }

    Scan scan(Family family, byte[] from, byte[] to) {
        gate.enter();
        try {
            return new Scan(gate, db, handles.apply(family), from, to);
        } catch (RuntimeException | Error e) {
            gate.exit();
            throw e;
        }
    }

    Moment moment() {
        gate.enter();
        try {
            return new Moment(gate, db, handles);
        } catch (RuntimeException | Error e) {
            gate.exit();
            throw e;
        }
    }

    long approximateBytes(Family family, byte[] from, byte[] to) {
        gate.enter();
        try (var lower = new Slice(from);
                var upper = new Slice(to)) {
            var sizes = db.getApproximateSizes(
                    handles.apply(family),
                    List.of(new Range(lower, upper)),
                    SizeApproximationFlag.INCLUDE_FILES,
                    SizeApproximationFlag.INCLUDE_MEMTABLES);
            return sizes[0];
        } finally {
            gate.exit();
        }
    }

    @Override
    public void close() {
        checked.close();
        unchecked.close();
    }

    private byte @Nullable [] get(Family family, byte[] key, ReadOptions how) {
        gate.enter();
        try {
            return db.get(handles.apply(family), how, key);
        } catch (RocksDBException e) {
            throw unreadable(e);
        } finally {
            gate.exit();
        }
    }

    private TintypeException unreadable(RocksDBException e) {
        return new TintypeException(
                Reason.CORRUPT_DATA,
                directory + " cannot be read (" + e.getMessage() + "); another replica may have the bytes",
                Map.of(),
                null,
                e);
    }
}
