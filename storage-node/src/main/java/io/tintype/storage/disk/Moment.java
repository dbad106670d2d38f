// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.disk;

import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.Snapshot;

/**
 * A disk as it was at one moment, whatever is written since. Must be closed: until then the disk keeps what was replaced,
 * and does not close itself.
 *
 * <p>Reads block, verify RocksDB's checksums, and leave its cache to others. One thread at a time may use it.
 */
public final class Moment implements AutoCloseable {
    private static final long READ_AHEAD_BYTES = 256 << 10;

    private final Gate gate;
    private final RocksDB db;
    private final Function<Family, ColumnFamilyHandle> handles;
    private final Snapshot snapshot;
    private final AtomicBoolean closed = new AtomicBoolean();

    /** The caller is inside the gate; closing this leaves it. */
    Moment(Gate gate, RocksDB db, Function<Family, ColumnFamilyHandle> handles) {
        this.gate = gate;
        this.db = db;
        this.handles = handles;
        this.snapshot = db.getSnapshot();
    }

    /** The value of a key; null if there was none. */
    public byte @Nullable [] get(Family family, byte[] key) {
        try (var options = options()) {
            return db.get(handles.apply(family), options, key);
        } catch (RocksDBException e) {
            throw new TintypeException(Reason.CORRUPT_DATA, "cannot be read: " + e.getMessage(), Map.of(), null, e);
        }
    }

    /** Walks from a key (inclusive) to another (exclusive). To be closed before this is. */
    public Scan scan(Family family, byte[] from, byte[] to) {
        return scan(family, from, to, options());
    }

    /** As {@link #scan}, but RocksDB verifies no checksum: only to find out what it is that fails one. */
    public Scan scanUnchecked(Family family, byte[] from, byte[] to) {
        return scan(family, from, to, options().setVerifyChecksums(false));
    }

    private Scan scan(Family family, byte[] from, byte[] to, ReadOptions how) {
        gate.enter();
        try {
            return new Scan(gate, db, handles.apply(family), from, to, how);
        } catch (RuntimeException | Error e) {
            gate.exit();
            throw e;
        }
    }

    private ReadOptions options() {
        return new ReadOptions().setSnapshot(snapshot).setFillCache(false).setReadaheadSize(READ_AHEAD_BYTES);
    }

    /** Gives the moment up. A second call does nothing. */
    @Override
    public void close() {
        if (!closed.getAndSet(true)) {
            try {
                db.releaseSnapshot(snapshot);
                snapshot.close();
            } finally {
                gate.exit();
            }
        }
    }
}
