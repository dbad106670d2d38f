// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.blob;

import io.tintype.model.BlobName;
import io.tintype.model.Reason;
import io.tintype.model.RequestId;
import io.tintype.model.TintypeException;
import io.tintype.model.UploadId;
import io.tintype.model.UserId;
import io.tintype.proto.internal.v1.Manifest;
import io.tintype.proto.internal.v1.OwnershipState;
import io.tintype.proto.internal.v1.StoredHead;
import io.tintype.proto.internal.v1.StoredOutcome;
import io.tintype.proto.internal.v1.StoredUser;
import io.tintype.storage.disk.Disk;
import io.tintype.storage.disk.Family;
import io.tintype.storage.log.LogPosition;
import io.tintype.storage.log.LogStore;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * Reads one shard as of its applied records. Says nothing about freshness: that is for who leads the shard to prove.
 *
 * <p>Thread-safe. Every method blocks on the disk, and throws TintypeException CORRUPT_DATA when what is read is not what
 * was written.
 */
public final class ShardReader {
    /** How many bytes a chunk takes beyond its own. */
    public static final int STORED_WITH = Chunk.SEAL_BYTES + ChunkCodec.TRAILER_BYTES;

    private static final byte[] NO_ROOM = new byte[0];

    private final Disk disk;
    private final Keys keys;
    private final StateMachine machine;
    private final ChunkStore chunks;
    private final Lister lister;
    private final UserExport exports;
    private final ShardUsers users;
    private final UserChanges changes;
    private volatile LongSupplier latestMs = () -> Long.MAX_VALUE;

    ShardReader(Disk disk, Keys keys, LogStore log, StateMachine machine, ChunkStore chunks) {
        this.disk = disk;
        this.keys = keys;
        this.machine = machine;
        this.chunks = chunks;
        this.lister = new Lister(disk, keys);
        this.exports = new UserExport(disk, keys);
        this.users = new ShardUsers(disk, keys, machine, exports);
        this.changes = new UserChanges(log, machine, this);
    }

    /**
     * The current version of a name; empty if there is none, or its time to live is over at {@code nowMs} or {@link #timeMs by
     * the log}: what a condition of a write would find gone.
     *
     * @throws TintypeException WRONG_SHARD where the user lives elsewhere now, USER_MOVING where he is about to
     */
    public Optional<StoredHead> head(UserId user, BlobName name, long nowMs) {
        return head(user, name, nowMs, 0);
    }

    /** As above, for a reader who takes, of a user who is about to leave, what was true {@code mayLagMs} before now. */
    public Optional<StoredHead> head(UserId user, BlobName name, long nowMs, long mayLagMs) {
        var value = disk.get(Family.HEAD, keys.head(user, name));
        requireHome(user, nowMs, mayLagMs); // after the value: if he has not left by now, it was true then
        return Optional.ofNullable(value)
                .map(bytes -> Stored.parse(StoredHead.parser(), bytes, "head of " + name))
                .filter(head -> Stored.isLive(head, timeMs(nowMs)));
    }

    /**
     * A page of names in order of their bytes.
     *
     * @param prefix only names that begin with it; may be empty
     * @param delimiter names that have it behind the prefix become one entry; empty: none do
     * @param startAfter {@link Listed#position} of the last entry of the page before; empty: the first page
     * @param limit most entries
     * @param mayLagMs as for {@link #head(UserId, BlobName, long, long)}
     * @throws TintypeException WRONG_SHARD where the user lives elsewhere now, USER_MOVING where he is about to
     */
    public Listing list(
            UserId user, String prefix, String delimiter, String startAfter, int limit, long nowMs, long mayLagMs) {
        var listing = lister.list(user, prefix, delimiter, startAfter, limit, timeMs(nowMs));
        requireHome(user, nowMs, mayLagMs);
        return listing;
    }

    /** As above, with nothing allowed to lag. */
    public Listing list(UserId user, String prefix, String delimiter, String startAfter, int limit, long nowMs) {
        return list(user, prefix, delimiter, startAfter, limit, nowMs, 0);
    }

    /** A shard that has never heard of the user has nothing of him, which is for the caller to make sense of. */
    private void requireHome(UserId user, long nowMs, long mayLagMs) {
        var here = users.user(user);
        if (here.isPresent() && here.get().getState() != OwnershipState.OWNERSHIP_STATE_REFUSED) {
            boolean stale = mayLagMs > 0 && isFrozenNoLongerThan(mayLagMs, user, here.get(), nowMs);
            var refusal = Residence.reads(user, here.get(), stale);
            if (refusal.isPresent()) {
                throw refusal.get().toException();
            }
        }
    }

    /**
     * By the log's clock and the wall clock, and by this process's own, which runs on however the other two are set. Who was frozen
     * before it looked may have been for any time.
     */
    private boolean isFrozenNoLongerThan(long ms, UserId user, StoredUser here, long nowMs) {
        long ageMs = nowMs - here.getSinceMs(); // negative: this clock is behind, and the age is not known
        var ownMs = machine.frozenForMs(user);
        return ageMs >= 0 && ageMs <= ms && ownMs.isPresent() && ownMs.getAsLong() <= ms;
    }

    /**
     * Whether the shard owns a user and takes changes of him; false: it knows nothing of him. Decided again when a change
     * is applied.
     *
     * @throws TintypeException WRONG_SHARD where the user lives elsewhere now, USER_MOVING where he is about to
     */
    public boolean takesChanges(UserId user) {
        requireHome(user, 0, 0);
        return users.owned(user).isPresent();
    }

    /**
     * A chunk of a version, verified; where it is sealed, as it is.
     *
     * @throws TintypeException VERSION_GONE if the version was replaced and its chunks collected; CORRUPT_DATA
     */
    public Chunk chunk(UserId user, Manifest manifest, int index) {
        return chunk(user, manifest, index, NO_ROOM);
    }

    /**
     * As above, read into an array of the caller's where it fits, with {@link #STORED_WITH} to spare: the chunk then is as
     * good as what the array holds.
     */
    public Chunk chunk(UserId user, Manifest manifest, int index, byte[] room) {
        var upload = Stored.upload(manifest)
                .orElseThrow(() -> new IllegalArgumentException("an empty blob has no chunk " + index));
        int expected = Stored.chunkBytes(manifest, index);
        var chunk = chunk(new ChunkKey(user, upload, index), room)
                .orElseThrow(() -> new TintypeException(
                        Reason.VERSION_GONE,
                        "this version was replaced or deleted, and its bytes are gone; read the blob again"));
        if (chunk.plainBytes() != expected) {
            throw new TintypeException(
                    Reason.CORRUPT_DATA,
                    "chunk " + index + " of upload " + upload + " has " + chunk.plainBytes() + " bytes, not " + expected
                            + "; another replica may have it whole");
        }
        return chunk;
    }

    /** A chunk by its key, verified; empty if it is not here. */
    public Optional<Chunk> chunk(ChunkKey key) {
        return chunk(key, NO_ROOM);
    }

    private Optional<Chunk> chunk(ChunkKey key, byte[] room) {
        byte[] encodedKey = keys.chunk(key);
        byte[] value = room;
        int length = room.length == 0 ? Disk.ABSENT : disk.getUnchecked(Family.CHUNK, encodedKey, room);
        if (length == Disk.ABSENT || length > room.length) {
            value = disk.getUnchecked(Family.CHUNK, encodedKey);
            if (value == null) {
                value = disk.get(
                        Family.CHUNK, encodedKey); // absence has no checksum of ours: ask again, with RocksDB's
            }
            if (value == null) {
                return Optional.empty();
            }
            length = value.length;
        }
        try {
            return Optional.of(ChunkCodec.decode(encodedKey, value, length, key));
        } catch (TintypeException e) {
            chunks.damaged(key);
            throw e;
        }
    }

    /**
     * By which time an upload begins, and is under way, and by which a time to live counts: never one that the shard's log has left
     * behind, nor one that it cannot be by others' clocks or the log's. The log's clock decides what is too old, and what is gone
     * for a condition; it stays ahead for a while once the wall clock was, and does not follow one that is set forward.
     */
    public long timeMs(long wallMs) {
        return Math.max(Math.min(wallMs, latestMs.getAsLong()), machine.logTimeMs());
    }

    /**
     * Has no time be later than it can be, however the wall clock is set.
     *
     * @param latest the latest that it can be; asked on any thread, and must not block
     */
    public void limitTime(LongSupplier latest) {
        latestMs = latest;
    }

    /** Whether an upload was completed, aborted, or is too old by the log's clock: how it ended may be forgotten then. */
    public boolean isOver(UserId user, UploadId upload) {
        return BlobRules.isTooOld(upload, machine.logTimeMs()) || chunks.closed(user, upload);
    }

    /** The chunk that is staged at a place, without its bytes. */
    public Optional<StagedChunk> staged(ChunkKey key) {
        return chunks.staged(key);
    }

    /** The chunks of an upload that are staged here, by index. */
    public List<StagedChunk> staged(UserId user, UploadId upload) {
        return chunks.staged(user, upload);
    }

    /** The last record that took effect. */
    public LogPosition appliedAt() {
        return machine.applied();
    }

    /** Its log time. */
    public long logTimeMs() {
        return machine.logTimeMs();
    }

    /** Uploads of a user that are neither a blob nor given up, of which something stands here; at most so many. */
    public List<UploadId> openUploads(UserId user, int limit) {
        var open = new ArrayList<UploadId>();
        byte[] prefix = keys.chunks(user);
        try (var scan = disk.scan(Family.CHUNK, prefix, Keys.behindPrefix(prefix))) {
            while (scan.valid() && open.size() < limit) {
                var upload = Keys.readChunk(scan.key()).upload();
                if (!chunks.closed(user, upload) && !chunks.staged(user, upload).isEmpty()) {
                    open.add(upload);
                }
                scan.seek(keys.chunk(user, upload, Keys.CLOSED));
            }
        }
        return open;
    }

    /** The same of those alone that were begun at this time or later; the more costly the longer ago that is. */
    public List<UploadId> openUploads(UserId user, long sinceMs, int limit) {
        var open = new ArrayList<UploadId>();
        try (var scan = disk.scan(Family.STAGE, keys.stageFrom(sinceMs), keys.stageFrom(Long.MAX_VALUE))) {
            while (scan.valid() && open.size() < limit) {
                var in = Keys.read(scan.key());
                var upload = Stored.readUpload(in);
                var whose = Stored.readUser(in);
                if (whose.equals(user) && !chunks.closed(user, upload)) {
                    open.add(upload);
                }
                scan.seek(Keys.behindIndexes(keys.stage(upload, whose, Keys.CLOSED)));
            }
        }
        return open;
    }

    /** What stands here of users, and of their entries in the directory. */
    public ShardUsers users() {
        return users;
    }

    /** What a move asks the log. */
    public UserChanges changes() {
        return changes;
    }

    /** What a move reads. */
    public UserExport exports() {
        return exports;
    }

    /** The outcome of a request that a record appended now would find: by the log's clock, wherever the wall clock is. */
    public Optional<StoredOutcome> outcome(UserId user, RequestId request) {
        return outcome(user, request, machine.logTimeMs());
    }

    /** The outcome of a request that was applied within the deduplication window before {@code nowMs}. */
    Optional<StoredOutcome> outcome(UserId user, RequestId request, long nowMs) {
        return Retries.find(this::stored, user, request, nowMs);
    }

    /** What the shard holds. */
    public ShardStats stats() {
        return machine.stats();
    }

    private Optional<StoredOutcome> stored(int bucket, UserId user, RequestId request) {
        return Optional.ofNullable(disk.get(Family.DEDUP, keys.dedup(bucket, user, request)))
                .map(value -> Stored.parse(StoredOutcome.parser(), value, "outcome of request " + request));
    }
}
