// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import io.tintype.client.internal.ClientCore;
import io.tintype.heads.CachedHead;
import io.tintype.heads.HeadCache;
import io.tintype.heads.HeadKey;
import io.tintype.heads.HeadLimits;
import io.tintype.heads.HeadStats;
import io.tintype.heads.LeaseClock;
import io.tintype.heads.feed.HeadFeeds;
import io.tintype.model.Limits;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.model.Version;
import io.tintype.proto.v1.BlobHead;
import io.tintype.wire.Wire;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Which versions are current, as far as leases say that run still. Thread-safe. */
final class Leases implements AutoCloseable {
    private final ClientCore core;
    private final HeadCache<BlobHead> heads;
    private final @Nullable HeadFeeds feeds;

    Leases(ClientCore core, long maxBytes) {
        this.core = core;
        heads = new HeadCache<>(HeadLimits.of(maxBytes), LeaseClock.SYSTEM, BlobHead::getSerializedSize);
        feeds = core.feeds(heads).orElse(null);
    }

    /**
     * The earliest moment whose state will do for a read; empty: the cluster must be asked.
     *
     * <p>Not for linearizable and near reads: a change is acknowledged whether or not it was heard of here.
     */
    static OptionalLong notBefore(Consistency consistency, Session own) {
        long now = LeaseClock.SYSTEM.getAsLong();
        if (consistency instanceof Consistency.BoundedStaleness bounded) {
            return OptionalLong.of(now - bounded.maxStaleness().toNanos());
        }
        if (consistency instanceof Consistency.OwnSession) {
            return ofSession(own, now);
        }
        if (consistency instanceof Consistency.InSession in) {
            return ofSession(in.session(), now);
        }
        return consistency instanceof Consistency.ExactVersion
                ? OptionalLong.of(now - Limits.HEAD_LEASE.toNanos())
                : OptionalLong.empty();
    }

    private static OptionalLong ofSession(Session session, long now) {
        if (!session.knowsEverything()) {
            return OptionalLong.empty();
        }
        var noted = session.notedNanos();
        return noted.isPresent() ? noted : OptionalLong.of(now - Limits.HEAD_LEASE.toNanos());
    }

    /**
     * What a lease says that does for a read.
     *
     * @param only the version wanted; null: whichever is current. Of others the cluster must say so itself
     */
    Optional<CachedHead<BlobHead>> find(
            String user, String name, Consistency consistency, @Nullable Version only, Session own) {
        var notBefore = notBefore(consistency, own);
        if (notBefore.isEmpty()) {
            return Optional.empty();
        }
        return heads.find(new HeadKey(user, name), notBefore.getAsLong())
                .filter(found -> only == null || found.version().equals(Optional.of(only)))
                .filter(found -> found.head()
                        .filter(head ->
                                head.getExpiresAtMs() != 0 && head.getExpiresAtMs() <= System.currentTimeMillis())
                        .isEmpty());
    }

    /** How fresh what a lease says is. */
    static Freshness freshness(CachedHead<BlobHead> found) {
        long ageMs = TimeUnit.NANOSECONDS.toMillis(LeaseClock.SYSTEM.getAsLong() - found.asOfNanos()) + 1;
        return new Freshness(true, Instant.ofEpochMilli(System.currentTimeMillis() - ageMs));
    }

    /** A request is about to be sent. */
    HeadCache<BlobHead>.Fill begin(String user, String name) {
        return heads.begin(new HeadKey(user, name));
    }

    /** The answer named a version. One that is stale by an unknown time has no lease. */
    void found(HeadCache<BlobHead>.Fill fill, BlobHead head, io.tintype.proto.v1.Freshness freshness) {
        if (freshness.getStale() && freshness.getAgeMs() == 0) {
            return;
        }
        int shard = core.shardOf(head.getUser());
        long age = TimeUnit.MILLISECONDS.toNanos(Integer.toUnsignedLong(freshness.getAgeMs()));
        if (fill.found(shard, Wire.version(head.getVersion()), head, freshness.getStale() ? age : 0) && feeds != null) {
            feeds.want(shard);
        }
    }

    /** The answer was a failure: worth remembering where it says that there is no such blob, as of a known time. */
    void failed(HeadCache<BlobHead>.Fill fill, String user, Consistency consistency, Throwable failure) {
        if (!(failure instanceof TintypeException e) || e.reason() != Reason.BLOB_NOT_FOUND) {
            return;
        }
        if (consistency instanceof Consistency.Linearizable || consistency instanceof Consistency.Near) {
            fill.absent(core.shardOf(user), 0);
        } else if (consistency instanceof Consistency.BoundedStaleness bounded) {
            fill.absent(core.shardOf(user), bounded.maxStaleness().toNanos());
        }
    }

    /** Whether something newer than a version is known. */
    boolean isBehind(String user, String name, BlobHead head) {
        return heads.isBehind(new HeadKey(user, name), Wire.version(head.getVersion()));
    }

    /** An acknowledged change of this client's own. */
    void changed(String user, String name, Version version) {
        heads.changed(new HeadKey(user, name), version);
    }

    HeadStats stats() {
        return heads.stats();
    }

    /** Shards whose changes arrive now. */
    long feedsConnected() {
        return feeds == null ? 0 : feeds.connected();
    }

    @Override
    public void close() {
        if (feeds != null) {
            feeds.close();
        }
    }
}
