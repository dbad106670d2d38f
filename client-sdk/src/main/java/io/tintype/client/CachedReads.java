// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import io.tintype.client.internal.ClientCore;
import io.tintype.client.internal.transfer.NearCache;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.model.Version;
import io.tintype.proto.v1.GetRequest;
import io.tintype.proto.v1.GetResponse;
import io.tintype.wire.Wire;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Reads into memory, with the near cache if there is one: what is held is only handed out after the cluster has said, as
 * freshly as was asked for, that it is the current version. Thread-safe.
 */
final class CachedReads {
    private final ClientCore core;
    private final Session own;
    private final @Nullable NearCache cache;

    CachedReads(ClientCore core, Session own, @Nullable NearCache cache) {
        this.core = core;
        this.own = own;
        this.cache = cache;
    }

    CompletableFuture<Blob> get(String user, String name, GetOptions options) {
        var held = cache == null || options.ifVersion() != null
                ? Optional.<NearCache.Entry>empty()
                : cache.find(user, name);
        var known = held.map(NearCache.Entry::version).orElse(null);
        return Futures.map(
                read(user, name, known, options),
                got -> got.first().getNotModified() && held.isPresent()
                        ? fromCache(held.get(), got.first(), options)
                        : arrived(user, name, got, options));
    }

    CompletableFuture<Optional<Blob>> getIfChanged(String user, String name, Version known, GetOptions options) {
        return Futures.map(
                read(user, name, known, options),
                got -> got.first().getNotModified()
                        ? Optional.empty()
                        : Optional.of(arrived(user, name, got, options)));
    }

    private CompletableFuture<MemorySink.Got> read(
            String user, String name, @Nullable Version known, GetOptions options) {
        var request = Requests.get(user, name, options);
        GetRequest asked = known == null
                ? request
                : request.toBuilder().setIfNotVersion(Wire.version(known)).build();
        var sink = new MemorySink(options);
        return sink.start(core.read(asked, Convert.mode(options.consistency(), own), options.timeout(), sink));
    }

    private Blob arrived(String user, String name, MemorySink.Got got, GetOptions options) {
        var head = got.first().getHead();
        if (cache != null) {
            cache.missed();
            if (options.range().isAll() && !got.first().getFreshness().getStale()) {
                cache.keep(user, name, new NearCache.Entry(head, got.bytes()));
            }
        }
        return new Blob(Convert.info(head), Convert.freshness(got.first().getFreshness()), got.bytes(), cache != null);
    }

    private Blob fromCache(NearCache.Entry held, GetResponse first, GetOptions options) {
        var range = options.range();
        int size = held.bytes().length;
        if (range.offset() > 0 && range.offset() >= size) {
            throw new TintypeException(
                    Reason.RANGE_NOT_SATISFIABLE,
                    "'" + held.head().getName() + "' has " + size + " bytes; none lies at " + range.offset());
        }
        long length = MemorySink.lengthOf(range, size);
        MemorySink.checkFits(length, options, held.head().getName());
        if (cache != null) {
            cache.hit(length);
        }
        var bytes = range.isAll()
                ? held.bytes()
                : Arrays.copyOfRange(held.bytes(), (int) range.offset(), (int) (range.offset() + length));
        return new Blob(Convert.info(held.head()), Convert.freshness(first.getFreshness()), bytes, range.isAll());
    }

    /** Memory held for what is no more is better used otherwise. */
    void removed(String user, String name) {
        if (cache != null) {
            cache.drop(user, name);
        }
    }

    CacheStats stats() {
        if (cache == null) {
            return new CacheStats(0, 0, 0, 0, 0, 0);
        }
        var counts = cache.counts();
        return new CacheStats(
                counts.hits(),
                counts.misses(),
                counts.evictions(),
                counts.savedBytes(),
                counts.entries(),
                counts.heldBytes());
    }
}
