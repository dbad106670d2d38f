// SPDX-License-Identifier: Apache-2.0
package io.tintype.heads;

import io.tintype.model.Version;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;
import java.util.function.ToIntFunction;

/**
 * Remembers which version of a name is current, each for the length of a lease. Thread-safe; never blocks for long; bounded by
 * weight, least recently used first.
 *
 * <p>What always holds:
 *
 * <ul>
 *   <li>A head is handed out no longer than {@link HeadLimits#lease} after its request was sent (less where the answer was
 *       stale already), so that nothing is shown longer than that after it was replaced or deleted. Absent names: {@link
 *       HeadLimits#absentLease}.
 *   <li>No name goes backwards: once a version was seen, or told of by {@link #changed}, no older one is handed out, however
 *       late the answer comes that names it. The floor is remembered for as long as such an answer could have a lease; where
 *       room is short and it is forgotten earlier, answers to requests sent before are not kept at all.
 *   <li>Nothing that was asked for before a shard's heads were dropped is kept after.
 * </ul>
 *
 * @param <H> what is kept with a version
 */
public final class HeadCache<H> {
    /** Counted for each entry besides what its fill says: objects, references, the key's strings. */
    public static final int ENTRY_OVERHEAD = 256;

    private static final int SEGMENTS = 16;

    private final LongSupplier clock;
    private final long leaseNanos;
    private final long absentNanos;
    private final boolean sendingCounts;
    private final HeadSegment<H>[] segments;
    private final ConcurrentHashMap<Integer, Long> dropped = new ConcurrentHashMap<>();
    private final AtomicLong forgottenNanos;
    private final LongAdder hits = new LongAdder();
    private final LongAdder misses = new LongAdder();
    private final LongAdder kept = new LongAdder();
    private final LongAdder refused = new LongAdder();
    private final LongAdder changes = new LongAdder();
    private final LongAdder drops = new LongAdder();

    /**
     * An empty cache.
     *
     * @param limits how long and how much
     * @param nanoTime a clock that never goes back, such as {@link LeaseClock#SYSTEM}
     * @param weigher bytes that what is kept with a version takes
     */
    public HeadCache(HeadLimits limits, LongSupplier nanoTime, ToIntFunction<? super H> weigher) {
        this(limits, nanoTime, weigher, HeadRule.all());
    }

    @SuppressWarnings({"unchecked", "rawtypes"}) // an array of a generic type cannot be made otherwise
    HeadCache(HeadLimits limits, LongSupplier nanoTime, ToIntFunction<? super H> weigher, Set<HeadRule> rules) {
        this.clock = nanoTime;
        this.sendingCounts = rules.contains(HeadRule.LEASE_COUNTS_FROM_SENDING);
        this.leaseNanos = limits.lease().toNanos();
        this.absentNanos = limits.absentLease().toNanos();
        this.segments = new HeadSegment[SEGMENTS];
        this.forgottenNanos = new AtomicLong(nanoTime.getAsLong() - 1);
        for (int i = 0; i < SEGMENTS; i++) {
            segments[i] = new HeadSegment<>(
                    Math.max(1, limits.maxWeight() / SEGMENTS),
                    weigher,
                    this::forget,
                    rules.contains(HeadRule.NAMES_KEEP_A_FLOOR));
        }
    }

    /** The clock's time now: what {@code notBeforeNanos} of {@link #find} is measured by. */
    public long nanoTime() {
        return clock.getAsLong();
    }

    /**
     * What a running lease says of a name.
     *
     * @param notBeforeNanos the earliest moment whose state will do: now less the staleness allowed; or when the newest
     *     token of a session that must be seen was learnt; now itself: nothing will do
     */
    public Optional<CachedHead<H>> find(HeadKey key, long notBeforeNanos) {
        long now = clock.getAsLong();
        var entry = segment(key).find(key);
        boolean usable = entry != null
                && entry.isKnown()
                && now - entry.asOfNanos() < (entry.version() == null ? absentNanos : leaseNanos)
                && entry.asOfNanos() - notBeforeNanos >= 0
                && !isDropped(entry.shard(), entry.begunNanos());
        if (entry == null || !usable) {
            misses.increment();
            return Optional.empty();
        }
        hits.increment();
        return Optional.of(new CachedHead<>(entry.version(), entry.head(), entry.shard(), entry.asOfNanos()));
    }

    /** Whether something newer than a version is known of a name: whoever holds that version must not show it. */
    public boolean isBehind(HeadKey key, Version version) {
        var entry = segment(key).find(key);
        return entry != null && entry.floor() != null && version.compareTo(entry.floor()) < 0;
    }

    /** A request for a name's head is about to be sent. Call this first: the lease counts from here. */
    public Fill begin(HeadKey key) {
        return new Fill(key, clock.getAsLong());
    }

    /** A name has this version now, or was removed under it: everything older is void. */
    public void changed(HeadKey key, Version version) {
        segment(key).changed(key, version, clock.getAsLong());
        changes.increment(); // who sees it counted reads the old one no more
    }

    /** Changes of a shard may have been missed: all its heads are void, and so are answers under way. */
    public void drop(int shard) {
        drops.increment();
        long now = clock.getAsLong();
        dropped.merge(shard, now, (before, news) -> news - before > 0 ? news : before);
        // Once a lease is over since, nothing that was dropped could be used anyway.
        dropped.values().removeIf(at -> now - at > leaseNanos);
    }

    /** All that is known of a user is void, and so are answers under way. */
    public void dropUser(String user) {
        forget(clock.getAsLong());
        for (var segment : segments) {
            segment.removeUser(user);
        }
        changes.increment();
    }

    /** What the cache did so far. */
    public HeadStats stats() {
        long evictions = 0;
        long entries = 0;
        long weight = 0;
        for (var segment : segments) {
            evictions += segment.evictions();
            entries += segment.size();
            weight += segment.weight();
        }
        return new HeadStats(
                hits.sum(),
                misses.sum(),
                kept.sum(),
                refused.sum(),
                changes.sum(),
                drops.sum(),
                evictions,
                entries,
                weight);
    }

    private HeadSegment<H> segment(HeadKey key) {
        int hash = key.hashCode();
        return segments[(hash ^ hash >>> 16) & SEGMENTS - 1];
    }

    private boolean isDropped(int shard, long begunNanos) {
        var at = dropped.get(shard);
        return at != null && begunNanos - at <= 0;
    }

    /** What was known up to a moment was forgotten: answers to requests sent before it cannot be judged any more. */
    private void forget(long knownNanos) {
        forgottenNanos.accumulateAndGet(knownNanos, (before, news) -> news - before > 0 ? news : before);
    }

    private boolean note(boolean wasKept) {
        (wasKept ? kept : refused).increment();
        return wasKept;
    }

    /** A request under way. For one answer; thread-safe. */
    public final class Fill {
        private final HeadKey key;
        private final long begunNanos;

        private Fill(HeadKey key, long begunNanos) {
            this.key = key;
            this.begunNanos = begunNanos;
        }

        /** When the request was about to be sent, by the cache's clock. */
        public long begunNanos() {
            return begunNanos;
        }

        /**
         * The answer named a version.
         *
         * @param shard that was asked
         * @param version that was current
         * @param head to be kept with it
         * @param ageNanos how old the answer was at most when it was given; 0 where it was not stale
         * @return whether it is kept; either way the caller may use it for this one read if it is as fresh as he needs
         */
        public boolean found(int shard, Version version, H head, long ageNanos) {
            long now = clock.getAsLong();
            long asOf = asOf(now, ageNanos);
            boolean late = now - asOf >= leaseNanos || isTooLate(shard);
            return note(
                    segment(key).found(key, new HeadSegment.News(shard, begunNanos, asOf, now), version, head, late));
        }

        /**
         * The answer was that there is no such blob.
         *
         * @param shard that was asked
         * @param ageNanos as for {@link #found}
         * @return whether it is kept
         */
        public boolean absent(int shard, long ageNanos) {
            long now = clock.getAsLong();
            long asOf = asOf(now, ageNanos);
            boolean late = now - asOf >= absentNanos || isTooLate(shard);
            return note(!late && segment(key).absent(key, new HeadSegment.News(shard, begunNanos, asOf, now)));
        }

        private long asOf(long now, long ageNanos) {
            return (sendingCounts ? begunNanos : now) - Math.max(0, ageNanos);
        }

        private boolean isTooLate(int shard) {
            return isDropped(shard, begunNanos) || begunNanos - forgottenNanos.get() <= 0;
        }
    }
}
