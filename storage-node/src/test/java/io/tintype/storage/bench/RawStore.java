// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.bench;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.rocksdb.ColumnFamilyDescriptor;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.ColumnFamilyOptions;
import org.rocksdb.CompressionType;
import org.rocksdb.DBOptions;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.WALRecoveryMode;
import org.rocksdb.WriteOptions;

/** RocksDB itself with large values in blob files and its own group commit: one key and value an operation, nothing else. */
final class RawStore implements AutoCloseable {
    private final DBOptions options = new DBOptions()
            .setCreateIfMissing(true)
            .setCreateMissingColumnFamilies(true)
            .setWalRecoveryMode(WALRecoveryMode.AbsoluteConsistency)
            .setMaxWriteBatchGroupSizeBytes(32L << 20)
            .setEnablePipelinedWrite(true);
    private final ColumnFamilyOptions blobs = new ColumnFamilyOptions()
            .setWriteBufferSize(64L << 20)
            .setCompressionType(CompressionType.NO_COMPRESSION)
            .setEnableBlobFiles(true)
            .setMinBlobSize(4 << 10)
            .setBlobCompressionType(CompressionType.NO_COMPRESSION);
    private final WriteOptions synced = new WriteOptions().setSync(true);
    private final ReadOptions unchecked =
            new ReadOptions().setVerifyChecksums(false).setFillCache(false);
    private final List<ColumnFamilyHandle> handles = new ArrayList<>();
    private final RocksDB db;

    RawStore(Path directory) throws RocksDBException {
        RocksDB.loadLibrary();
        db = RocksDB.open(
                options,
                directory.toString(),
                List.of(
                        new ColumnFamilyDescriptor(RocksDB.DEFAULT_COLUMN_FAMILY),
                        new ColumnFamilyDescriptor("blobs".getBytes(java.nio.charset.StandardCharsets.UTF_8), blobs)),
                handles);
    }

    void put(byte[] key, byte[] value) throws RocksDBException {
        db.put(handles.get(1), synced, key, value);
    }

    byte[] get(byte[] key) throws RocksDBException {
        return db.get(handles.get(1), key);
    }

    byte[] getUnchecked(byte[] key) throws RocksDBException {
        return db.get(handles.get(1), unchecked, key);
    }

    void flush() throws RocksDBException {
        try (var wait = new org.rocksdb.FlushOptions().setWaitForFlush(true)) {
            db.flush(wait, handles);
        }
    }

    @Override
    public void close() {
        handles.forEach(ColumnFamilyHandle::close);
        db.close();
        unchecked.close();
        synced.close();
        blobs.close();
        options.close();
    }
}
