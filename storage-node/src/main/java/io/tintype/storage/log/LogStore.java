// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.log;

import io.tintype.model.Reason;
import io.tintype.model.ShardId;
import io.tintype.model.TintypeException;
import io.tintype.storage.disk.Disk;
import io.tintype.storage.disk.Family;
import io.tintype.storage.disk.Write;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * The log of one shard on one disk, and what its replica must not forget: the epoch it promised, and its incarnation.
 *
 * <p>All but {@link #read} belongs to the shard's event loop. What changes the log puts its part into a {@link Write} and
 * takes effect in memory at once; on disk when the write is committed. Since a disk commits in order and fails for ever,
 * memory is never behind, and never wrong while the disk works.
 *
 * <p>What always holds: sequences have no gaps, epochs never fall, log times never fall.
 */
public final class LogStore {
    private static final byte INSTALL_FORMAT = 1;

    private final Disk disk;
    private final ShardId shard;
    private final EpochTable epochs = new EpochTable();
    private final LogTail tail;
    private final LogReader reader;
    private LogPosition last = LogPosition.START;
    private LogPosition trimmed = LogPosition.START;
    private long lastLogTimeMs;
    private long promisedEpoch;
    private long incarnation;
    private boolean installing;

    private LogStore(Disk disk, ShardId shard, long cacheBytes) {
        this.disk = disk;
        this.shard = shard;
        this.tail = new LogTail(cacheBytes);
        this.reader = new LogReader(disk, shard);
    }

    /**
     * Reads what the disk has of a shard's log; an empty log if it never had any. Blocks.
     *
     * @param cacheBytes most bytes of newest records to keep in memory
     * @throws TintypeException CORRUPT_DATA if the log does not hold together
     */
    public static LogStore open(Disk disk, ShardId shard, long cacheBytes) {
        var store = new LogStore(disk, shard, cacheBytes);
        store.load();
        return store;
    }

    /** The last record; {@link LogPosition#START} if there never was one. */
    public LogPosition last() {
        return last;
    }

    /** Number of the first record that is still here, or would be the next. */
    public long first() {
        return trimmed.seq() + 1;
    }

    /** Log time of the last record; 0 if there never was one. The next record's must not be less. */
    public long lastLogTimeMs() {
        return lastLogTimeMs;
    }

    /** The first record of each epoch, oldest first. */
    public List<LogPosition> epochs() {
        return epochs.starts();
    }

    /** Epoch of a record; 0 for 0. */
    public long epochAt(long seq) {
        if (seq > last.seq()) {
            throw new IllegalArgumentException("record " + seq + " lies behind the last one, " + last.seq());
        }
        return epochs.epochAt(seq);
    }

    /** No message of a lower epoch may be taken. */
    public long promisedEpoch() {
        return promisedEpoch;
    }

    /** Which incarnation of the replica this is; 0 if it was never given one. */
    public long incarnation() {
        return incarnation;
    }

    /** Promises an epoch; to be committed before anything is said in it. */
    public void promise(Write write, long epoch) {
        if (epoch < promisedEpoch) {
            throw new IllegalArgumentException("epoch " + promisedEpoch + " is promised, " + epoch + " is lower");
        }
        promisedEpoch = epoch;
        putReplica(write);
    }

    /** Gives the replica its incarnation. */
    public void incarnate(Write write, long newIncarnation) {
        incarnation = newIncarnation;
        putReplica(write);
    }

    /**
     * Appends the record that follows the last one.
     *
     * @throws IllegalArgumentException if it does not follow: another sequence, previous epoch, or an earlier time
     */
    public void append(Write write, LogEntry entry) {
        var record = entry.record();
        if (record.seq() != last.seq() + 1
                || record.prevEpoch() != last.epoch()
                || record.logTimeMs() < lastLogTimeMs) {
            throw new IllegalArgumentException("record " + record.position() + " at " + record.logTimeMs()
                    + " after epoch " + record.prevEpoch() + " does not follow " + last + " at " + lastLogTimeMs);
        }
        write.put(Family.LOG, LogKeys.record(shard, record.seq()), entry.encoded());
        if (record.epoch() != last.epoch()) {
            write.put(
                    Family.META,
                    LogKeys.epoch(shard, record.epoch()),
                    ByteBuffer.allocate(Long.BYTES).putLong(record.seq()).array());
            epochs.add(record.epoch(), record.seq());
        }
        tail.add(entry);
        last = record.position();
        lastLogTimeMs = record.logTimeMs();
    }

    /**
     * Drops all records behind one. Only what is not committed may be dropped; the caller sees to that. Blocks, because
     * the clock has to be read from the record that becomes the last. Where that one was trimmed or is in a snapshot, the log
     * cannot tell its time, and the caller does, by {@link #notBefore}.
     */
    public void truncateTo(Write write, long seq) {
        if (seq < trimmed.seq() || seq > last.seq()) {
            throw new IllegalArgumentException(
                    "cannot cut at " + seq + ": the log has " + first() + " to " + last.seq());
        }
        if (seq == last.seq()) {
            return;
        }
        long timeMs = seq == trimmed.seq() ? 0 : timeOf(seq);
        write.deleteRange(Family.LOG, LogKeys.record(shard, seq + 1), LogKeys.record(shard, last.seq() + 1));
        for (long epoch : epochs.cutAfter(seq)) {
            write.delete(Family.META, LogKeys.epoch(shard, epoch));
        }
        tail.cutAfter(seq);
        last = new LogPosition(epochs.epochAt(seq), seq);
        lastLogTimeMs = timeMs;
    }

    /**
     * Drops all records up to and including one, which every replica has applied. The last record always stays. Each call
     * leaves a range deletion behind, which later reads step over: trim in steps of a thousand records or more.
     */
    public void trimTo(Write write, long seq) {
        if (seq >= last.seq()) {
            throw new IllegalArgumentException(
                    "cannot trim up to " + seq + ": the last record " + last.seq() + " stays");
        }
        if (seq <= trimmed.seq()) {
            return;
        }
        write.deleteRange(Family.LOG, LogKeys.record(shard, first()), LogKeys.record(shard, seq + 1));
        trimmed = new LogPosition(epochs.epochAt(seq), seq);
        for (long epoch : epochs.cutBefore(seq)) {
            write.delete(Family.META, LogKeys.epoch(shard, epoch));
        }
        tail.cutUpTo(seq);
        putReplica(write);
    }

    // ---- replacing all of it

    /** True from {@link #beginInstall} to {@link #endInstall}, whatever became of the process meanwhile. */
    public boolean isInstalling() {
        return installing;
    }

    /** Gives all records up, for a snapshot that is to come. Promise and incarnation stay: they are the replica's. */
    public void beginInstall(Write write) {
        installing = true;
        epochs.clear();
        tail.clear();
        last = LogPosition.START;
        trimmed = LogPosition.START;
        lastLogTimeMs = 0;
        write.deleteRange(Family.LOG, LogKeys.record(shard, 0), LogKeys.record(shard, -1));
        write.deleteRange(Family.META, LogKeys.meta(shard, LogKeys.EPOCH), LogKeys.meta(shard, LogKeys.EPOCH + 1));
        write.put(Family.META, LogKeys.meta(shard, LogKeys.INSTALLING), new byte[] {INSTALL_FORMAT});
    }

    /**
     * The log begins behind the snapshot that was installed.
     *
     * @param at the last record whose effect is in the snapshot
     * @param epochFirst first record of that one's epoch
     * @param logTimeMs that one's log time
     */
    public void endInstall(Write write, LogPosition at, long epochFirst, long logTimeMs) {
        installing = false;
        epochs.add(at.epoch(), epochFirst);
        last = at;
        trimmed = at;
        lastLogTimeMs = logTimeMs;
        write.put(
                Family.META,
                LogKeys.epoch(shard, at.epoch()),
                ByteBuffer.allocate(Long.BYTES).putLong(epochFirst).array());
        putReplica(write);
        write.delete(Family.META, LogKeys.meta(shard, LogKeys.INSTALLING));
    }

    /** The next record's log time must not be less than this, although the log may have no record that says so. */
    public void notBefore(long logTimeMs) {
        lastLogTimeMs = Math.max(lastLogTimeMs, logTimeMs);
    }

    /** Records from one on out of memory: at least one if it is there, none if it is not. Does not block. */
    public List<LogEntry> cached(long from, int maxBytes) {
        return tail.from(from, maxBytes);
    }

    /**
     * Records from one up to and including another, from the disk: at least one if it is there. Blocks; any thread.
     * Records whose write is not committed yet are not among them.
     *
     * @param maxBytes about how many bytes of records to return at most
     * @throws TintypeException CORRUPT_DATA if a record cannot be read
     */
    public List<LogEntry> read(long from, long to, int maxBytes) {
        return reader.read(from, to, maxBytes);
    }

    private long timeOf(long seq) {
        var cached = tail.from(seq, 1);
        if (!cached.isEmpty()) {
            return cached.get(0).record().logTimeMs();
        }
        var read = read(seq, seq, 1);
        if (read.isEmpty()) {
            throw new TintypeException(Reason.CORRUPT_DATA, "shard " + shard + ": record " + seq + " is missing");
        }
        return read.get(0).record().logTimeMs();
    }

    private void putReplica(Write write) {
        write.put(Family.META, LogKeys.replica(shard), new ReplicaMark(promisedEpoch, incarnation, trimmed).bytes());
    }

    private void load() {
        var mark = ReplicaMark.read(disk.get(Family.META, LogKeys.replica(shard)));
        promisedEpoch = mark.promisedEpoch();
        incarnation = mark.incarnation();
        trimmed = mark.trimmed();
        installing = disk.get(Family.META, LogKeys.meta(shard, LogKeys.INSTALLING)) != null;
        if (installing) {
            trimmed = LogPosition.START;
            return; // what there is of a log is not to be read
        }
        try (var scan =
                disk.scan(Family.META, LogKeys.meta(shard, LogKeys.EPOCH), LogKeys.meta(shard, LogKeys.EPOCH + 1))) {
            for (; scan.valid(); scan.next()) {
                epochs.add(
                        LogKeys.lastLong(scan.key()),
                        ByteBuffer.wrap(scan.value()).getLong());
            }
        }
        last = trimmed;
        try (var scan = disk.scan(Family.LOG, LogKeys.record(shard, 0), LogKeys.record(shard, Long.MAX_VALUE))) {
            scan.seekToLast();
            if (scan.valid()) {
                var entry = reader.decode(scan.value(), LogKeys.lastLong(scan.key()));
                last = entry.record().position();
                lastLogTimeMs = entry.record().logTimeMs();
                tail.add(entry);
            }
        }
        if (last.seq() < trimmed.seq() || epochs.epochAt(last.seq()) != last.epoch()) {
            throw new TintypeException(
                    Reason.CORRUPT_DATA,
                    "shard " + shard + ": the log ends at " + last + ", which does not fit its epochs "
                            + epochs.starts() + "; the replica is to be rebuilt from its peers");
        }
    }
}
