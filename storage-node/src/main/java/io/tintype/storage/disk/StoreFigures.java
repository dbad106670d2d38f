// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.disk;

import java.util.Map;
import java.util.TreeMap;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.TickerType;

/** What a store counts and how full it is, by name. Thread-safe; only while the store is open. */
final class StoreFigures {
    private final RocksDB db;
    private final Map<Family, ColumnFamilyHandle> handles;
    private final StoreOptions options;
    private final Committer committer;

    StoreFigures(RocksDB db, Map<Family, ColumnFamilyHandle> handles, StoreOptions options, Committer committer) {
        this.db = db;
        this.handles = handles;
        this.options = options;
        this.committer = committer;
    }

    Map<String, Long> all() {
        try {
            return read();
        } catch (RocksDBException e) {
            throw new IllegalStateException("a property that RocksDB documents is missing", e);
        }
    }

    private Map<String, Long> read() throws RocksDBException {
        var metrics = new TreeMap<String, Long>();
        metrics.put("commit.groups", committer.groups());
        metrics.put("commit.writes", committer.writes());
        metrics.put("commit.bytes", committer.bytes());
        metrics.put("commit.waiting.writes", (long) committer.waitingWrites());
        metrics.put("commit.waiting.bytes", committer.waitingBytes());
        metrics.put("native.cache.bytes", options.cache().getUsage());
        metrics.put("native.cache.pinned.bytes", options.cache().getPinnedUsage());
        metrics.put("native.memtable.bytes", aggregated("rocksdb.cur-size-all-mem-tables"));
        metrics.put("native.table.reader.bytes", aggregated("rocksdb.estimate-table-readers-mem"));
        metrics.put("files.live.bytes", aggregated("rocksdb.live-sst-files-size"));
        metrics.put("files.blob.bytes", aggregated("rocksdb.live-blob-file-size"));
        metrics.put("compaction.pending.bytes", aggregated("rocksdb.estimate-pending-compaction-bytes"));
        metrics.put("compactions.running", db.getLongProperty("rocksdb.num-running-compactions"));
        metrics.put("flushes.running", db.getLongProperty("rocksdb.num-running-flushes"));
        metrics.put("errors.background", db.getLongProperty("rocksdb.background-errors"));
        metrics.put("snapshots.held", db.getLongProperty("rocksdb.num-snapshots"));
        var statistics = options.statistics();
        metrics.put("cache.hits", statistics.getTickerCount(TickerType.BLOCK_CACHE_HIT));
        metrics.put("cache.misses", statistics.getTickerCount(TickerType.BLOCK_CACHE_MISS));
        metrics.put("bloom.useful", statistics.getTickerCount(TickerType.BLOOM_FILTER_USEFUL));
        metrics.put("flush.written.bytes", statistics.getTickerCount(TickerType.FLUSH_WRITE_BYTES));
        metrics.put("compaction.read.bytes", statistics.getTickerCount(TickerType.COMPACT_READ_BYTES));
        metrics.put("compaction.written.bytes", statistics.getTickerCount(TickerType.COMPACT_WRITE_BYTES));
        metrics.put("wal.bytes", statistics.getTickerCount(TickerType.WAL_FILE_BYTES));
        metrics.put("wal.syncs", statistics.getTickerCount(TickerType.WAL_FILE_SYNCED));
        metrics.put("stall.micros", statistics.getTickerCount(TickerType.STALL_MICROS));
        metrics.put("blob.read.bytes", statistics.getTickerCount(TickerType.BLOB_DB_BLOB_FILE_BYTES_READ));
        metrics.put("blob.written.bytes", statistics.getTickerCount(TickerType.BLOB_DB_BLOB_FILE_BYTES_WRITTEN));
        return metrics;
    }

    private long aggregated(String property) throws RocksDBException {
        long sum = 0;
        for (var handle : handles.values()) {
            sum += db.getLongProperty(handle, property);
        }
        return sum;
    }
}
