// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import io.tintype.client.internal.ClientCore;
import io.tintype.client.internal.transfer.NearCache;
import io.tintype.heads.CachedHead;
import io.tintype.heads.HeadCache;
import io.tintype.heads.HeadStats;
import io.tintype.heads.LeaseClock;
import io.tintype.heads.SingleFlight;
import io.tintype.model.Limits;
import io.tintype.model.Reason;
import io.tintype.model.Stretch;
import io.tintype.model.TintypeException;
import io.tintype.model.Version;
import io.tintype.proto.v1.BlobHead;
import io.tintype.proto.v1.GetRequest;
import io.tintype.wire.Wire;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * Reads into memory, with the near cache if there is one. What is held is only handed out where the cluster has said, as
 * freshly as was asked for, that it is the current version: just now, or, where the reader puts up with it, less than a lease
 * ago. Thread-safe.
 */
final class CachedReads implements AutoCloseable {
    private static final int MAX_FLIGHTS = 10_000;
    private static final HeadStats NO_HEADS = new HeadStats(0, 0, 0, 0, 0, 0, 0, 0, 0);

    private final ClientCore core;
    private final Session own;
    private final @Nullable NearCache cache;
    private final @Nullable Leases leases;
    private final SingleFlight<Wanted, MemorySink.Got> flights = new SingleFlight<>(LeaseClock.SYSTEM, MAX_FLIGHTS);
    private final LongAdder leaseHits = new LongAdder();

    /** What a read wants; readers who want the same may share it. */
    private record Wanted(
            String user, String name, @Nullable Version known, GetOptions options) {}

    CachedReads(ClientCore core, Session own, @Nullable NearCache cache, @Nullable Leases leases) {
        this.core = core;
        this.own = own;
        this.cache = cache;
        this.leases = leases;
    }

    CompletableFuture<Blob> get(String user, String name, GetOptions options) {
        var leased = leased(user, name, options.consistency(), options.ifVersion());
        if (leased.isPresent()) {
            var answer = fromLease(user, name, leased.get(), options);
            if (answer.isPresent()) {
                return CompletableFuture.completedFuture(answer.get());
            }
        }
        var held = cache == null || options.ifVersion() != null
                ? Optional.<NearCache.Entry>empty()
                : cache.find(user, name);
        var known = held.map(NearCache.Entry::version).orElse(null);
        return Futures.map(
                share(user, name, known, options),
                got -> got.first().getNotModified() && held.isPresent()
                        ? fromCache(held.get(), Convert.freshness(got.first().getFreshness()), options)
                        : arrived(got));
    }

    CompletableFuture<Optional<Blob>> getIfChanged(String user, String name, Version known, GetOptions options) {
        var leased = leased(user, name, options.consistency(), options.ifVersion());
        if (leased.isPresent() && leased.get().version().equals(Optional.of(known))) {
            return CompletableFuture.completedFuture(Optional.empty());
        }
        return Futures.map(
                read(user, name, known, options),
                got -> got.first().getNotModified() ? Optional.empty() : Optional.of(arrived(got)));
    }

    CompletableFuture<BlobInfo> head(String user, String name, HeadOptions options) {
        var leased = leased(user, name, options.consistency(), options.ifVersion());
        if (leased.isPresent()) {
            return CompletableFuture.completedFuture(
                    Convert.info(leased.get().head().orElseThrow(() -> none(name))));
        }
        var fill = leases == null ? null : leases.begin(user, name);
        var asked = Futures.observed(
                core.call(Requests.head(user, name, options, own)),
                answer -> learn(fill, answer.getHead(), answer.getFreshness()),
                failure -> learnFailure(fill, user, options.consistency(), failure));
        return Futures.map(asked, answer -> Convert.info(answer.getHead()));
    }

    /** What is held of a blob, whoever could use it. */
    Explanation.NearCached held(String user, String name) {
        var longest = Consistency.boundedStaleness(Limits.HEAD_LEASE);
        var leased = leased(user, name, longest, null).orElse(null);
        var version = leased == null ? null : leased.versionOrNull();
        boolean bytes = cache != null
                && version != null
                && cache.find(user, name)
                        .filter(entry -> entry.version().equals(version))
                        .isPresent();
        return new Explanation.NearCached(
                cache != null,
                leased == null ? null : Duration.ofNanos(LeaseClock.SYSTEM.getAsLong() - leased.asOfNanos()),
                version,
                bytes);
    }

    private Optional<CachedHead<BlobHead>> leased(
            String user, String name, Consistency consistency, @Nullable Version only) {
        return leases == null ? Optional.empty() : leases.find(user, name, consistency, only, own);
    }

    /** What needs no network: there is none, or the bytes of the version that the lease names are here. */
    private Optional<Blob> fromLease(String user, String name, CachedHead<BlobHead> leased, GetOptions options) {
        if (leased.version().isEmpty()) {
            throw none(name);
        }
        return cache == null
                ? Optional.empty()
                : cache.find(user, name)
                        .filter(entry -> leased.version().equals(Optional.of(entry.version())))
                        .map(entry -> {
                            leaseHits.increment();
                            return fromCache(entry, Leases.freshness(leased), options);
                        });
    }

    private static TintypeException none(String name) {
        return new TintypeException(
                Reason.BLOB_NOT_FOUND,
                "there was no blob '" + name + "' when this client last asked, less than "
                        + Limits.ABSENT_LEASE.toMillis() + " ms ago");
    }

    /** Reads of the same that put up with each other's answers share one. */
    private CompletableFuture<MemorySink.Got> share(
            String user, String name, @Nullable Version known, GetOptions options) {
        var notBefore = Leases.notBefore(options.consistency(), own);
        if (leases == null || notBefore.isEmpty()) {
            return read(user, name, known, options);
        }
        var shared = flights.join(
                new Wanted(user, name, known, options), notBefore.getAsLong(), () -> read(user, name, known, options));
        return Futures.then(
                shared,
                got -> isFreshEnough(user, name, got, options, notBefore.getAsLong())
                        ? CompletableFuture.completedFuture(got)
                        : read(user, name, known, options));
    }

    private boolean isFreshEnough(
            String user, String name, MemorySink.Got got, GetOptions options, long notBeforeNanos) {
        var freshness = got.first().getFreshness();
        long ageNanos = TimeUnit.MILLISECONDS.toNanos(Math.max(0, freshness.getAgeMs() - 1L));
        boolean tooOld = options.consistency() instanceof Consistency.BoundedStaleness
                && freshness.getStale()
                && got.begunNanos() - ageNanos - notBeforeNanos < 0;
        boolean behind = leases != null
                && !(options.consistency() instanceof Consistency.ExactVersion)
                && leases.isBehind(user, name, got.first().getHead());
        return !tooOld && !behind;
    }

    private CompletableFuture<MemorySink.Got> read(
            String user, String name, @Nullable Version known, GetOptions options) {
        var request = Requests.get(user, name, options);
        GetRequest asked = known == null
                ? request
                : request.toBuilder().setIfNotVersion(Wire.version(known)).build();
        var fill = leases == null ? null : leases.begin(user, name);
        var sink = new MemorySink(options);
        return Futures.observed(
                sink.start(core.read(asked, Convert.mode(options.consistency(), own, user), options.timeout(), sink)),
                got -> {
                    learn(fill, got.first().getHead(), got.first().getFreshness());
                    keep(user, name, got, options);
                },
                failure -> learnFailure(fill, user, options.consistency(), failure));
    }

    private void learn(
            HeadCache<BlobHead>.@Nullable Fill fill, BlobHead head, io.tintype.proto.v1.Freshness freshness) {
        if (leases != null && fill != null) {
            leases.found(fill, head, freshness);
        }
    }

    private void learnFailure(
            HeadCache<BlobHead>.@Nullable Fill fill, String user, Consistency consistency, Throwable failure) {
        if (leases != null && fill != null) {
            leases.failed(fill, user, consistency, Typed.of(failure));
        }
    }

    /** Bytes are kept by their version, whoever holds it for current. */
    private void keep(String user, String name, MemorySink.Got got, GetOptions options) {
        if (cache != null && !got.first().getNotModified() && options.range().isAll()) {
            cache.keep(user, name, new NearCache.Entry(got.first().getHead(), got.bytes()));
        }
    }

    private Blob arrived(MemorySink.Got got) {
        var head = got.first().getHead();
        if (cache != null) {
            cache.missed();
        }
        return new Blob(Convert.info(head), Convert.freshness(got.first().getFreshness()), got.bytes(), cache != null);
    }

    private Blob fromCache(NearCache.Entry held, Freshness freshness, GetOptions options) {
        var range = options.range();
        var stretch = Stretch.of(held.bytes().length, range.offset(), range.length());
        long length = stretch.length();
        MemorySink.checkFits(length, options, held.head().getName());
        if (cache != null) {
            cache.hit(length);
        }
        var bytes = range.isAll()
                ? held.bytes()
                : Arrays.copyOfRange(held.bytes(), (int) stretch.first(), (int) stretch.end());
        return new Blob(Convert.info(held.head()), freshness, bytes, range.isAll());
    }

    /** An acknowledged change of this client's own. */
    void changed(String user, String name, Version version) {
        if (leases != null) {
            leases.changed(user, name, version);
        }
    }

    /** As {@link #changed}; memory held for what is no more is better used otherwise. */
    void removed(String user, String name, Version version) {
        changed(user, name, version);
        if (cache != null) {
            cache.drop(user, name);
        }
    }

    CacheStats stats() {
        if (cache == null) {
            return CacheStats.OFF;
        }
        var counts = cache.counts();
        var heads = leases == null ? NO_HEADS : leases.stats();
        return new CacheStats(
                counts.hits(),
                leaseHits.sum(),
                counts.misses(),
                counts.evictions(),
                counts.savedBytes(),
                counts.entries(),
                counts.heldBytes(),
                heads.entries(),
                heads.changes(),
                leases == null ? 0 : leases.feedsConnected());
    }

    @Override
    public void close() {
        if (leases != null) {
            leases.close();
        }
    }
}
