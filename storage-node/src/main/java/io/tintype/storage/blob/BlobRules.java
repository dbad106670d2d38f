// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.blob;

import io.tintype.model.BlobName;
import io.tintype.model.Limits;
import io.tintype.model.Reason;
import io.tintype.model.UploadId;
import io.tintype.model.UserId;
import io.tintype.model.Version;
import io.tintype.proto.internal.v1.AbortUpload;
import io.tintype.proto.internal.v1.DeleteBlob;
import io.tintype.proto.internal.v1.OwnershipState;
import io.tintype.proto.internal.v1.Precondition;
import io.tintype.proto.internal.v1.PutCommit;
import io.tintype.proto.internal.v1.StoredHead;
import io.tintype.proto.internal.v1.StoredUser;
import io.tintype.storage.log.LogRecord;
import java.time.Duration;
import java.util.Optional;

/**
 * What records about blobs do. Every decision follows from the log: from earlier records and this one's clock, never from
 * this replica's own clock, cache or chunks.
 *
 * <p>Pure over the {@link Transaction} it is given.
 */
final class BlobRules {
    /** By how much version counters jump when data was given up: more versions than one user can have made since. */
    static final long LOSS_JUMP = 1L << 32;

    /** How long replaced chunks stay for readers who are still at them. */
    static final Duration GRACE = Duration.ofMinutes(10);

    private static final long UPLOAD_LIFETIME_MS = Limits.UPLOAD_LIFETIME.toMillis();

    private BlobRules() {}

    static Outcome putCommit(Transaction tx, LogRecord record, UserId user) {
        var put = Stored.payload(PutCommit.parser(), record);
        var outcome = decidePut(tx, record, user, put);
        if (put.getInline() && !refersTo(outcome, put)) {
            tx.discard(user, put.getManifest(), dueMs(record));
        }
        return outcome;
    }

    static Outcome delete(Transaction tx, LogRecord record, UserId user) {
        var delete = Stored.payload(DeleteBlob.parser(), record);
        var owner = tx.user(user);
        var name = BlobName.of(delete.getName());
        if (delete.getExpired()) {
            return owner.filter(BlobRules::mayExpire)
                    .map(known -> expire(tx, record, user, known, name, delete))
                    .orElseGet(Outcome.Done::new);
        }
        var refusal = Residence.changes(user, owner);
        if (refusal.isPresent() || owner.isEmpty()) {
            return refusal.orElseThrow();
        }
        var replay = Retries.replay(tx, record, user, delete.getRequestDigest());
        if (replay.isPresent()) {
            return replay.get();
        }
        var frozen = Residence.freeze(user, owner.get());
        if (frozen.isPresent()) {
            return frozen.get();
        }
        var stored = tx.head(user, name);
        var live = stored.filter(head -> Stored.isLive(head, record.logTimeMs()));
        var conflict = check(delete.getPrecondition(), live);
        if (conflict.isPresent()) {
            return Retries.remember(tx, record, user, delete.getRequestDigest(), conflict.get());
        }
        var usage = owner.get().toBuilder();
        tx.countVersion(usage);
        stored.ifPresent(head -> tx.removeHead(user, name, head, usage, dueMs(record)));
        tx.putUser(user, usage.build());
        var version = Version.of(usage.getGeneration(), usage.getCounter(), delete.getVersionNonce());
        var removed = new Outcome.Removed(record.position(), version, live.isPresent());
        return Retries.remember(tx, record, user, delete.getRequestDigest(), removed);
    }

    /** Gives an upload up, unless it has become a blob. Its chunks stay a while, for a follower that still fetches them. */
    static Outcome abortUpload(Transaction tx, LogRecord record, UserId user) {
        var abort = Stored.payload(AbortUpload.parser(), record);
        var upload = UploadId.of(abort.getUploadId().toByteArray());
        if (tx.closing(user, upload).isEmpty()) {
            // Of one who was erased here nobody fetches anything any more.
            boolean erased = tx.user(user)
                    .map(known -> known.getState() == OwnershipState.OWNERSHIP_STATE_ERASED)
                    .orElse(true);
            tx.close(user, upload, Closing.ABORTED, 0, erased ? record.logTimeMs() : dueMs(record));
        }
        return new Outcome.Done();
    }

    /** While a user is copied, what both sides have must not change by their clocks. */
    private static boolean mayExpire(StoredUser user) {
        return user.getState() == OwnershipState.OWNERSHIP_STATE_ACTIVE
                || user.getState() == OwnershipState.OWNERSHIP_STATE_GONE;
    }

    private static Outcome decidePut(Transaction tx, LogRecord record, UserId user, PutCommit put) {
        var owner = tx.user(user);
        var refusal = Residence.changes(user, owner);
        if (refusal.isPresent() || owner.isEmpty()) {
            return refusal.orElseThrow();
        }
        var replay = Retries.replay(tx, record, user, put.getRequestDigest());
        if (replay.isPresent()) {
            return replay.get();
        }
        var frozen = Residence.freeze(user, owner.get());
        if (frozen.isPresent()) {
            return frozen.get();
        }
        var staged = put.getInline() ? Optional.<UploadId>empty() : Stored.upload(put.getManifest());
        if (staged.isPresent() && isOver(tx, record, user, staged.get())) {
            return new Outcome.Refused(
                    Reason.UPLOAD_NOT_FOUND,
                    "upload " + staged.get() + " was completed, aborted, or begun more than "
                            + Limits.UPLOAD_LIFETIME.toHours() + " h ago; start a new one");
        }
        var name = BlobName.of(put.getName());
        var stored = tx.head(user, name);
        var conflict = check(put.getPrecondition(), stored.filter(head -> Stored.isLive(head, record.logTimeMs())));
        if (conflict.isPresent()) {
            return Retries.remember(tx, record, user, put.getRequestDigest(), conflict.get());
        }
        var tooMuch = Quota.of(owner.get(), put)
                .refuse(owner.get(), stored, put.getManifest().getSize());
        if (tooMuch.isPresent()) {
            return Retries.remember(tx, record, user, put.getRequestDigest(), tooMuch.get());
        }
        var usage = owner.get().toBuilder();
        tx.countVersion(usage);
        stored.ifPresent(head -> tx.removeHead(user, name, head, usage, dueMs(record)));
        var head = head(record, put, usage);
        tx.putHead(user, name, head, usage);
        tx.putUser(user, usage.build());
        staged.ifPresent(upload ->
                tx.close(user, upload, Closing.COMMITTED, put.getManifest().getChunks(), dueMs(record)));
        return Retries.remember(tx, record, user, put.getRequestDigest(), new Outcome.Written(record.position(), head));
    }

    private static StoredHead head(LogRecord record, PutCommit put, StoredUser.Builder usage) {
        var version = Version.of(usage.getGeneration(), usage.getCounter(), put.getVersionNonce());
        return StoredHead.newBuilder()
                .setVersion(Stored.stamp(version))
                .setManifest(put.getManifest())
                .setContentType(put.getContentType())
                .putAllMetadata(put.getMetadataMap())
                .setCacheControl(put.getCacheControl())
                .setHttpExpiresMs(put.getHttpExpiresMs())
                .setWrittenAtMs(record.logTimeMs())
                .setExpiresAtMs(put.getExpiresAtMs())
                .build();
    }

    private static Outcome expire(
            Transaction tx, LogRecord record, UserId user, StoredUser owner, BlobName name, DeleteBlob delete) {
        var usage = owner.toBuilder();
        tx.head(user, name)
                .filter(head ->
                        head.getVersion().equals(delete.getPrecondition().getVersion()))
                .filter(head -> !Stored.isLive(head, record.logTimeMs()))
                .ifPresent(head -> {
                    tx.removeHead(user, name, head, usage, dueMs(record));
                    tx.putUser(user, usage.build());
                });
        return new Outcome.Done();
    }

    /** Age is judged by the log's clock, so an upload that is too old once is too old for ever. */
    private static boolean isOver(Transaction tx, LogRecord record, UserId user, UploadId upload) {
        return isTooOld(upload, record.logTimeMs()) || tx.closing(user, upload).isPresent();
    }

    static boolean isTooOld(UploadId upload, long nowMs) {
        return nowMs - upload.timeMs() > UPLOAD_LIFETIME_MS;
    }

    private static Optional<Outcome> check(Precondition precondition, Optional<StoredHead> current) {
        boolean holds = switch (precondition.getKindCase()) {
            case KIND_NOT_SET -> true;
            case ABSENT -> current.isEmpty();
            case VERSION -> current.isPresent() && current.get().getVersion().equals(precondition.getVersion());
        };
        return holds
                ? Optional.empty()
                : Optional.of(new Outcome.Conflict(
                        current.map(head -> Stored.version(head.getVersion())).orElse(null)));
    }

    private static boolean refersTo(Outcome outcome, PutCommit put) {
        return outcome instanceof Outcome.Written written
                && written.head()
                        .getManifest()
                        .getUploadId()
                        .equals(put.getManifest().getUploadId());
    }

    static long dueMs(LogRecord record) {
        return record.logTimeMs() + GRACE.toMillis();
    }
}
