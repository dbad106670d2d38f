// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.disk;

import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.CompactRangeOptions;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.Status;
import org.rocksdb.WriteBatch;
import org.rocksdb.WriteOptions;

/**
 * One data directory, open: reads by key and range, and the {@link Committer} that writes. One process has it open at a
 * time.
 *
 * <p>Thread-safe. Reads block on the disk: never call them from an event loop. {@link #close} waits for readers.
 */
public final class Disk implements AutoCloseable {
    /** What {@link #getUnchecked(Family, byte[], byte[])} returns where there is no value. */
    public static final int ABSENT = RocksDB.NOT_FOUND;

    private final DiskConfig config;
    private final DataDirectory directory;
    private final StoreOptions options;
    private final Map<Family, ColumnFamilyHandle> handles;
    private final RocksDB db;
    private final Gate gate = new Gate();
    private final AtomicBoolean closed = new AtomicBoolean();
    private final WriteOptions synced = new WriteOptions().setSync(true);
    private final WriteOptions unsynced = new WriteOptions();
    private final Failures failures;
    private final SpaceGuard space;
    private final Committer committer;
    private final BlobFiles blobFiles;
    private final StoreFigures figures;
    private final StoreReads reads;

    Disk(DiskConfig config, DataDirectory directory, StoreOptions options, OpenStore store, Failures failures) {
        this.config = config;
        this.directory = directory;
        this.options = options;
        this.db = store.db();
        this.handles = store.handles();
        this.failures = failures;
        this.space = new SpaceGuard(config.space(), this::usableBytes, System::nanoTime);
        this.committer = new Committer(config, handles, this::write, space, gate);
        this.blobFiles = new BlobFiles(db, handle(Family.CHUNK));
        this.figures = new StoreFigures(db, handles, options, committer);
        this.reads = new StoreReads(config.directory(), db, this::handle, gate);
        failures.tell(committer);
        committer.start();
    }

    /**
     * Opens a data directory, making it if it is missing.
     *
     * @throws DiskException if it is in use, of another cluster, of a newer format, damaged, or not accessible; nothing
     *     was changed then
     */
    public static Disk open(DiskConfig config) throws DiskException {
        return DiskOpening.open(config);
    }

    /**
     * As {@link #open}; but a store that does not hold what was written to it is put out of the way, and an empty one opened
     * in its place. What was in it is then gone as far as this process is concerned: its replicas come back as other
     * incarnations, and are rebuilt from their peers.
     *
     * @throws DiskException as {@link #open}, and DAMAGED where that had to be done twice before without {@link
     *     #noteRefilled} in between
     */
    public static Disk openOrSetAside(DiskConfig config) throws DiskException {
        return DiskOpening.openOrSetAside(config);
    }

    /** How many damaged stores were put out of the way here, and are still kept: two at most. */
    public int damagedKept() {
        return directory.damagedStores().kept();
    }

    /**
     * Whether damaged stores are kept of which nobody has said yet that nothing needs them.
     *
     * @throws DiskException IO
     */
    public boolean isToBeRefilled() throws DiskException {
        var damaged = directory.damagedStores();
        return damaged.kept() > 0 && !damaged.isRefilled();
    }

    /**
     * Says that everything that damaged stores held which are kept here is on other nodes too. They stay for people to look
     * at, until the next one is set aside. Synced.
     *
     * @throws DiskException IO
     */
    public void noteRefilled() throws DiskException {
        directory.damagedStores().noteRefilled();
    }

    /** Whose directory it is, without opening it; empty where nothing was ever stored in it. */
    public static Optional<DiskIdentity> identify(Path directory) throws DiskException {
        return DataDirectory.identify(directory);
    }

    /** Whose directory this is. */
    public DiskIdentity identity() {
        return directory.identity();
    }

    /** The writer. */
    public Committer committer() {
        return committer;
    }

    /**
     * The value of a key; null if there is none.
     *
     * @throws TintypeException CORRUPT_DATA if it cannot be read, UNAVAILABLE while closing
     */
    public byte @Nullable [] get(Family family, byte[] key) {
        return reads.get(family, key);
    }

    /**
     * As {@link #get}, but RocksDB verifies no checksum: only for values that carry one of their own which the caller
     * verifies. Three times cheaper for large values, see docs/decisions.
     */
    public byte @Nullable [] getUnchecked(Family family, byte[] key) {
        return reads.getUnchecked(family, key);
    }

    /**
     * As {@link #getUnchecked(Family, byte[])}, but into an array of the caller's, from its beginning.
     *
     * @return how many bytes the value has, which may be more than the array holds; {@link #ABSENT}: there is none
     */
    public int getUnchecked(Family family, byte[] key, byte[] into) {
        return reads.getUnchecked(family, key, into);
    }

    /** Walks from a key (inclusive) to another (exclusive). */
    public Scan scan(Family family, byte[] from, byte[] to) {
        return reads.scan(family, from, to);
    }

    /** Everything as it is now, for readers who take their time. */
    public Moment moment() {
        return reads.moment();
    }

    /** About how many bytes the entries from a key (inclusive) to another (exclusive) take, without large values. */
    public long approximateBytes(Family family, byte[] from, byte[] to) {
        return reads.approximateBytes(family, from, to);
    }

    /**
     * Gives the room of removed entries from a key (inclusive) to another (exclusive) back, in all families, without
     * waiting for it to happen by itself. Takes a while: it rewrites what lies between and around them, but no large values.
     *
     * @throws TintypeException UNAVAILABLE when the disk failed or is being closed
     */
    public void compact(byte[] from, byte[] to) {
        gate.enter();
        try (var options = new CompactRangeOptions().setExclusiveManualCompaction(false)) {
            for (var handle : handles.values()) {
                db.compactRange(handle, from, to, options);
            }
        } catch (RocksDBException e) {
            if (isCorruption(e.getStatus())) {
                failures.damaged(e);
            }
            throw new TintypeException(
                    Reason.UNAVAILABLE, config.directory() + ": " + e.getMessage(), Map.of(), null, e);
        } finally {
            gate.exit();
        }
    }

    /** Whether the room of removed chunks is being given back: then {@link #maintain} is to be called again soon. From any thread. */
    public boolean isCollecting() {
        return blobFiles.isCollecting();
    }

    /**
     * Gives the room of removed chunks back to the file system, in the background. To be called every minute or so, by
     * one thread at a time.
     *
     * @return whether it is at it
     */
    public boolean maintain() {
        gate.enter();
        try {
            return blobFiles.maintain();
        } catch (RocksDBException e) {
            throw new TintypeException(
                    Reason.UNAVAILABLE, config.directory() + ": " + e.getMessage(), Map.of(), null, e);
        } finally {
            gate.exit();
        }
    }

    /** Bytes of the file system, and those free for use. */
    public Usage usage() {
        try {
            return directory.usage();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Counters and levels by name, for metrics. */
    public Map<String, Long> metrics() {
        gate.enter();
        try {
            return figures.all();
        } finally {
            gate.exit();
        }
    }

    /** Writes what waits, waits for readers, syncs and closes. Later calls are refused. */
    @Override
    public void close() {
        if (closed.getAndSet(true)) {
            return;
        }
        committer.close();
        gate.close();
        committer.free();
        try {
            if (!committer.failed()) {
                db.syncWal();
            }
        } catch (RocksDBException e) {
            committer.fail(e);
        } finally {
            handles.values().forEach(ColumnFamilyHandle::close);
            db.close();
            reads.close();
            synced.close();
            unsynced.close();
            options.close();
            directory.close();
        }
    }

    /**
     * A batch to be synced is written first and synced then, so that other writes need not wait for the disk: RocksDB
     * holds its queue during a write that syncs, but not during a sync. All that is in the log so far is synced, so a sync
     * never leaves a gap. With direct writes the sync of a write also covers the blob file, and only that does.
     */
    private void write(WriteBatch batch, boolean sync) throws RocksDBException {
        if (sync && config.blobDirectWrite()) {
            db.write(synced, batch);
            return;
        }
        db.write(unsynced, batch);
        if (sync) {
            db.syncWal();
        }
    }

    private ColumnFamilyHandle handle(Family family) {
        var handle = handles.get(family);
        if (handle == null) {
            throw new IllegalStateException("family " + family + " is not open");
        }
        return handle;
    }

    private long usableBytes() {
        return usage().freeBytes();
    }

    static boolean isCorruption(@Nullable Status status) {
        return status != null && status.getCode() == Status.Code.Corruption;
    }

    /**
     * Room on the file system of a disk.
     *
     * @param totalBytes all there is
     * @param freeBytes what this process may still use
     */
    public record Usage(long totalBytes, long freeBytes) {}

    /** RocksDB, open, with its families. */
    record OpenStore(RocksDB db, Map<Family, ColumnFamilyHandle> handles) {}
}
