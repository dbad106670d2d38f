// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.cache;

import io.tintype.cluster.rocks.RocksLibrary;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.BloomFilter;
import org.rocksdb.ColumnFamilyDescriptor;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.ColumnFamilyOptions;
import org.rocksdb.CompactRangeOptions;
import org.rocksdb.CompactionOptionsFIFO;
import org.rocksdb.CompactionStyle;
import org.rocksdb.CompressionType;
import org.rocksdb.DBOptions;
import org.rocksdb.FlushOptions;
import org.rocksdb.LRUCache;
import org.rocksdb.Options;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.WriteOptions;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The RocksDB of a disk cache: pieces, of which the oldest files go first, and beside them one small record a user. Nothing of
 * it is logged: a crash loses what was gathered. Thread-safe; calls block for as long as the disk takes, but no write waits
 * until there is room for it: on a full disk readers would wait behind it for good.
 */
final class DiskStore implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(DiskStore.class);

    /** Gathered in memory before it goes to disk as one file. */
    private static final long LARGEST_FILE_BYTES = 32L << 20;

    private static final int FILES = 16;
    private static final int BLOOM_BITS = 10;
    private static final long USERS_GATHERED_BYTES = 1L << 20;

    private final DBOptions options = new DBOptions()
            .setCreateIfMissing(true)
            .setCreateMissingColumnFamilies(true)
            .setMaxOpenFiles(-1)
            .setKeepLogFileNum(2)
            .setParanoidChecks(true);
    private final LRUCache blocks;
    private final BloomFilter bloom = new BloomFilter(BLOOM_BITS, false);
    private final CompactionOptionsFIFO fifo;
    private final ColumnFamilyOptions ofPieces;
    private final ColumnFamilyOptions ofUsers =
            new ColumnFamilyOptions().setWriteBufferSize(USERS_GATHERED_BYTES).setMaxWriteBufferNumber(2);
    private final WriteOptions withoutLog =
            new WriteOptions().setDisableWAL(true).setNoSlowdown(true);
    private final ReadOptions reading = new ReadOptions().setFillCache(false);
    private final List<ColumnFamilyHandle> families = new ArrayList<>();
    private final RocksDB db;

    /**
     * Opens it in a folder, which is made where it is not there. What a cache left in it and cannot be opened is thrown away.
     *
     * @param bytes most bytes of its files
     * @param lifetime after this files are removed, at the next {@link #age}
     * @throws UncheckedIOException if nothing can be kept there, or what is there may not be a cache's
     */
    static DiskStore open(Path folder, long bytes, Duration lifetime) {
        try {
            RocksLibrary.load(folder);
            CacheFolder.claim(folder);
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "The disk cache cannot use " + folder + ": " + e.getMessage()
                            + " Set cache.diskPath to another folder.",
                    e);
        }
        return new DiskStore(folder, bytes, lifetime);
    }

    private DiskStore(Path folder, long bytes, Duration lifetime) {
        long file = Math.min(LARGEST_FILE_BYTES, bytes / FILES);
        fifo = new CompactionOptionsFIFO().setMaxTableFilesSize(bytes - 2 * file);
        blocks = new LRUCache(file);
        ofPieces = new ColumnFamilyOptions()
                .setCompactionStyle(CompactionStyle.FIFO)
                .setCompactionOptionsFIFO(fifo)
                .setCompressionType(CompressionType.NO_COMPRESSION)
                .setWriteBufferSize(file)
                .setMaxWriteBufferNumber(2)
                .setLevel0SlowdownWritesTrigger(Integer.MAX_VALUE)
                .setLevel0StopWritesTrigger(Integer.MAX_VALUE)
                .setTtl(lifetime.toSeconds())
                .setTableFormatConfig(
                        new BlockBasedTableConfig().setFilterPolicy(bloom).setBlockCache(blocks));
        db = open(folder);
    }

    private RocksDB open(Path folder) {
        try {
            return openFamilies(folder);
        } catch (RocksDBException e) {
            log.warn("the disk cache in {} cannot be opened and is begun anew: {}", folder, e.getMessage());
            return openAnew(folder);
        }
    }

    private RocksDB openFamilies(Path folder) throws RocksDBException {
        families.clear();
        var wanted = List.of(
                new ColumnFamilyDescriptor(RocksDB.DEFAULT_COLUMN_FAMILY, ofPieces),
                new ColumnFamilyDescriptor(CacheFolder.USERS.getBytes(StandardCharsets.UTF_8), ofUsers));
        return RocksDB.open(options, folder.toString(), wanted, families);
    }

    private RocksDB openAnew(Path folder) {
        try (var plain = new Options()) {
            RocksDB.destroyDB(folder.toString(), plain);
            return openFamilies(folder);
        } catch (RocksDBException e) {
            throw new UncheckedIOException(
                    "The disk cache cannot use " + folder + ": " + e.getMessage()
                            + ". Is another process using it? Set cache.diskPath to another folder.",
                    new IOException(e));
        }
    }

    /** A piece; null: there is none. */
    byte @Nullable [] get(byte[] name) throws RocksDBException {
        return db.get(reading, name);
    }

    /** Keeps a piece. */
    void put(byte[] name, byte[] piece) throws RocksDBException {
        db.put(withoutLog, name, piece);
    }

    /** Forgets a piece. */
    void remove(byte[] name) throws RocksDBException {
        db.delete(withoutLog, name);
    }

    /** A user's record; null: there is none. */
    byte @Nullable [] user(byte[] id) throws RocksDBException {
        return db.get(families.get(1), id);
    }

    /** Keeps a user's record. */
    void putUser(byte[] id, byte[] value) throws RocksDBException {
        db.put(families.get(1), withoutLog, id, value);
    }

    /** Forgets a user's record; {@link #forgetForGood} takes it off the disk. */
    void removeUser(byte[] id) throws RocksDBException {
        db.delete(families.get(1), withoutLog, id);
    }

    /** Shows all users' records. */
    void users(BiConsumer<byte[], byte[]> seen) throws RocksDBException {
        try (var all = db.newIterator(families.get(1))) {
            for (all.seekToFirst(); all.isValid(); all.next()) {
                seen.accept(all.key(), all.value());
            }
            all.status();
        }
    }

    /** When this returns, no file has a removed or replaced record of a user any more. */
    void forgetForGood() throws RocksDBException {
        try (var flush = new FlushOptions().setWaitForFlush(true);
                var whole = new CompactRangeOptions()
                        .setBottommostLevelCompaction(CompactRangeOptions.BottommostLevelCompaction.kForce)) {
            db.flush(flush, families.get(1));
            db.compactRange(families.get(1), null, null, whole);
        }
    }

    /** RocksDB looks for files past their time only when it writes; this has it look though nothing is written. */
    void age() throws RocksDBException {
        try (var flush = new FlushOptions().setWaitForFlush(true)) {
            db.flush(flush, families);
            db.compactRange();
        }
    }

    /** Bytes of its files with pieces. */
    long fileBytes() {
        try {
            return db.getLongProperty("rocksdb.total-sst-files-size");
        } catch (RocksDBException e) {
            return 0;
        }
    }

    /** Writes what is gathered, and closes. */
    @Override
    public void close() {
        try (var flush = new FlushOptions().setWaitForFlush(true)) {
            db.flush(flush, families);
        } catch (RocksDBException e) {
            log.warn("the disk cache keeps only part of what it had: {}", e.getMessage());
        }
        families.forEach(ColumnFamilyHandle::close);
        db.close();
        reading.close();
        withoutLog.close();
        ofUsers.close();
        ofPieces.close();
        options.close();
        fifo.close();
        bloom.close();
        blocks.close();
    }
}
