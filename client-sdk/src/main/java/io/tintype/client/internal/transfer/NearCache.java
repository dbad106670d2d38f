// SPDX-License-Identifier: Apache-2.0
package io.tintype.client.internal.transfer;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.tintype.model.Version;
import io.tintype.proto.v1.BlobHead;
import io.tintype.wire.Wire;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.LongAdder;

/**
 * Bytes of versions, which never change, under the name whose newest version they were: whoever reads asks the cluster
 * whether that is still the current one, and spares the bytes if so. Bounded by bytes. Thread-safe.
 */
public final class NearCache {
    private static final int ENTRY_OVERHEAD = 512;

    private final Cache<Key, Entry> entries;
    private final int maxBlobBytes;
    private final LongAdder hits = new LongAdder();
    private final LongAdder misses = new LongAdder();
    private final LongAdder savedBytes = new LongAdder();

    private record Key(String user, String name) {}

    /**
     * A version in memory.
     *
     * @param head what it is
     * @param bytes all of it; never to be written to
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    public record Entry(BlobHead head, byte[] bytes) {
        /** Which version. */
        public Version version() {
            return Wire.version(head.getVersion());
        }

        private int weight() {
            return ENTRY_OVERHEAD + head.getSerializedSize() + bytes.length;
        }
    }

    /** What the cache did so far. */
    public record Counts(long hits, long misses, long evictions, long savedBytes, long entries, long heldBytes) {}

    /**
     * An empty cache.
     *
     * @param maxBytes most bytes held, overhead included
     * @param maxBlobBytes size of the largest blob kept
     */
    public NearCache(long maxBytes, int maxBlobBytes, Executor executor) {
        this.maxBlobBytes = maxBlobBytes;
        entries = Caffeine.newBuilder()
                .maximumWeight(maxBytes)
                .weigher((Key key, Entry entry) -> entry.weight())
                .executor(executor)
                .recordStats()
                .build();
    }

    /** What is held of a blob. */
    public Optional<Entry> find(String user, String name) {
        return Optional.ofNullable(entries.getIfPresent(new Key(user, name)));
    }

    /** The cluster confirmed an entry: so many bytes did not travel. */
    public void hit(long bytes) {
        hits.increment();
        savedBytes.add(bytes);
    }

    /** Bytes had to travel. */
    public void missed() {
        misses.increment();
    }

    /** Keeps a whole blob whose checksum was found right, unless it is too large or a newer version is held. */
    public void keep(String user, String name, Entry entry) {
        if (entry.bytes.length <= maxBlobBytes) {
            entries.asMap()
                    .merge(
                            new Key(user, name),
                            entry,
                            (held, news) -> news.version().compareTo(held.version()) >= 0 ? news : held);
        }
    }

    /** A blob is no more, or not what is held. */
    public void drop(String user, String name) {
        entries.invalidate(new Key(user, name));
    }

    /** What the cache did so far. */
    public Counts counts() {
        return new Counts(
                hits.sum(),
                misses.sum(),
                entries.stats().evictionCount(),
                savedBytes.sum(),
                entries.estimatedSize(),
                entries.policy()
                        .eviction()
                        .flatMap(by -> by.weightedSize().stream().boxed().findFirst())
                        .orElse(0L));
    }
}
