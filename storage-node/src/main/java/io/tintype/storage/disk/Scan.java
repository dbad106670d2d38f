// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.disk;

import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.Slice;

/**
 * Walks over a range of keys in order, as they were when it was made. Must be closed; keeps the disk from closing until
 * then.
 *
 * <p>Not thread-safe. Blocks on the disk.
 */
public final class Scan implements AutoCloseable {
    private final Gate gate;
    private final Slice lower;
    private final Slice upper;
    private final ReadOptions options;
    private final RocksIterator iterator;
    private boolean closed;

    /** The caller is inside the gate; closing this leaves it. */
    Scan(Gate gate, RocksDB db, ColumnFamilyHandle family, byte[] from, byte[] to) {
        this(gate, db, family, from, to, new ReadOptions());
    }

    /** As above, with read options that closing this closes. */
    Scan(Gate gate, RocksDB db, ColumnFamilyHandle family, byte[] from, byte[] to, ReadOptions how) {
        this.gate = gate;
        this.lower = new Slice(from);
        this.upper = new Slice(to);
        this.options = how.setIterateLowerBound(lower).setIterateUpperBound(upper);
        this.iterator = db.newIterator(family, options);
        iterator.seek(from);
    }

    /** True while it stands on an entry; otherwise the range is at its end. */
    public boolean valid() {
        if (iterator.isValid()) {
            return true;
        }
        try {
            iterator.status();
            return false;
        } catch (RocksDBException e) {
            throw new TintypeException(Reason.CORRUPT_DATA, "cannot read on: " + e.getMessage());
        }
    }

    /** The key it stands on. */
    public byte[] key() {
        return iterator.key();
    }

    /** The value it stands on. */
    public byte[] value() {
        return iterator.value();
    }

    /** Steps to the next entry. */
    public void next() {
        iterator.next();
    }

    /** Goes to the first entry at or behind a key, without touching those between. */
    public void seek(byte[] key) {
        iterator.seek(key);
    }

    /** Goes to the last entry of the range, if there is one. */
    public void seekToLast() {
        iterator.seekToLast();
    }

    /** Frees the range. A second call does nothing. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        iterator.close();
        options.close();
        upper.close();
        lower.close();
        gate.exit();
    }
}
