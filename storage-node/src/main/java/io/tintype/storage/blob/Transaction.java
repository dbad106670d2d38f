// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.blob;

import io.tintype.model.BlobName;
import io.tintype.model.RequestId;
import io.tintype.model.UploadId;
import io.tintype.model.UserId;
import io.tintype.proto.internal.v1.DirectoryEntry;
import io.tintype.proto.internal.v1.Manifest;
import io.tintype.proto.internal.v1.StoredHead;
import io.tintype.proto.internal.v1.StoredOutcome;
import io.tintype.proto.internal.v1.StoredUser;
import io.tintype.storage.disk.Disk;
import io.tintype.storage.disk.Family;
import io.tintype.storage.disk.Write;
import io.tintype.storage.log.LogPosition;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What the rules see and change while a run of records is applied. All of it reaches the disk in one batch or not at
 * all. Keeps what must change together together: a head, its usage, its expiry, the chunks it leaves behind.
 *
 * <p>Not thread-safe; lives for one run.
 */
final class Transaction {
    private static final byte[] MARK = {1};

    private final Disk disk;
    private final Keys keys;
    private final Changes changes;
    private final Map<UserId, Boolean> movers = new LinkedHashMap<>();
    private ShardStats stats;
    private long losses;
    private LogPosition forgotAt;

    /** @param state as of the last record applied */
    Transaction(Disk disk, Keys keys, StateMachine.State state) {
        this.disk = disk;
        this.keys = keys;
        this.changes = new Changes(disk);
        this.stats = state.stats();
        this.losses = state.losses();
        this.forgotAt = state.forgotAt();
    }

    /** An epoch begins in which data was given up so often in all. */
    void lost(long times) {
        losses = Math.max(losses, times);
    }

    long losses() {
        return losses;
    }

    /**
     * Counts a user's next version. Once data was given up, the counter jumps further than anybody may have got with what
     * is lost, so that no number of a lost version is given out again; for each user, at his first change afterwards.
     */
    void countVersion(StoredUser.Builder user) {
        long jumps = losses - user.getLosses();
        user.setCounter(user.getCounter() + jumps * BlobRules.LOSS_JUMP + 1).setLosses((int) losses);
    }

    ShardStats stats() {
        return stats;
    }

    /** Users who came into a move, or out of one. */
    Map<UserId, Boolean> movers() {
        return movers;
    }

    Write write() {
        return changes.write();
    }

    Optional<StoredUser> user(UserId user) {
        return Optional.ofNullable(changes.get(Family.USER, keys.user(user)))
                .map(value -> Stored.parse(StoredUser.parser(), value, "user " + user));
    }

    void putUser(UserId user, StoredUser stored) {
        changes.put(Family.USER, keys.user(user), stored.toByteArray());
    }

    /** One user more, or less, counts towards the shard's limit. */
    void countUsers(int change) {
        stats = stats.plus(change, 0, 0);
    }

    /** Keeps a user, or an entry, where whoever looks after moves finds him. */
    void markMoving(UserId user, boolean moving) {
        movers.put(user, moving);
        if (moving) {
            changes.put(Family.GARBAGE, keys.moving(user), MARK);
        } else {
            changes.delete(Family.GARBAGE, keys.moving(user));
        }
    }

    /** Keeps a user who is not here, or does so no more, where collection finds him. */
    void markGone(UserId user, StoredUser stored, boolean gone) {
        byte[] key = keys.gone(stored.getSinceMs(), user);
        if (gone) {
            changes.put(Family.GARBAGE, key, MARK);
        } else {
            changes.delete(Family.GARBAGE, key);
        }
    }

    /** Forgets that a user was here. What the directory was asked before this record does not let anybody in any more. */
    void forgetUser(UserId user, LogPosition at) {
        changes.delete(Family.USER, keys.user(user));
        forgotAt = at;
    }

    /** The last record by which a user was forgotten. */
    LogPosition forgotAt() {
        return forgotAt;
    }

    /** Heads that stand here under a user's name, at most so many, in the order of their names. */
    Map<BlobName, StoredHead> heads(UserId user, int limit) {
        byte[] from = keys.head(user, new byte[0]);
        var heads = new LinkedHashMap<BlobName, StoredHead>();
        changes.first(Family.HEAD, from, Keys.behindPrefix(from), limit).forEach((key, value) -> {
            var name = BlobName.of(new String(Keys.rest(key, keys.headNameOffset(user)), StandardCharsets.UTF_8));
            heads.put(name, Stored.parse(StoredHead.parser(), value, "head of " + name));
        });
        return heads;
    }

    /** Is told of an outcome. */
    interface OutcomeVisitor {
        void visit(int bucket, byte[] request, StoredOutcome outcome);
    }

    /** Visits the outcomes of a user's requests that retries at a time can still find. */
    void outcomes(UserId user, long nowMs, OutcomeVisitor visitor) {
        for (int bucket = Retries.firstBucket(nowMs); bucket <= Retries.bucket(nowMs); bucket++) {
            int stretch = bucket;
            byte[] from = keys.dedupUser(bucket, user);
            changes.forEach(
                    Family.DEDUP,
                    from,
                    Keys.behindPrefix(from),
                    (key, value) -> visitor.visit(
                            stretch,
                            Keys.rest(key, from.length),
                            Stored.parse(StoredOutcome.parser(), value, "an outcome of " + user)));
        }
    }

    /** Forgets what became of a user's requests. */
    void forgetOutcomes(UserId user, long nowMs) {
        for (int bucket = Retries.firstBucket(nowMs); bucket <= Retries.bucket(nowMs); bucket++) {
            byte[] from = keys.dedupUser(bucket, user);
            var forgotten = new ArrayList<byte[]>();
            changes.forEach(Family.DEDUP, from, Keys.behindPrefix(from), (key, value) -> forgotten.add(key));
            forgotten.forEach(key -> changes.delete(Family.DEDUP, key));
        }
    }

    Optional<DirectoryEntry> entry(UserId user) {
        return Optional.ofNullable(changes.get(Family.DIR, keys.user(user)))
                .map(value -> Stored.parse(DirectoryEntry.parser(), value, "directory entry of " + user));
    }

    void putEntry(UserId user, DirectoryEntry entry, boolean isNew) {
        changes.put(Family.DIR, keys.user(user), entry.toByteArray());
        stats = stats.plus(isNew ? 1 : 0, 0, 0);
    }

    /** The head there is on disk, past its time or not. */
    Optional<StoredHead> head(UserId user, BlobName name) {
        return Optional.ofNullable(changes.get(Family.HEAD, keys.head(user, name)))
                .map(value -> Stored.parse(StoredHead.parser(), value, "head of " + name));
    }

    void putHead(UserId user, BlobName name, StoredHead head, StoredUser.Builder usage) {
        changes.put(Family.HEAD, keys.head(user, name), head.toByteArray());
        if (head.getExpiresAtMs() != 0) {
            changes.put(Family.GARBAGE, keys.expiry(head.getExpiresAtMs(), user, name), version(head));
        }
        count(usage, 1, head.getManifest().getSize());
        usage.setDigest(usage.getDigest() + Digests.head(name.value(), head));
    }

    /** Takes a head away; its chunks may go once nobody can still be reading them. */
    void removeHead(UserId user, BlobName name, StoredHead head, StoredUser.Builder usage, long dueMs) {
        changes.delete(Family.HEAD, keys.head(user, name));
        if (head.getExpiresAtMs() != 0) {
            changes.delete(Family.GARBAGE, keys.expiry(head.getExpiresAtMs(), user, name));
        }
        count(usage, -1, -head.getManifest().getSize());
        usage.setDigest(usage.getDigest() - Digests.head(name.value(), head));
        discard(user, head.getManifest(), dueMs);
    }

    /** All chunks that a manifest names may go at a time. */
    void discard(UserId user, Manifest manifest, long dueMs) {
        Stored.upload(manifest)
                .ifPresent(upload -> discard(user, upload, 0, manifest.getChunks(), manifest.getSize(), dueMs));
    }

    /** Chunks from an index to another (exclusive), of so many bytes as far as that is known, may go at a time. */
    private void discard(UserId user, UploadId upload, int from, int to, long bytes, long dueMs) {
        if (from < to) {
            changes.put(Family.GARBAGE, keys.garbageChunks(dueMs, user, upload, from), Garbage.value(to, bytes));
        }
    }

    /** How an upload ended, if it did. */
    Optional<Closing> closing(UserId user, UploadId upload) {
        return Closing.read(changes.get(Family.STAGE, keys.stage(upload, user, Keys.CLOSED)));
    }

    /**
     * Ends an upload: its entries leave the stage, and its chunks from an index on, as far as any are here, may go at a
     * time. Which chunks are here may differ between replicas; nothing that is decided depends on it.
     */
    void close(UserId user, UploadId upload, Closing how, int needed, long dueMs) {
        int staged = 0;
        byte[] first = keys.stage(upload, user, 0);
        byte[] end = keys.stage(upload, user, Keys.CLOSED);
        try (var scan = disk.scan(Family.STAGE, first, end)) {
            for (; scan.valid(); scan.next()) {
                staged = ByteBuffer.wrap(scan.key()).getInt(scan.key().length - Integer.BYTES) + 1;
                changes.delete(Family.STAGE, scan.key());
            }
        }
        discard(user, upload, needed, staged, 0, dueMs);
        changes.put(Family.STAGE, end, how.bytes());
    }

    Optional<StoredOutcome> outcome(int bucket, UserId user, RequestId request) {
        return Optional.ofNullable(changes.get(Family.DEDUP, keys.dedup(bucket, user, request)))
                .map(value -> Stored.parse(StoredOutcome.parser(), value, "outcome of request " + request));
    }

    void putOutcome(int bucket, UserId user, RequestId request, StoredOutcome outcome) {
        changes.put(Family.DEDUP, keys.dedup(bucket, user, request), outcome.toByteArray());
    }

    void forgetOutcomesBefore(int bucket) {
        changes.deleteRange(Family.DEDUP, keys.dedupBucket(0), keys.dedupBucket(bucket));
    }

    void putMeta(byte[] key, byte[] value) {
        changes.put(Family.META, key, value);
    }

    private void count(StoredUser.Builder usage, int blobs, long bytes) {
        usage.setBlobs(usage.getBlobs() + blobs).setBytes(usage.getBytes() + bytes);
        stats = stats.plus(0, blobs, bytes);
    }

    private static byte[] version(StoredHead head) {
        return head.getVersion().toByteArray();
    }
}
