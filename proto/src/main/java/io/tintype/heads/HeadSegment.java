// SPDX-License-Identifier: Apache-2.0
package io.tintype.heads;

import io.tintype.model.Version;
import java.util.LinkedHashMap;
import java.util.function.LongConsumer;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/** A part of a {@link HeadCache}, with a lock of its own. Thread-safe. */
final class HeadSegment<H> {
    private final LinkedHashMap<HeadKey, Entry<H>> entries = new LinkedHashMap<>(16, 0.75f, true);
    private final long maxWeight;
    private final ToIntFunction<? super H> weigher;
    private final LongConsumer forgotten;
    private final boolean floorsCount;
    private long weight;
    private long evictions;

    /**
     * What is known of a name. Immutable.
     *
     * @param floor newest version heard of; null: none
     * @param isKnown whether version and head say what is current; if not, only the floor counts
     * @param version current version; null: there is no such blob
     * @param head what is kept with it
     * @param shard that said so
     * @param begunNanos when it was asked
     * @param asOfNanos it was so then or later
     * @param knownNanos when this was put down
     */
    record Entry<H>(
            @Nullable Version floor,
            boolean isKnown,
            @Nullable Version version,
            @Nullable H head,
            int shard,
            long begunNanos,
            long asOfNanos,
            long knownNanos) {}

    /** When and where an answer comes from. */
    record News(int shard, long begunNanos, long asOfNanos, long nowNanos) {}

    HeadSegment(long maxWeight, ToIntFunction<? super H> weigher, LongConsumer forgotten, boolean floorsCount) {
        this.maxWeight = maxWeight;
        this.weigher = weigher;
        this.forgotten = forgotten;
        this.floorsCount = floorsCount;
    }

    synchronized @Nullable Entry<H> find(HeadKey key) {
        return entries.get(key);
    }

    /** An answer named a version; {@code late}: its lease is void, only the floor can rise by it. */
    synchronized boolean found(HeadKey key, News news, Version version, H head, boolean late) {
        var before = entries.get(key);
        if (before != null) {
            if (floorsCount && before.floor() != null && version.compareTo(before.floor()) < 0) {
                return false;
            }
            boolean sameAndOlder =
                    before.isKnown() && version.equals(before.version()) && news.asOfNanos() - before.asOfNanos() <= 0;
            // An absence has no version to compare by: only what was asked for afterwards is surely newer.
            boolean beforeAbsence =
                    before.isKnown() && before.version() == null && news.begunNanos() - before.knownNanos() <= 0;
            if (sameAndOlder || beforeAbsence) {
                return false;
            }
        }
        if (late) {
            changed(key, version, news.nowNanos());
            return false;
        }
        put(
                key,
                new Entry<>(
                        version,
                        true,
                        version,
                        head,
                        news.shard(),
                        news.begunNanos(),
                        news.asOfNanos(),
                        news.nowNanos()));
        return true;
    }

    /** An answer was that there is no such blob. */
    synchronized boolean absent(HeadKey key, News news) {
        var before = entries.get(key);
        if (before != null && news.begunNanos() - before.knownNanos() <= 0) {
            return false;
        }
        var floor = before == null ? null : before.floor();
        put(
                key,
                new Entry<>(
                        floor, true, null, null, news.shard(), news.begunNanos(), news.asOfNanos(), news.nowNanos()));
        return true;
    }

    /** Everything older than a version is void. */
    synchronized void changed(HeadKey key, Version version, long nowNanos) {
        var before = entries.get(key);
        if (before != null && before.floor() != null && version.compareTo(before.floor()) <= 0) {
            return;
        }
        put(key, new Entry<>(version, false, null, null, 0, nowNanos, nowNanos, nowNanos));
    }

    synchronized void removeUser(String user) {
        entries.entrySet().removeIf(entry -> {
            boolean his = entry.getKey().user().equals(user);
            weight -= his ? weightOf(entry.getKey(), entry.getValue()) : 0;
            return his;
        });
    }

    synchronized long evictions() {
        return evictions;
    }

    synchronized long size() {
        return entries.size();
    }

    synchronized long weight() {
        return weight;
    }

    private void put(HeadKey key, Entry<H> entry) {
        var before = entries.put(key, entry);
        weight += weightOf(key, entry) - (before == null ? 0 : weightOf(key, before));
        var eldest = entries.entrySet().iterator();
        while (weight > maxWeight && eldest.hasNext()) {
            var victim = eldest.next();
            weight -= weightOf(victim.getKey(), victim.getValue());
            forgotten.accept(victim.getValue().knownNanos());
            eldest.remove();
            evictions++;
        }
    }

    private long weightOf(HeadKey key, Entry<H> entry) {
        long head = entry.head() == null ? 0 : weigher.applyAsInt(entry.head());
        return HeadCache.ENTRY_OVERHEAD + 2L * (key.user().length() + key.name().length()) + head;
    }
}
