// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.log;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;
import org.slf4j.Logger;

/**
 * Writes down what may fail again at every look: each distinct failure at once, and while it lasts every ten minutes, with how
 * often it came meanwhile. Thread-safe.
 */
public final class RecurringFailures {
    /** Shortest time between two lines about the same failure. */
    public static final Duration PERIOD = Duration.ofMinutes(10);

    /** Most failures that are told apart: with more, the one known longest is taken for new when it comes again. */
    static final int MAX_KNOWN = 1_000;

    private final Logger log;
    private final LongSupplier nanoTime;
    // Guarded by this:
    private final Map<String, Known> known = new LinkedHashMap<>();

    /** When a failure was told last, and how often it came since. */
    private record Known(long toldAt, long since) {}

    /** Over a clock that never goes back. */
    public RecurringFailures(Logger log, LongSupplier nanoTime) {
        this.log = log;
        this.nanoTime = nanoTime;
    }

    /**
     * Something failed, perhaps as it did before.
     *
     * @param what what, and what comes of it
     */
    public void error(String what, Throwable why) {
        long missed = missed(what + ": " + why);
        if (missed >= 0) {
            log.error("{}{}", what, missed == 0 ? "" : " (" + missed + " more times since it was last told)", why);
        }
    }

    /** The same of what passes mostly: at level INFO, and without the failure's trace. */
    public void info(String what, Throwable why) {
        long missed = missed(what + ": " + why);
        if (missed >= 0) {
            log.info(
                    "{}{}: {}",
                    what,
                    missed == 0 ? "" : " (" + missed + " more times since it was last told)",
                    why.toString());
        }
    }

    /** How often a failure came since it was last told; -1: it is not to be told yet. */
    private synchronized long missed(String failure) {
        long now = nanoTime.getAsLong();
        var before = known.get(failure);
        if (before != null && now - before.toldAt() < PERIOD.toNanos()) {
            known.put(failure, new Known(before.toldAt(), before.since() + 1));
            return -1;
        }
        if (before == null && known.size() >= MAX_KNOWN) {
            known.remove(known.keySet().iterator().next());
        }
        known.put(failure, new Known(now, 0));
        return before == null ? 0 : before.since();
    }
}
