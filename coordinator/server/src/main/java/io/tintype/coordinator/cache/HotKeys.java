// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.cache;

import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;

/**
 * Which pieces get a large part of all reads: the Space-Saving counter (Metwally, Agrawal, El Abbadi, 2005), halved from time
 * to time so that the past fades. Thread-safe.
 *
 * <p>A piece is hot when it surely got one in {@value #SHARE} of the reads counted, and at least {@value #LEAST}.
 */
final class HotKeys {
    static final int COUNTERS = 256;
    static final int SHARE = 100;
    static final int LEAST = 32;
    /** Reads after which all counts are halved. */
    static final int FADE_AFTER = 20_000;

    private final Map<PieceKey, Counter> counters = new HashMap<>(2 * COUNTERS); // guarded by this
    private long total; // guarded by this

    private static final class Counter {
        long count;
        /** How much of the count may be others'. */
        long error;
    }

    /** Counts a read; true where the piece is hot. */
    synchronized boolean read(PieceKey key) {
        if (++total == FADE_AFTER) {
            fade();
        }
        var counter = counters.get(key);
        if (counter == null) {
            counter = counters.size() < COUNTERS ? new Counter() : replaceRarest();
            counters.put(key, counter);
        }
        counter.count++;
        return isHot(counter);
    }

    /** Whether a piece is hot; counts nothing. */
    synchronized boolean isHot(PieceKey key) {
        var counter = counters.get(key);
        return counter != null && isHot(counter);
    }

    private boolean isHot(Counter counter) {
        long sure = counter.count - counter.error;
        return sure >= LEAST && sure * SHARE >= total;
    }

    private Counter replaceRarest() {
        var rarest =
                Collections.min(counters.entrySet(), (a, b) -> Long.compare(a.getValue().count, b.getValue().count));
        var counter = new Counter();
        counter.count = rarest.getValue().count;
        counter.error = counter.count;
        Objects.requireNonNull(counters.remove(rarest.getKey()));
        return counter;
    }

    private void fade() {
        total /= 2;
        counters.values().removeIf(counter -> {
            counter.count /= 2;
            counter.error /= 2;
            return counter.count == 0;
        });
    }
}
