// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.bench;

import io.tintype.cluster.rocks.RocksLibrary;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.SplittableRandom;
import java.util.concurrent.ThreadLocalRandom;
import org.rocksdb.CompressionType;
import org.rocksdb.Options;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.WriteOptions;

/**
 * What RocksDB alone does on the same disk: every write synced, concurrent writes grouped as the library groups them,
 * large values in blob files, no compression. Nothing of Tintype is in between.
 */
final class RawRocks implements AutoCloseable {
    private static final int KEY_BYTES = 12;

    private final Options options;
    private final WriteOptions synced = new WriteOptions().setSync(true);
    private final ReadOptions reads = new ReadOptions();
    private final RocksDB database;
    private final byte[] value;
    private final int concurrency;
    private final Raw.Pace pace;
    private final long[] written;

    private RawRocks(Options options, RocksDB database, int size, int concurrency, Raw.Pace pace) {
        this.options = options;
        this.database = database;
        this.concurrency = concurrency;
        this.pace = pace;
        value = new byte[size];
        new SplittableRandom(size).nextBytes(value);
        written = new long[concurrency];
    }

    /** Opens an empty database in a folder. */
    static RawRocks open(Path folder, int size, int concurrency, Raw.Pace pace) throws RocksDBException, IOException {
        RocksLibrary.load(folder);
        var options = new Options()
                .setCreateIfMissing(true)
                .setErrorIfExists(true)
                .setEnableBlobFiles(true)
                .setMinBlobSize(4096)
                .setBlobCompressionType(CompressionType.NO_COMPRESSION)
                .setCompressionType(CompressionType.NO_COMPRESSION)
                .setWriteBufferSize(64L << 20);
        return new RawRocks(options, RocksDB.open(options, folder.toString()), size, concurrency, pace);
    }

    /** Synced writes of new keys. */
    Raw.Measured puts() throws InterruptedException {
        return Raw.measure(concurrency, pace, value.length, CpuMeter::own, (worker, index) -> {
            database.put(synced, key(worker, written[worker]), value);
            written[worker]++;
        });
    }

    /** Reads of keys written by {@link #puts}, drawn evenly. */
    Raw.Measured gets() throws InterruptedException {
        return Raw.measure(concurrency, pace, value.length, CpuMeter::own, (worker, index) -> {
            long drawn = ThreadLocalRandom.current().nextLong(Math.max(1, written[worker]));
            byte[] read = database.get(reads, key(worker, drawn));
            if (read == null || read.length != value.length) {
                throw new IllegalStateException("RocksDB lost a key that it had synced");
            }
        });
    }

    @Override
    public void close() {
        database.close();
        options.close();
        synced.close();
        reads.close();
    }

    private static byte[] key(int worker, long index) {
        return ByteBuffer.allocate(KEY_BYTES).putInt(worker).putLong(index).array();
    }
}
