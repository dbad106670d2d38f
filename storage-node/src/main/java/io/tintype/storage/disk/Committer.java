// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.disk;

import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.RocksDBException;
import org.rocksdb.WriteBatch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one writer of a disk: one thread takes everything that waits, makes one batch of it, writes and syncs it once, and
 * completes the futures in the order in which the writes were handed in. So one fsync serves every shard on the disk.
 *
 * <p>Thread-safe. Futures complete on the committer's thread: what hangs on them must be short and must not block.
 *
 * <p>What always holds: a write whose future completed normally is on the disk, and so is all that was written before it
 * (readers may see a write shortly before it is); writes are applied in order of {@link
 * #commit}; after the first write or sync that fails nothing is ever written again, because what the disk then holds is
 * not known (a retried fsync may report success over lost pages).
 */
public final class Committer implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Committer.class);
    private static final int SPARE_BYTES = 16 << 10;

    /** Writes a batch; with sync, returns only when it and all that was written before it are on the disk. */
    interface BatchWriter {
        void write(WriteBatch batch, boolean sync) throws RocksDBException;
    }

    private final DiskConfig config;
    private final Map<Family, ColumnFamilyHandle> handles;
    private final BatchWriter writer;
    private final Room room;
    private final Gate gate;
    private final BatchEncoder encoder;
    private final ConcurrentLinkedQueue<BatchEncoder> spare = new ConcurrentLinkedQueue<>();
    private final Thread thread;
    private final LongAdder groups = new LongAdder();
    private final LongAdder writes = new LongAdder();
    private final LongAdder bytes = new LongAdder();

    private final CommitQueue queue;
    private final FirstFailure failure;

    Committer(
            DiskConfig config,
            Map<Family, ColumnFamilyHandle> handles,
            BatchWriter writer,
            SpaceGuard space,
            Gate gate) {
        this.config = config;
        this.handles = handles;
        this.writer = writer;
        this.room = new Room(config, space);
        this.gate = gate;
        this.queue = new CommitQueue(config);
        this.failure = new FirstFailure(config.directory());
        this.encoder = new BatchEncoder(handles, 1 << 20);
        this.thread = new Thread(this::run, "tintype-committer");
        this.thread.setDaemon(true);
    }

    void start() {
        thread.start();
    }

    /**
     * Says beforehand whether an upload of so many bytes is taken now. Uploads end well before the disk is full, at {@link
     * SpaceLimits#readOnlyBytes()}, and begin again by themselves at {@link SpaceLimits#resumeBytes()}. Never blocks.
     *
     * @throws TintypeException DISK_FULL or UNAVAILABLE
     */
    public void admitUpload(long moreBytes) {
        refuseIfFailed();
        room.requireForUpload(moreBytes);
    }

    /** Whether uploads are refused for want of room, until there is enough again. Never blocks. */
    public boolean isReadOnly() {
        return room.isReadOnly();
    }

    /**
     * Says beforehand whether {@link #commitEssential} would be tried now. Never blocks.
     *
     * @throws TintypeException UNAVAILABLE when the disk failed
     */
    public void admitEssential() {
        refuseIfFailed();
    }

    /**
     * Says beforehand whether {@link #commit} would take so many bytes now, for callers that cannot take back what they
     * are about to write. Never blocks.
     *
     * @throws TintypeException DISK_FULL or UNAVAILABLE
     */
    public void admit(long moreBytes) {
        refuseIfFailed();
        room.require(moreBytes);
    }

    /**
     * Hands a write in; never blocks. The future completes when it is fsynced. If writing fails, the future fails with
     * OUTCOME_UNKNOWN (the write may have survived) and the disk is failed for ever.
     *
     * @throws TintypeException at once, with nothing written: OVERLOADED when too much waits already, DISK_FULL when the
     *     disk is under its reserve, UNAVAILABLE when it failed or is being closed
     */
    public CompletableFuture<Void> commit(Write write) {
        room.require(write.bytes());
        return commitEssential(write);
    }

    /**
     * As {@link #commit}, for copies of uploads that a shard's primary has admitted already: they may take half of the reserve.
     * Whoever fills the disks of a shard all at once does not thereby leave something in its log that nobody can take, and
     * behind which its deletes would wait.
     */
    public CompletableFuture<Void> commitCopy(Write write) {
        room.requireForCopy(write.bytes());
        return commitEssential(write);
    }

    /**
     * As {@link #commit}, for the small writes that must go on when the disk is under its reserve: epochs, deletes,
     * truncation.
     */
    public CompletableFuture<Void> commitEssential(Write write) {
        refuseIfFailed();
        try {
            return queue.add(write);
        } catch (TintypeException e) {
            refuseIfFailed(); // it may have failed meanwhile, which says more
            throw e;
        }
    }

    /**
     * Writes on the caller's thread without fsync: for what can be done again from the log after a crash. Blocks, but
     * not for an fsync that is under way. Visible to readers when it returns.
     *
     * @throws TintypeException UNAVAILABLE when the disk failed, now or before, or is being closed
     */
    public void writeNow(Write write) {
        refuseIfFailed();
        gate.enter();
        try {
            writeInside(write);
        } catch (RocksDBException e) {
            fail(e);
            throw failure.refusal(e);
        } finally {
            gate.exit();
        }
    }

    /** Tells a listener, on the thread that found out, as soon as the disk fails; at once if it already has. */
    public void onFailure(Consumer<Throwable> listener) {
        failure.onFailure(listener);
    }

    /** True after the first write that failed; never false again. */
    public boolean failed() {
        return failure.cause() != null;
    }

    /** Writes that wait to be synced. */
    public int waitingWrites() {
        return queue.writes();
    }

    /** Bytes of the writes that wait to be synced. */
    public long waitingBytes() {
        return queue.bytes();
    }

    /** Number of fsynced groups so far. */
    long groups() {
        return groups.sum();
    }

    /** Number of writes in them. */
    long writes() {
        return writes.sum();
    }

    /** Number of bytes in them. */
    long bytes() {
        return bytes.sum();
    }

    /** Marks the disk as failed, for what RocksDB finds out in the background. */
    void fail(Throwable cause) {
        var toTell = failure.note(cause);
        if (toTell == null) {
            return;
        }
        var abandoned = queue.abandon();
        toTell.run();
        abandoned.forEach(waiting -> waiting.done().completeExceptionally(failure.refusal(cause)));
    }

    /** Frees native memory; for when the gate is closed, so that nobody is in {@link #writeNow} any more. */
    void free() {
        for (var idleEncoder = spare.poll(); idleEncoder != null; idleEncoder = spare.poll()) {
            idleEncoder.close();
        }
    }

    /** Writes what waits, then ends; later writes are refused. */
    @Override
    public void close() {
        queue.close();
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        encoder.close();
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void writeInside(Write write) throws RocksDBException {
        var idleEncoder = spare.poll();
        var own = idleEncoder == null ? new BatchEncoder(handles, SPARE_BYTES) : idleEncoder;
        try {
            own.add(write);
            writer.write(own.batch(), false);
        } finally {
            own.clear();
            spare.add(own);
        }
    }

    private void run() {
        var group = new ArrayList<CommitQueue.Waiting>();
        try {
            while (queue.take(group)) {
                commit(group);
                group.clear();
            }
        } catch (RocksDBException | RuntimeException | Error e) {
            // Nobody else writes, so whatever ends this is to be seen.
            log.error("{}: nothing is written any more", config.directory(), e);
            abandon(group, e);
        }
    }

    private void commit(List<CommitQueue.Waiting> group) throws RocksDBException {
        for (var waiting : group) {
            encoder.add(waiting.write());
        }
        writer.write(encoder.batch(), true);
        encoder.clear();
        groups.increment();
        writes.add(group.size());
        for (var waiting : group) {
            bytes.add(waiting.write().bytes());
            waiting.done().complete(null);
        }
    }

    private void abandon(List<CommitQueue.Waiting> group, Throwable e) {
        fail(e);
        var unknown = new TintypeException(
                Reason.OUTCOME_UNKNOWN,
                config.directory() + " failed while the write was made (" + e.getMessage()
                        + "); whether it survived is not known",
                Map.of(),
                null,
                e);
        group.forEach(waiting -> waiting.done().completeExceptionally(unknown));
    }

    private void refuseIfFailed() {
        failure.refuseFromThenOn();
    }
}
