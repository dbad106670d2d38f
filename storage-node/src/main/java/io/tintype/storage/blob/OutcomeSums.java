// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.blob;

import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * How many outcomes of a user's requests there are from any second on, and the sum of their digests, without looking at them
 * again: sums by the second in which the source of a move applied them. Seconds divide {@link Retries#bucket stretches}, so
 * that what is forgotten with a stretch is whole seconds here. Takes a few bytes for each second that has any, however many it
 * has. Not thread-safe.
 */
final class OutcomeSums {
    /** From when on can be counted: multiples of this. */
    static final long STEP_MS = 1_000;

    private final NavigableMap<Long, UserExport.Count> bySecond = new TreeMap<>();

    /** The second that a time is in, as a time. */
    static long floor(long timeMs) {
        return Math.floorDiv(timeMs, STEP_MS) * STEP_MS;
    }

    void add(long appliedAtMs, long digest) {
        change(appliedAtMs, 1, digest);
    }

    /** Takes one back that was added. */
    void remove(long appliedAtMs, long digest) {
        change(appliedAtMs, -1, -digest);
    }

    private void change(long appliedAtMs, int count, long digest) {
        bySecond.merge(floor(appliedAtMs), new UserExport.Count(count, digest), OutcomeSums::plus);
    }

    /** All that were applied at a time or later, which is a whole second. */
    UserExport.Count from(long timeMs) {
        if (timeMs != floor(timeMs)) {
            throw new IllegalArgumentException(timeMs + " is no whole second");
        }
        return bySecond.tailMap(timeMs, true).values().stream().reduce(UserExport.Count.NONE, OutcomeSums::plus);
    }

    /** Forgets what was applied before a time, which is a whole second. */
    void forgetBefore(long timeMs) {
        bySecond.headMap(timeMs, false).clear();
    }

    static UserExport.Count plus(UserExport.Count one, UserExport.Count other) {
        return new UserExport.Count(one.count() + other.count(), one.digest() + other.digest());
    }
}
