// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.cache;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.BloomFilter;
import org.rocksdb.CompactionOptionsFIFO;
import org.rocksdb.CompactionStyle;
import org.rocksdb.CompressionType;
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
 * Pieces on this machine's disk, in RocksDB with FIFO compaction: written once, without a log, and dropped file by file, the
 * oldest first, when there are too many. Survives restarts; what a crash loses is a miss. Thread-safe.
 *
 * <p>Its own few threads do all that touches the disk. When they are behind, pieces are not looked for and not kept.
 */
final class DiskLayer implements PieceLayer {
    private static final Logger log = LoggerFactory.getLogger(DiskLayer.class);

    /** Least bytes with which it works: below, files would be dropped as they are written. */
    static final long LEAST_BYTES = 64L << 20;

    /** How long a piece lies on disk: a user who has moved to another region leaves nothing here for longer. */
    static final Duration LIFETIME = Duration.ofHours(24);

    /** How often in a lifetime it is looked for what is past it. */
    private static final int LOOKS_EACH = 24;

    private static final int THREADS = 2;
    private static final int WAITING = 256;
    private static final long CLOSE_S = 10;
    /** Gathered in memory before it goes to disk as one file. */
    private static final long LARGEST_FILE_BYTES = 32L << 20;

    private static final int FILES = 16;
    private static final int BLOOM_BITS = 10;
    private static final int REMEMBERED = 1 << 20;

    static {
        RocksDB.loadLibrary();
    }

    private final PieceCodec codec;
    private final Predicate<String> mayLieHere;
    private final QuietLog quietly = new QuietLog(log, System::nanoTime);
    private final SeenBefore seen = new SeenBefore(REMEMBERED);
    private final Options options;
    private final LRUCache blocks;
    private final BloomFilter bloom = new BloomFilter(BLOOM_BITS, false);
    private final CompactionOptionsFIFO fifo;
    private final WriteOptions withoutLog = new WriteOptions().setDisableWAL(true);
    private final ReadOptions reading = new ReadOptions().setFillCache(false);
    private final RocksDB db;
    private final ThreadPoolExecutor threads;
    private final ScheduledThreadPoolExecutor ageing;
    private volatile boolean closed;

    /**
     * Opens the cache in a folder, which is made where it is not there. What is in it and cannot be opened is thrown away.
     *
     * @param lifetime after this, and at most {@link #LOOKS_EACH} of it more, a piece is gone from the disk
     * @param mayLieHere whose bytes may be on this machine's disk; what was written of others before is not read any more
     * @throws UncheckedIOException if nothing can be kept there
     */
    DiskLayer(Path folder, long bytes, Duration lifetime, PieceCodec codec, Predicate<String> mayLieHere) {
        this.codec = codec;
        this.mayLieHere = mayLieHere;
        long file = Math.min(LARGEST_FILE_BYTES, bytes / FILES);
        fifo = new CompactionOptionsFIFO().setMaxTableFilesSize(bytes - 2 * file);
        blocks = new LRUCache(file);
        options = new Options()
                .setCreateIfMissing(true)
                .setCompactionStyle(CompactionStyle.FIFO)
                .setCompactionOptionsFIFO(fifo)
                .setCompressionType(CompressionType.NO_COMPRESSION)
                .setWriteBufferSize(file)
                .setMaxWriteBufferNumber(2)
                .setLevel0SlowdownWritesTrigger(Integer.MAX_VALUE)
                .setLevel0StopWritesTrigger(Integer.MAX_VALUE)
                .setMaxOpenFiles(-1)
                .setKeepLogFileNum(2)
                .setTtl(lifetime.toSeconds())
                .setParanoidChecks(true)
                .setTableFormatConfig(
                        new BlockBasedTableConfig().setFilterPolicy(bloom).setBlockCache(blocks));
        db = open(folder);
        var queue = new ArrayBlockingQueue<Runnable>(WAITING);
        threads = new ThreadPoolExecutor(THREADS, THREADS, 1, TimeUnit.MINUTES, queue, work -> {
            var thread = new Thread(work, "disk-cache");
            thread.setDaemon(true);
            return thread;
        });
        ageing = new ScheduledThreadPoolExecutor(1, work -> {
            var thread = new Thread(work, "disk-cache-ageing");
            thread.setDaemon(true);
            return thread;
        });
        long period = lifetime.toMillis() / LOOKS_EACH;
        var unused = ageing.scheduleWithFixedDelay(this::age, period, period, TimeUnit.MILLISECONDS);
    }

    /** RocksDB looks for files past their time only when it writes; this has it look though nothing is written. */
    private synchronized void age() {
        try (var flush = new FlushOptions().setWaitForFlush(true)) {
            if (!closed) {
                db.flush(flush);
                db.compactRange();
            }
        } catch (RocksDBException e) {
            quietly.warn("what is too old cannot be removed from the disk cache", e);
        }
    }

    private RocksDB open(Path folder) {
        try {
            Files.createDirectories(folder);
            return RocksDB.open(options, folder.toString());
        } catch (RocksDBException e) {
            log.warn("the disk cache in {} cannot be opened and is begun anew: {}", folder, e.getMessage());
            return openAnew(folder);
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "The disk cache cannot use " + folder + ": " + e.getMessage() + ". Set cache.diskPath to another"
                            + " folder.",
                    e);
        }
    }

    private RocksDB openAnew(Path folder) {
        try {
            RocksDB.destroyDB(folder.toString(), options);
            return RocksDB.open(options, folder.toString());
        } catch (RocksDBException e) {
            throw new UncheckedIOException(
                    "The disk cache cannot use " + folder + ": " + e.getMessage()
                            + ". Is another process using it? Set cache.diskPath to another folder.",
                    new IOException(e));
        }
    }

    @Override
    public String name() {
        return "disk";
    }

    @Override
    public CompletableFuture<Optional<Piece>> get(PieceSpec spec) {
        if (!mayLieHere.test(spec.key().user())) {
            return CompletableFuture.completedFuture(Optional.empty());
        }
        var answer = new CompletableFuture<Optional<Piece>>();
        if (!run(() -> answer.complete(read(spec)))) {
            answer.complete(Optional.empty());
        }
        return answer;
    }

    private Optional<Piece> read(PieceSpec spec) {
        var digest = codec.key(spec.key());
        try {
            return closed ? Optional.empty() : codec.decode(digest, spec.length(), db.get(reading, digest));
        } catch (RocksDBException e) {
            quietly.warn("a piece cannot be read from the disk cache, and is read elsewhere", e);
            return Optional.empty();
        }
    }

    /** Keeps what is offered for the second time: what is asked for once, as by a scan, costs no write. */
    @Override
    public void offer(PieceKey key, Piece piece) {
        if (piece.length() == 0 || !mayLieHere.test(key.user()) || !piece.retain()) {
            return;
        }
        if (!run(() -> write(key, piece))) {
            piece.release();
        }
    }

    private void write(PieceKey key, Piece piece) {
        try {
            var digest = codec.key(key);
            if (!closed && mayLieHere.test(key.user()) && seen.test(digest) && db.get(reading, digest) == null) {
                db.put(withoutLog, digest, codec.encode(digest, piece));
            }
        } catch (RocksDBException e) {
            quietly.warn("a piece cannot be written to the disk cache", e);
        } finally {
            piece.release();
        }
    }

    @Override
    public void drop(PieceKey key) {
        var unused = run(() -> {
            try {
                if (!closed) {
                    db.delete(withoutLog, codec.key(key));
                }
            } catch (RocksDBException e) {
                quietly.warn("a piece cannot be dropped from the disk cache", e);
            }
        });
    }

    private boolean run(Runnable work) {
        try {
            threads.execute(work);
            return true;
        } catch (RejectedExecutionException behind) {
            return false;
        }
    }

    @Override
    public long heldBytes() {
        return longProperty("rocksdb.total-sst-files-size");
    }

    private synchronized long longProperty(String name) {
        try {
            return closed ? 0 : db.getLongProperty(name);
        } catch (RocksDBException e) {
            return 0;
        }
    }

    /** Writes what is gathered, and closes. */
    @Override
    public void close() {
        ageing.shutdownNow();
        threads.shutdown();
        try {
            if (!threads.awaitTermination(CLOSE_S, TimeUnit.SECONDS)) {
                log.warn("the disk cache is still at work; closing it waits no longer");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
            try (var flush = new FlushOptions().setWaitForFlush(true)) {
                db.flush(flush);
            } catch (RocksDBException e) {
                log.warn("the disk cache keeps only part of what it had: {}", e.getMessage());
            }
            db.close();
            reading.close();
            withoutLog.close();
            options.close();
            bloom.close();
            blocks.close();
        }
    }
}
