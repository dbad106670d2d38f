// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.blob;

import io.tintype.model.Reason;
import io.tintype.model.ShardId;
import io.tintype.model.TintypeException;
import io.tintype.storage.disk.Disk;
import io.tintype.storage.disk.Family;
import io.tintype.storage.disk.Write;
import io.tintype.storage.log.LogAge;
import io.tintype.storage.log.LogRecord;
import io.tintype.storage.log.LogStore;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongSupplier;

/**
 * Everything one replica keeps on one disk: its log, the state that the log made, and the chunks.
 *
 * <p>Itself immutable; each part says who may call it.
 */
public final class ShardStore {
    private static final int READ_BYTES = 1 << 20;

    private final Disk disk;
    private final ShardId shard;
    private final Keys keys;
    private final LogStore log;
    private final StateMachine machine;
    private final ChunkStore chunks;
    private final ShardReader reader;
    private final Collector collector;

    private ShardStore(Disk disk, ShardId shard, LogStore log, Set<MoveRule> rules, LongSupplier nanoTime) {
        this.disk = disk;
        this.shard = shard;
        this.keys = new Keys(shard);
        this.log = log;
        this.machine = new StateMachine(disk, shard, keys, rules, nanoTime);
        this.chunks = new ChunkStore(disk, keys);
        this.reader = new ShardReader(disk, keys, log, machine, chunks);
        this.collector = new Collector(disk, keys, machine);
    }

    /**
     * Opens a shard; empty if the disk never had it. Blocks.
     *
     * @param logCacheBytes most bytes of newest records to keep in memory
     * @throws TintypeException CORRUPT_DATA if what is there does not hold together
     */
    public static ShardStore open(Disk disk, ShardId shard, long logCacheBytes) {
        return open(disk, shard, logCacheBytes, MoveRule.all(), System::nanoTime);
    }

    /** As above, with only some of the rules, and another monotonic clock: for tests. */
    static ShardStore open(Disk disk, ShardId shard, long logCacheBytes, Set<MoveRule> rules, LongSupplier nanoTime) {
        var store = new ShardStore(disk, shard, LogStore.open(disk, shard, logCacheBytes), rules, nanoTime);
        if (store.isInstalling()) {
            store.machine.reset();
            return store;
        }
        store.log.notBefore(store.machine.logTimeMs());
        long applied = store.machine.applied().seq();
        if (applied > store.log.last().seq() || applied + 1 < store.log.first()) {
            throw new TintypeException(
                    Reason.CORRUPT_DATA,
                    "shard " + shard + ": record " + applied + " is applied, but the log has " + store.log.first()
                            + " to " + store.log.last().seq() + "; the replica is to be rebuilt from its peers");
        }
        return store;
    }

    /** The shards that a disk has anything of. Blocks. */
    public static List<ShardId> list(Disk disk) {
        var found = new ArrayList<ShardId>();
        byte[] end = ByteBuffer.allocate(Integer.BYTES).putInt(-1).array();
        try (var scan = disk.scan(Family.META, new byte[Integer.BYTES], end)) {
            while (scan.valid()) {
                var shard = new ShardId(ByteBuffer.wrap(scan.key()).getInt());
                found.add(shard);
                scan.seek(new Keys(shard).end());
            }
        }
        return found;
    }

    /** The shard. */
    public ShardId id() {
        return shard;
    }

    /** Its log. */
    public LogStore log() {
        return log;
    }

    /** What applies records. */
    public StateMachine machine() {
        return machine;
    }

    /** What takes chunks. */
    public ChunkStore chunks() {
        return chunks;
    }

    /** What reads. */
    public ShardReader reader() {
        return reader;
    }

    /** What finds waste. */
    public Collector collector() {
        return collector;
    }

    /** The chunk that travels with a record; empty if none does, or it is gone from here. Blocks. */
    public Optional<Chunk> inlineChunk(LogRecord record) {
        return NamedChunks.inlineKey(record).flatMap(reader::chunk);
    }

    /**
     * Drops all records behind one, and the chunks that came with them. Event loop only; blocks.
     *
     * @throws IllegalArgumentException if one of them is applied: what is committed is never cut
     */
    public void truncateTo(Write write, long seq) {
        if (seq < machine.applied().seq()) {
            throw new IllegalArgumentException(
                    "shard " + shard + ": cannot cut the log at " + seq + ": " + machine.applied() + " is applied");
        }
        long last = log.last().seq();
        for (long from = seq + 1; from <= last; ) {
            var entries = log.cached(from, READ_BYTES);
            if (entries.isEmpty()) {
                entries = log.read(from, last, READ_BYTES);
            }
            if (entries.isEmpty()) {
                throw new TintypeException(Reason.CORRUPT_DATA, "shard " + shard + ": record " + from + " is missing");
            }
            for (var entry : entries) {
                NamedChunks.inlineKey(entry.record()).ifPresent(key -> chunks.remove(write, key));
            }
            from += entries.size();
        }
        log.truncateTo(write, seq);
        log.notBefore(machine.logTimeMs());
    }

    /**
     * Drops records up to and including one from the front of the log. Event loop only.
     *
     * @throws IllegalArgumentException if one of them is not applied yet, or none would be left
     */
    public void trimTo(Write write, long seq) {
        if (seq > machine.applied().seq()) {
            throw new IllegalArgumentException("shard " + shard + ": cannot trim the log up to " + seq + ": only "
                    + machine.applied() + " is applied");
        }
        log.trimTo(write, seq);
    }

    /**
     * The last record that is older than a time, or in front of the newest so many bytes of the log; 0: none. Blocks; any
     * thread.
     */
    public long logBefore(long timeMs, long keptBytes) {
        return LogAge.upTo(disk, shard, timeMs, keptBytes);
    }

    // ---- replacing everything by a snapshot

    /** Everything that the applied records made, as of now. Blocks; any thread. */
    public ShardSnapshot snapshot() {
        return ShardSnapshot.open(disk, shard, keys, chunks::damaged);
    }

    /** Keeps the state as it is now, to be digested. To be closed. Any thread; blocks for a moment. */
    public PinnedState pin() {
        return PinnedState.open(disk, shard, keys);
    }

    /** Bytes that a snapshot of the shard has, about. Blocks for a moment; any thread. */
    public long sizeBytes() {
        return machine.stats().bytes() + ShardSnapshot.besides(disk, keys);
    }

    /** True while a snapshot is being installed, or was when the process ended: nothing here is to be read then. */
    public boolean isInstalling() {
        return log.isInstalling();
    }

    /**
     * Gives everything up but promise and incarnation, and notes that a snapshot is being installed. Event loop only;
     * nothing of the shard may be being written or applied. When the write is durable, parts may follow.
     */
    public void beginInstall(Write write) {
        for (var family : ShardSnapshot.FAMILIES) {
            write.deleteRange(family, keys.first(), keys.end());
        }
        write.delete(Family.META, keys.applied());
        log.beginInstall(write);
        machine.reset();
    }

    /**
     * Takes the parts of a snapshot.
     *
     * @throws IllegalArgumentException if the head contradicts itself
     */
    public SnapshotSink install(SnapshotHead head) {
        return new SnapshotSink(disk, shard, keys, head);
    }

    /**
     * The snapshot is whole: it counts as soon as the write is durable, and with it all parts. Then {@link #reload}. Event
     * loop only.
     */
    public void endInstall(Write write, SnapshotHead head) {
        write.put(Family.META, keys.applied(), head.applied());
        var state = SnapshotSink.check(shard, head);
        log.endInstall(write, head.at(), head.epochFirst(), state.logTimeMs());
    }

    /** Takes over what was installed. Blocks. */
    public void reload() {
        machine.reload();
    }

    /** Removes all that a disk has of a shard, whose store is not to be used any more. */
    public static void wipe(Write write, ShardId shard) {
        var keys = new Keys(shard);
        for (var family : Family.values()) {
            write.deleteRange(family, keys.first(), keys.end());
        }
    }

    /** Gives the room back that a wiped shard took. Blocks for a while. */
    public static void compact(Disk disk, ShardId shard) {
        var keys = new Keys(shard);
        disk.compact(keys.first(), keys.end());
    }
}
