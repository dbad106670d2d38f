// SPDX-License-Identifier: Apache-2.0
package io.tintype.client.internal.net;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends transfers that wait for the other side for too long. One periodic look at all of them costs less than a timer each.
 * Thread-safe.
 */
public final class StallWatch {
    private static final Logger log = LoggerFactory.getLogger(StallWatch.class);
    private static final int LOOKS_PER_TIMEOUT = 8;

    private final Set<Watched> watched = ConcurrentHashMap.newKeySet();
    private final long timeoutNanos;

    /** A transfer that may stall. Called on the timer thread: must not block. */
    public interface Watched {
        /** Since when, by {@link System#nanoTime}, it waits for the other side; {@link Long#MAX_VALUE}: it does not. */
        long waitingSinceNanos();

        /** It has waited too long. */
        void stalled(Duration timeout);
    }

    public StallWatch(Duration timeout, ClientThreads threads) {
        timeoutNanos = timeout.toNanos();
        long period = Math.max(TimeUnit.MILLISECONDS.toNanos(5), timeoutNanos / LOOKS_PER_TIMEOUT);
        var unused = threads.timer().scheduleWithFixedDelay(this::look, period, period, TimeUnit.NANOSECONDS);
    }

    /** Watches a transfer from now on. */
    public void add(Watched transfer) {
        watched.add(transfer);
    }

    /** The transfer is over. */
    public void remove(Watched transfer) {
        watched.remove(transfer);
    }

    private void look() {
        long now = System.nanoTime();
        var stalled = watched.stream()
                .filter(transfer -> isStalled(transfer.waitingSinceNanos(), now))
                .toList();
        for (var transfer : stalled) {
            remove(transfer);
            try {
                transfer.stalled(Duration.ofNanos(timeoutNanos));
            } catch (RuntimeException | Error e) { // the others are to be looked at all the same, and once more
                log.warn("a transfer that stands still cannot be ended", e);
            }
        }
    }

    private boolean isStalled(long since, long now) {
        return since != Long.MAX_VALUE && now - since > timeoutNanos;
    }
}
