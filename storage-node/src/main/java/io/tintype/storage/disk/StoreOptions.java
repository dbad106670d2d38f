// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.disk;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Properties;
import org.rocksdb.AbstractEventListener;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.BloomFilter;
import org.rocksdb.Cache;
import org.rocksdb.ColumnFamilyOptions;
import org.rocksdb.CompressionType;
import org.rocksdb.DBOptions;
import org.rocksdb.IndexType;
import org.rocksdb.InfoLogLevel;
import org.rocksdb.LRUCache;
import org.rocksdb.Statistics;
import org.rocksdb.StatsLevel;
import org.rocksdb.WALRecoveryMode;
import org.rocksdb.WriteBufferManager;

/**
 * RocksDB's options, all in one place; docs/decisions has the measurements behind them. Owns the native objects they
 * hang on, and frees them in reverse order.
 */
final class StoreOptions implements AutoCloseable {
    private static final long MAX_WAL_BYTES = 512L << 20;
    private static final long BLOB_FILE_BYTES = 256L << 20;
    private static final long SMALL_MEMTABLE_BYTES = 16L << 20;
    private static final double BLOOM_BITS = 10;

    /** RocksDB chooses by the cache's size. */
    private static final int CACHE_SHARD_BITS = -1;

    /** Of the block cache, for parts of indexes and filters: data of one look-up must not drive out what each one needs. */
    private static final double FIRST_TO_STAY_SHARE = 0.5;

    /** Most keys that are looked up before a write are not there: new names, requests that are no retries. */
    private static final double MEMTABLE_BLOOM_SHARE = 0.05;

    private final Deque<AutoCloseable> owned = new ArrayDeque<>();
    private final DiskConfig config;
    private final Cache cache;
    private final WriteBufferManager writeBuffers;
    private final Statistics statistics;
    private final BlockBasedTableConfig table;

    StoreOptions(DiskConfig config) {
        this.config = config;
        this.cache = own(new LRUCache(config.blockCacheBytes(), CACHE_SHARD_BITS, false, FIRST_TO_STAY_SHARE, 0));
        this.writeBuffers = own(new WriteBufferManager(config.writeBufferBytes(), cache));
        this.statistics = own(new Statistics());
        statistics.setStatsLevel(StatsLevel.EXCEPT_DETAILED_TIMERS);
        this.table = new BlockBasedTableConfig()
                .setBlockCache(cache)
                .setCacheIndexAndFilterBlocks(true)
                .setCacheIndexAndFilterBlocksWithHighPriority(true)
                .setPinL0FilterAndIndexBlocksInCache(true)
                .setIndexType(IndexType.kTwoLevelIndexSearch)
                .setPartitionFilters(true)
                .setPinTopLevelIndexAndFilter(true)
                .setFilterPolicy(own(new BloomFilter(BLOOM_BITS)))
                .setFormatVersion(5);
    }

    /** Absolute consistency: what the write-ahead log lost is never taken for what was never written. */
    DBOptions database(AbstractEventListener listener, WALRecoveryMode recovery) {
        return own(trackingLogs())
                .setCreateIfMissing(true)
                .setCreateMissingColumnFamilies(true)
                .setWalRecoveryMode(recovery)
                .setParanoidChecks(true)
                .setWriteBufferManager(writeBuffers)
                .setMaxTotalWalSize(MAX_WAL_BYTES)
                .setMaxBackgroundJobs(2)
                .setBytesPerSync(1 << 20)
                .setAllowConcurrentMemtableWrite(false)
                .setEnableWriteThreadAdaptiveYield(false)
                .setMaxWriteBatchGroupSizeBytes(32L << 20)
                .setAvoidUnnecessaryBlockingIO(true)
                .setStatistics(statistics)
                .setStatsDumpPeriodSec(0)
                .setInfoLogLevel(InfoLogLevel.WARN_LEVEL)
                .setMaxLogFileSize(8 << 20)
                .setKeepLogFileNum(4)
                .setListeners(List.of(own(listener)));
    }

    /**
     * The manifest names each log that was synced and is written no more, so that a store that lost one of several does not open.
     * The option has no setter in Java.
     */
    private static DBOptions trackingLogs() {
        var properties = new Properties();
        properties.setProperty("track_and_verify_wals_in_manifest", "true");
        var options = DBOptions.getDBOptionsFromProps(properties);
        if (options == null) {
            throw new IllegalStateException("this RocksDB does not know track_and_verify_wals_in_manifest");
        }
        return options;
    }

    ColumnFamilyOptions family(Family family) {
        return family == Family.CHUNK ? chunks() : small();
    }

    Statistics statistics() {
        return statistics;
    }

    Cache cache() {
        return cache;
    }

    <T extends AutoCloseable> T own(T closeable) {
        owned.push(closeable);
        return closeable;
    }

    @Override
    public void close() {
        while (!owned.isEmpty()) {
            try {
                owned.pop().close();
            } catch (Exception e) {
                throw new IllegalStateException("native options could not be freed", e);
            }
        }
    }

    private ColumnFamilyOptions small() {
        return own(new ColumnFamilyOptions())
                .setMemtablePrefixBloomSizeRatio(MEMTABLE_BLOOM_SHARE)
                .setMemtableWholeKeyFiltering(true)
                .setWriteBufferSize(SMALL_MEMTABLE_BYTES)
                .setCompressionType(CompressionType.LZ4_COMPRESSION)
                .setTableFormatConfig(table);
    }

    /** Images do not compress; large values stay out of the tree, so that compaction moves keys and not bytes. */
    private ColumnFamilyOptions chunks() {
        var options = own(config.blobDirectWrite() ? directWrite() : new ColumnFamilyOptions());
        return options.setWriteBufferSize(Math.min(64L << 20, config.writeBufferBytes() / 2))
                .setCompressionType(CompressionType.NO_COMPRESSION)
                .setTableFormatConfig(table)
                .setEnableBlobFiles(true)
                .setMinBlobSize(config.minBlobFileValueBytes())
                .setBlobFileSize(BLOB_FILE_BYTES)
                .setBlobCompressionType(CompressionType.NO_COMPRESSION)
                .setEnableBlobGarbageCollection(false);
    }

    /** The option has no setter in Java yet. */
    private static ColumnFamilyOptions directWrite() {
        var properties = new Properties();
        properties.setProperty("enable_blob_files", "true");
        properties.setProperty("enable_blob_direct_write", "true");
        var options = ColumnFamilyOptions.getColumnFamilyOptionsFromProps(properties);
        if (options == null) {
            throw new IllegalStateException("this RocksDB does not know enable_blob_direct_write");
        }
        return options;
    }
}
