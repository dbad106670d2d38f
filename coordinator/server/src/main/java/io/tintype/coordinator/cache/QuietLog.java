// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.cache;

import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.slf4j.Logger;

/** Warns of what may go wrong with every piece, at most once in ten seconds, with how often it did since. Thread-safe. */
final class QuietLog {
    /** Shortest time between two warnings. */
    static final long PERIOD_S = 10;

    private final Logger log;
    private final LongSupplier nanoTime;
    private final AtomicLong kept = new AtomicLong();
    private final AtomicLong last;

    /** Over a clock that never goes back. */
    QuietLog(Logger log, LongSupplier nanoTime) {
        this.log = log;
        this.nanoTime = nanoTime;
        this.last = new AtomicLong(nanoTime.getAsLong() - TimeUnit.SECONDS.toNanos(PERIOD_S));
    }

    /** Work that is done over and over. */
    @FunctionalInterface
    interface Work {
        /** Does it once. */
        void run() throws Exception;
    }

    /** The same work for a timer, which would never do again what throws anything: that is warned of instead. */
    Runnable guarding(String what, Work work) {
        return () -> {
            try {
                work.run();
            } catch (Exception | Error e) { // whatever it is
                warn(what, e);
            }
        };
    }

    /** Something went wrong once more. */
    void warn(String what, Throwable why) {
        long now = nanoTime.getAsLong();
        long before = last.get();
        if (now - before >= TimeUnit.SECONDS.toNanos(PERIOD_S) && last.compareAndSet(before, now)) {
            log.warn(
                    "{}: {} ({} more like it were not reported)",
                    what,
                    Objects.requireNonNullElse(why.getMessage(), why.toString()),
                    kept.getAndSet(0));
        } else {
            kept.incrementAndGet();
        }
    }
}
