// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.retrieval;

import io.tintype.heads.CachedHead;
import io.tintype.heads.HeadCache;
import io.tintype.heads.HeadKey;
import io.tintype.heads.HeadLimits;
import io.tintype.heads.HeadStats;
import io.tintype.heads.LeaseClock;
import io.tintype.heads.feed.HeadFeeds;
import io.tintype.model.Limits;
import io.tintype.model.Reason;
import io.tintype.model.ShardId;
import io.tintype.model.TintypeException;
import io.tintype.proto.v1.BlobHead;
import io.tintype.proto.v1.BlobVersion;
import io.tintype.proto.v1.Freshness;
import io.tintype.proto.v1.ReadOptions;
import io.tintype.wire.Wire;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Which versions are current, as far as leases say that run still, for reads with bounded staleness. Never for linearizable
 * and near ones: a change is acknowledged whether or not it was heard of here; nor for sessions: what a follower answered may be
 * of before a session's change though it came after. Thread-safe; never blocks.
 */
final class HeadLeases implements AutoCloseable {
    private static final long MAX_BYTES = 64L << 20;

    private final HeadCache<BlobHead> heads =
            new HeadCache<>(HeadLimits.of(MAX_BYTES), LeaseClock.SYSTEM, BlobHead::getSerializedSize);
    private final Function<String, Optional<ShardId>> shards;
    private final HeadFeeds feeds;

    /**
     * No leases yet.
     *
     * @param shards where a user lives, as far as that is remembered
     * @param feeds makes what watches the shards
     */
    HeadLeases(Function<String, Optional<ShardId>> shards, Function<HeadCache<?>, HeadFeeds> feeds) {
        this.shards = shards;
        this.feeds = feeds.apply(heads);
    }

    /**
     * A head as a lease has it.
     *
     * @param head what the blob is
     * @param freshness since when it may be otherwise
     */
    record Leased(BlobHead head, Freshness freshness) {}

    /**
     * What a lease says that does for a read; empty: a node must be asked.
     *
     * @param only the one version that is wanted; null: whichever is current
     * @throws TintypeException BLOB_NOT_FOUND where a lease says so
     */
    Optional<Leased> find(String user, String name, ReadOptions options, @Nullable BlobVersion only) {
        if (!mayDo(options)) {
            return Optional.empty();
        }
        long now = heads.nanoTime();
        long allowed = Math.min(
                Limits.HEAD_LEASE.toNanos(),
                TimeUnit.MILLISECONDS.toNanos(Integer.toUnsignedLong(options.getMaxStalenessMs())));
        return heads.find(new HeadKey(user, name), now - allowed).flatMap(found -> judge(name, found, only));
    }

    private boolean mayDo(ReadOptions options) {
        return switch (options.getConsistency()) {
            case CONSISTENCY_BOUNDED_STALENESS ->
                options.getMaxStalenessMs() >= 1 && options.getMaxStalenessMs() <= Limits.MAX_STALENESS.toMillis();
            // What is not known here is for the node to refuse.
            case CONSISTENCY_SESSION,
                    CONSISTENCY_EXACT_VERSION,
                    CONSISTENCY_UNSPECIFIED,
                    CONSISTENCY_LINEARIZABLE,
                    CONSISTENCY_NEAR,
                    UNRECOGNIZED -> false;
        };
    }

    private Optional<Leased> judge(String name, CachedHead<BlobHead> found, @Nullable BlobVersion only) {
        if (found.head().isEmpty()) {
            throw new TintypeException(
                    Reason.BLOB_NOT_FOUND,
                    "there was no blob '" + name + "' when this coordinator last asked, less than "
                            + Limits.ABSENT_LEASE.toMillis() + " ms ago");
        }
        var head = found.head().get();
        boolean expired = head.getExpiresAtMs() != 0 && head.getExpiresAtMs() <= System.currentTimeMillis();
        if (expired || (only != null && !only.equals(head.getVersion()))) {
            return Optional.empty();
        }
        long ageMs = ageMs(found);
        var freshness = Freshness.newBuilder()
                .setStale(true)
                .setAsOfMs(System.currentTimeMillis() - ageMs)
                .setAgeMs((int) ageMs);
        return Optional.of(new Leased(head, freshness.build()));
    }

    /** What a lease says of a blob, however old it may be. */
    Optional<CachedHead<BlobHead>> peek(String user, String name) {
        return heads.find(new HeadKey(user, name), heads.nanoTime() - Limits.HEAD_LEASE.toNanos());
    }

    /** Age of what {@link #peek} found. */
    long ageMs(CachedHead<BlobHead> found) {
        return TimeUnit.NANOSECONDS.toMillis(heads.nanoTime() - found.asOfNanos()) + 1;
    }

    /** Forgets all heads of a user, and keeps none that were asked for before. */
    void forget(String user) {
        heads.dropUser(user);
    }

    /** A request for a head is about to be sent. */
    Asked ask(String user, String name) {
        return new Asked(user, heads.begin(new HeadKey(user, name)));
    }

    /** A request under way. */
    final class Asked {
        private final String user;
        private final HeadCache<BlobHead>.Fill fill;

        private Asked(String user, HeadCache<BlobHead>.Fill fill) {
            this.user = user;
            this.fill = fill;
        }

        /** The answer named a version. One that is stale by an unknown time gets no lease. */
        void found(BlobHead head, Freshness freshness) {
            if (freshness.getStale() && freshness.getAgeMs() == 0) {
                return;
            }
            var shard = shards.apply(user);
            long ageNanos = freshness.getStale()
                    ? TimeUnit.MILLISECONDS.toNanos(Integer.toUnsignedLong(freshness.getAgeMs()))
                    : 0;
            boolean kept =
                    fill.found(shard.map(ShardId::value).orElse(0), Wire.version(head.getVersion()), head, ageNanos);
            if (kept) {
                shard.map(ShardId::value).ifPresent(feeds::want);
            }
        }

        /** The answer was a failure: worth remembering where it says, as of a known time, that there is no such blob. */
        void failed(TintypeException failure, ReadOptions options) {
            if (failure.reason() != Reason.BLOB_NOT_FOUND) {
                return;
            }
            int shard = shards.apply(user).map(ShardId::value).orElse(0);
            switch (options.getConsistency()) {
                case CONSISTENCY_UNSPECIFIED, CONSISTENCY_LINEARIZABLE, CONSISTENCY_NEAR -> fill.absent(shard, 0);
                case CONSISTENCY_BOUNDED_STALENESS ->
                    fill.absent(
                            shard, TimeUnit.MILLISECONDS.toNanos(Integer.toUnsignedLong(options.getMaxStalenessMs())));
                case CONSISTENCY_SESSION, CONSISTENCY_EXACT_VERSION, UNRECOGNIZED -> {
                    // as of when is not known
                }
            }
        }
    }

    /** What the leases did so far. */
    HeadStats stats() {
        return heads.stats();
    }

    /** Shards whose changes arrive now. */
    long feedsConnected() {
        return feeds.connected();
    }

    @Override
    public void close() {
        feeds.close();
    }
}
