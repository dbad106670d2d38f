// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.blob;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.tintype.model.Reason;
import io.tintype.model.ShardId;
import io.tintype.model.TintypeException;
import io.tintype.storage.disk.Disk;
import io.tintype.storage.disk.Family;
import io.tintype.storage.disk.Moment;
import io.tintype.storage.disk.Scan;
import io.tintype.storage.log.LogEntry;
import io.tintype.storage.log.LogMoment;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Everything that a shard's applied records made, as of one moment, read in parts: state and mark are always of the same
 * moment. Not the log, and not the chunks that came with records which are not applied yet: those follow with the records.
 *
 * <p>Every chunk is verified as it is read. Blocks; one thread at a time. Must be closed.
 */
public final class ShardSnapshot implements AutoCloseable {
    /** Families that hold what records made; the others are the log, and what a replica knows of itself. */
    static final Set<Family> FAMILIES = EnumSet.complementOf(EnumSet.of(Family.META, Family.LOG));

    private static final int ID_BYTES = Integer.BYTES;

    /** Chunks that lie between the last one that was sent and the one that cannot be read, at most. */
    private static final int LOOK_AT = 4_096;

    private final Moment moment;
    private final Keys keys;
    private final SnapshotHead head;
    private final Set<ByteString> notApplied;
    private final Consumer<ChunkKey> damaged;
    private final Iterator<Family> families = FAMILIES.iterator();
    private @Nullable Family family;
    private @Nullable Scan scan;
    private byte @Nullable [] lastKey;

    private ShardSnapshot(
            Moment moment, Keys keys, SnapshotHead head, Set<ByteString> notApplied, Consumer<ChunkKey> damaged) {
        this.moment = moment;
        this.keys = keys;
        this.head = head;
        this.notApplied = notApplied;
        this.damaged = damaged;
    }

    /**
     * Takes a snapshot.
     *
     * @param damaged is told of a chunk that is not what was stored
     * @throws TintypeException UNAVAILABLE where nothing was applied yet, or a snapshot is being installed here itself
     */
    static ShardSnapshot open(Disk disk, ShardId shard, Keys keys, Consumer<ChunkKey> damaged) {
        var moment = disk.moment();
        try {
            var mark = moment.get(Family.META, keys.applied());
            var log = new LogMoment(moment, shard);
            if (mark == null || log.isInstalling()) {
                throw new TintypeException(
                        Reason.UNAVAILABLE, "shard " + shard + ": there is nothing here yet to take a snapshot of");
            }
            var state = StateMachine.decode(shard, mark);
            var head = new SnapshotHead(
                    state.at(),
                    log.epochs().stream()
                            .filter(start -> start.epoch() == state.at().epoch())
                            .findFirst()
                            .orElseThrow(() -> new TintypeException(
                                    Reason.CORRUPT_DATA,
                                    "shard " + shard + ": the epoch of " + state.at() + " has no beginning"))
                            .seq(),
                    UnsafeByteOperations.unsafeWrap(mark),
                    state.stats().bytes() + besides(disk, keys));
            return new ShardSnapshot(
                    moment, keys, head, notApplied(log.tail(state.at().seq() + 1), keys), damaged);
        } catch (RuntimeException | Error e) {
            moment.close();
            throw e;
        }
    }

    /** Bytes of everything but blobs that are there, about: what replaced and deleted ones left behind counts too. */
    static long besides(Disk disk, Keys keys) {
        long bytes = Garbage.waiting(disk, keys);
        for (var family : FAMILIES) {
            if (family != Family.CHUNK) {
                bytes += disk.approximateBytes(family, keys.first(), keys.end());
            }
        }
        return bytes;
    }

    private static Set<ByteString> notApplied(List<LogEntry> tail, Keys keys) {
        var found = new HashSet<ByteString>();
        for (var entry : tail) {
            NamedChunks.inlineKey(entry.record())
                    .ifPresent(key -> found.add(UnsafeByteOperations.unsafeWrap(keys.chunk(key))));
        }
        return found;
    }

    /** What it is of. */
    public SnapshotHead head() {
        return head;
    }

    /**
     * The next entries; empty: that was all.
     *
     * @param maxBytes about so many bytes of keys and values, unless a single entry has more
     * @throws TintypeException CORRUPT_DATA if something cannot be read: the snapshot is then of no use
     */
    public Optional<SnapshotPart> next(int maxBytes) {
        while (true) {
            if (scan == null) {
                if (!families.hasNext()) {
                    return Optional.empty();
                }
                family = families.next();
                lastKey = null;
                scan = moment.scan(family, keys.first(), keys.end());
            }
            var part = family == Family.CHUNK ? chunks(scan, maxBytes) : part(family, scan, maxBytes);
            if (part.isPresent()) {
                return part;
            }
            scan.close();
            scan = null;
        }
    }

    private Optional<SnapshotPart> chunks(Scan from, int maxBytes) {
        byte[] start = lastKey == null ? keys.first() : lastKey;
        try {
            return part(Family.CHUNK, from, maxBytes);
        } catch (TintypeException e) {
            findDamaged(start);
            throw e;
        }
    }

    /** RocksDB only says that something cannot be read: looks, without its checksums, for what fails ours. */
    private void findDamaged(byte[] start) {
        try (var unchecked = moment.scanUnchecked(Family.CHUNK, start, keys.end())) {
            for (int looked = 0; looked < LOOK_AT && unchecked.valid(); looked++, unchecked.next()) {
                byte[] key = unchecked.key();
                try {
                    ChunkCodec.decode(key, unchecked.value(), "of " + head.at());
                } catch (TintypeException e) {
                    damaged.accept(Keys.readChunk(key));
                    return;
                }
            }
        }
    }

    private Optional<SnapshotPart> part(@Nullable Family of, Scan from, int maxBytes) {
        var partKeys = new ArrayList<ByteString>();
        var values = new ArrayList<ByteString>();
        long bytes = 0;
        for (; from.valid() && bytes < maxBytes; from.next()) {
            byte[] key = from.key();
            byte[] value = from.value();
            if (of == Family.CHUNK) {
                if (notApplied.contains(UnsafeByteOperations.unsafeWrap(key))) {
                    continue;
                }
                ChunkCodec.decode(key, value, "of " + head.at());
            }
            if (!values.isEmpty() && bytes + value.length > maxBytes) {
                break;
            }
            lastKey = key;
            partKeys.add(UnsafeByteOperations.unsafeWrap(key, ID_BYTES, key.length - ID_BYTES));
            values.add(UnsafeByteOperations.unsafeWrap(value));
            bytes += key.length + value.length;
        }
        return of == null || values.isEmpty() ? Optional.empty() : Optional.of(new SnapshotPart(of, partKeys, values));
    }

    @Override
    public void close() {
        if (scan != null) {
            scan.close();
            scan = null;
        }
        moment.close();
    }
}
