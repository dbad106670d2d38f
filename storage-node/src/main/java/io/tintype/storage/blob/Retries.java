// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.blob;

import io.tintype.model.Limits;
import io.tintype.model.Reason;
import io.tintype.model.RequestId;
import io.tintype.model.UserId;
import io.tintype.model.Version;
import io.tintype.proto.internal.v1.Conflict;
import io.tintype.proto.internal.v1.OverQuota;
import io.tintype.proto.internal.v1.Removal;
import io.tintype.proto.internal.v1.StoredOutcome;
import io.tintype.storage.log.LogPosition;
import io.tintype.storage.log.LogRecord;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Recognises the retry of a request, so that it is applied once. Outcomes are kept by stretches of half an hour of
 * log time: looking one up takes two reads, and forgetting is one range deletion a stretch.
 *
 * <p>Pure over the {@link Transaction} it is given.
 */
final class Retries {
    /**
     * For how long outcomes are kept, by the log's clock, which may run at twice the rate of time; and a retry that is taken
     * at the end of its window may have to wait before it is in the log.
     */
    static final long MEMORY_MS = 2 * Limits.DEDUP_WINDOW.toMillis();

    private Retries() {}

    /** The stretch of a time. Good until the year 120,000. */
    static int bucket(long logTimeMs) {
        return (int) (logTimeMs / MEMORY_MS);
    }

    /** The first stretch that retries at a time can find something in. */
    static int firstBucket(long logTimeMs) {
        return Math.max(0, bucket(logTimeMs) - 1);
    }

    /** When a stretch begins: a whole second. */
    static long begin(int bucket) {
        return bucket * MEMORY_MS;
    }

    /** The outcome of an earlier record of the same request, if it is still kept. */
    static Optional<StoredOutcome> find(Lookup lookup, UserId user, RequestId request, long nowMs) {
        int bucket = bucket(nowMs);
        var found = lookup.outcome(bucket, user, request);
        if (found.isEmpty() && bucket > 0) {
            found = lookup.outcome(bucket - 1, user, request);
        }
        return found.filter(outcome -> outcome.getAppliedAtMs() + MEMORY_MS >= nowMs);
    }

    /** Where stored outcomes are looked up. */
    interface Lookup {
        Optional<StoredOutcome> outcome(int bucket, UserId user, RequestId request);
    }

    /** What to answer to a record whose request was seen before; empty if it was not. */
    static Optional<Outcome> replay(Transaction tx, LogRecord record, UserId user, long digest) {
        var request = record.requestId();
        if (request == null) {
            return Optional.empty();
        }
        return find(tx::outcome, user, request, record.logTimeMs())
                .map(stored -> stored.getRequestDigest() == digest
                        ? outcome(stored)
                        : new Outcome.Refused(
                                Reason.REQUEST_ID_REUSED,
                                "request id " + request + " was used for another request before; draw a new one for"
                                        + " every request, and keep it only for its retries"));
    }

    /** Keeps an outcome for retries, and gives it back. */
    static Outcome remember(Transaction tx, LogRecord record, UserId user, long digest, Outcome outcome) {
        var request = record.requestId();
        if (request != null) {
            var stored = StoredOutcome.newBuilder()
                    .setRequestDigest(digest)
                    .setAppliedAtMs(record.logTimeMs())
                    .setEpoch(record.epoch())
                    .setSequence(record.seq());
            if (outcome instanceof Outcome.Written written) {
                stored.setWritten(written.head());
            } else if (outcome instanceof Outcome.Removed removed) {
                stored.setRemoved(Removal.newBuilder()
                        .setVersion(Stored.stamp(removed.version()))
                        .setExisted(removed.existed()));
            } else if (outcome instanceof Outcome.Conflict conflict) {
                stored.setConflict(conflict(conflict.current()));
            } else if (outcome instanceof Outcome.OverQuota over) {
                stored.setOverQuota(OverQuota.newBuilder()
                        .setBytes(over.bytes())
                        .setBytesLimit(over.bytesLimit())
                        .setBlobs(over.blobs())
                        .setBlobsLimit(over.blobsLimit()));
            } else {
                throw new IllegalStateException("outcome " + outcome + " is not kept for retries");
            }
            tx.putOutcome(bucket(record.logTimeMs()), user, request, stored.build());
        }
        return outcome;
    }

    /** Forgets what no record at this time or later can find. */
    static void forget(Transaction tx, long beforeMs, long nowMs) {
        if (bucket(beforeMs) != bucket(nowMs)) {
            tx.forgetOutcomesBefore(bucket(nowMs) - 1);
        }
    }

    static Outcome outcome(StoredOutcome stored) {
        var at = new LogPosition(stored.getEpoch(), stored.getSequence());
        return switch (stored.getResultCase()) {
            case WRITTEN -> new Outcome.Written(at, stored.getWritten());
            case REMOVED ->
                new Outcome.Removed(
                        at,
                        Stored.version(stored.getRemoved().getVersion()),
                        stored.getRemoved().getExisted());
            case CONFLICT ->
                new Outcome.Conflict(
                        stored.getConflict().hasCurrent()
                                ? Stored.version(stored.getConflict().getCurrent())
                                : null);
            case OVER_QUOTA -> overQuota(stored.getOverQuota());
            case RESULT_NOT_SET -> throw Stored.corrupt("an outcome", new IllegalStateException("it has no result"));
        };
    }

    private static Outcome.OverQuota overQuota(OverQuota stored) {
        return new Outcome.OverQuota(
                stored.getBytes(), stored.getBytesLimit(), stored.getBlobs(), stored.getBlobsLimit());
    }

    private static Conflict conflict(@Nullable Version current) {
        var conflict = Conflict.newBuilder();
        if (current != null) {
            conflict.setCurrent(Stored.stamp(current));
        }
        return conflict.build();
    }
}
