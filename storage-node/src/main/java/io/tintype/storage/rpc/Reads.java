// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.rpc;

import io.tintype.model.BlobName;
import io.tintype.model.Limits;
import io.tintype.model.Reason;
import io.tintype.model.ShardId;
import io.tintype.model.TintypeException;
import io.tintype.model.UserId;
import io.tintype.model.Version;
import io.tintype.proto.v1.Consistency;
import io.tintype.proto.v1.Freshness;
import io.tintype.proto.v1.ReadOptions;
import io.tintype.storage.blob.ShardReader;
import io.tintype.storage.log.LogPosition;
import io.tintype.storage.shard.ReadDemand;
import io.tintype.storage.shard.ShardReplica;
import io.tintype.trace.Trace;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/**
 * Reads of one value in the order that makes them fresh: begin, value, confirm, and only then the reply. A value that is
 * an error ("there is no such blob") is confirmed as well.
 */
final class Reads {
    private Reads() {}

    /** A value and how fresh it is proven to be. */
    record Answer<T>(T value, io.tintype.storage.shard.Freshness freshness) {}

    /**
     * Reads a value.
     *
     * @param value runs on a reader thread; may throw a TintypeException for its answer
     */
    static <T> CompletableFuture<Answer<T>> read(
            ShardReplica shard, ReadDemand demand, ReaderPool readers, Function<ShardReader, T> value) {
        var trace = Trace.current();
        return shard.begin(demand)
                .thenCompose(point -> CompletableFuture.supplyAsync(() -> attempt(shard, value, trace), readers)
                        .thenCompose(attempt -> shard.confirm(point).thenApply(attempt::orThrow)));
    }

    private interface Attempt<T> {
        Answer<T> orThrow(io.tintype.storage.shard.Freshness freshness);
    }

    private static <T> Attempt<T> attempt(ShardReplica shard, Function<ShardReader, T> value, Trace trace) {
        var part = trace.child("rocksdb");
        try {
            T read = value.apply(shard.reader());
            return freshness -> new Answer<>(read, freshness);
        } catch (TintypeException e) {
            return freshness -> {
                throw e;
            };
        } finally {
            part.end();
        }
    }

    /**
     * How fresh an answer from a shard must be.
     *
     * @param namesVersion whether the request says which version it wants
     * @throws TintypeException INVALID_ARGUMENT naming the field that is wrong
     */
    static ReadDemand demand(ReadOptions options, ShardId shard, boolean namesVersion) {
        return switch (options.getConsistency()) {
            case CONSISTENCY_UNSPECIFIED, CONSISTENCY_LINEARIZABLE, CONSISTENCY_NEAR -> new ReadDemand.Linearizable();
            case CONSISTENCY_EXACT_VERSION -> {
                if (!namesVersion) {
                    throw Requests.invalid("options.consistency is CONSISTENCY_EXACT_VERSION, and no if_version says"
                            + " which version that is");
                }
                yield new ReadDemand.AnyState();
            }
            case CONSISTENCY_SESSION -> session(options, shard);
            case CONSISTENCY_BOUNDED_STALENESS -> bounded(options.getMaxStalenessMs());
            case UNRECOGNIZED ->
                throw Requests.invalid("options.consistency is " + options.getConsistencyValue()
                        + ", which this server does not know; use a newer server or another consistency");
        };
    }

    private static ReadDemand session(ReadOptions options, ShardId shard) {
        if (options.getSessionCount() > Limits.MAX_SESSION_TOKENS) {
            throw Requests.invalid("options.session has " + options.getSessionCount() + " tokens; at most "
                    + Limits.MAX_SESSION_TOKENS + " are allowed, the newest of each shard");
        }
        var newest = LogPosition.START;
        for (var token : options.getSessionList()) {
            if (token.getShard() == shard.value() && token.getSequence() > newest.seq()) {
                newest = new LogPosition(token.getEpoch(), token.getSequence());
            }
        }
        return new ReadDemand.Session(newest);
    }

    /**
     * Whether a session shows changes on other shards too. A user of whom they are does not live there any more; and a replica
     * that lags may have him as he was before, in an earlier stay.
     */
    static boolean wroteElsewhere(ReadOptions options, ShardId shard) {
        return options.getConsistency() == Consistency.CONSISTENCY_SESSION
                && options.getSessionList().stream().anyMatch(token -> token.getShard() != shard.value());
    }

    private static ReadDemand bounded(int staleness) {
        if (staleness < 1 || staleness > Limits.MAX_STALENESS.toMillis()) {
            throw Requests.invalid("options.max_staleness_ms is " + Integer.toUnsignedString(staleness) + "; give 1 to "
                    + Limits.MAX_STALENESS.toMillis());
        }
        return new ReadDemand.BoundedStaleness(Duration.ofMillis(staleness));
    }

    /** How old, by a reader's leave, an answer may be; 0: not at all. */
    static long mayLagMs(ReadOptions options) {
        return options.getConsistency() == Consistency.CONSISTENCY_BOUNDED_STALENESS ? options.getMaxStalenessMs() : 0;
    }

    /** A freshness as a message. */
    static Freshness freshness(io.tintype.storage.shard.Freshness freshness) {
        return freshness.stale()
                ? Freshness.newBuilder()
                        .setStale(true)
                        .setAsOfMs(freshness.asOfMs())
                        .setAgeMs((int) Math.min(freshness.ageMs(), Integer.MAX_VALUE))
                        .build()
                : Freshness.getDefaultInstance();
    }

    static TintypeException noBlob(UserId user, BlobName name) {
        return new TintypeException(Reason.BLOB_NOT_FOUND, "user '" + user + "' has no blob '" + name + "'");
    }

    static TintypeException otherVersion(String field, Version asked, Version current) {
        return new TintypeException(
                Reason.VERSION_CONFLICT,
                field + " is " + asked + ", but the current version is " + current,
                Map.of(TintypeException.CURRENT_VERSION, current.etag()));
    }
}
