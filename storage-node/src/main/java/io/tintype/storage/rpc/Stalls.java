// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.rpc;

import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import java.time.Duration;
import java.util.Collections;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives up transfers that no longer move, so that a client who went to sleep does not keep memory that others wait for.
 * Thread-safe.
 */
final class Stalls implements AutoCloseable {
    /** A transfer that can be given up. */
    interface Transfer {
        /** When it last moved, by the clock given to {@link Stalls}. */
        long movedAtNanos();

        /** Ends it with this failure. */
        void giveUp(TintypeException failure);

        /** Whether it brings bytes, and needs a primary here until it ends. */
        boolean isUpload();
    }

    private static final Logger log = LoggerFactory.getLogger(Stalls.class);
    private static final long POLL_MS = 5;

    private final Duration limit;
    private final LongSupplier nanoTime;
    private final Set<Transfer> transfers = ConcurrentHashMap.newKeySet();
    private final ScheduledExecutorService sweeper;
    private final AtomicLong givenUp = new AtomicLong();

    /**
     * Begins to watch.
     *
     * @param limit how long a transfer may stand still
     */
    Stalls(Duration limit, LongSupplier nanoTime) {
        this.limit = limit;
        this.nanoTime = nanoTime;
        this.sweeper = Executors.newSingleThreadScheduledExecutor(task -> {
            var thread = new Thread(task, "stalled-transfers");
            thread.setDaemon(true);
            return thread;
        });
        long period = Math.max(1, limit.toMillis() / 4);
        var unused = sweeper.scheduleWithFixedDelay(this::sweep, period, period, TimeUnit.MILLISECONDS);
    }

    /** Watches a transfer until {@link #forget}. */
    void watch(Transfer transfer) {
        transfers.add(transfer);
    }

    /** Watches it no longer. */
    void forget(Transfer transfer) {
        transfers.remove(transfer);
    }

    /** What time it is for {@link Transfer#movedAtNanos}. */
    long now() {
        return nanoTime.getAsLong();
    }

    /** Transfers that were given up so far; counted once each has been told. */
    long givenUp() {
        return givenUp.get();
    }

    /**
     * Waits until the uploads that are under way now have all been proposed or have ended, for so long at most. Those that
     * begin meanwhile are not waited for: there may always be some. Blocks.
     */
    void awaitUploads(Duration most) throws InterruptedException {
        var now = transfers.stream().filter(Transfer::isUpload).toList();
        long deadline = nanoTime.getAsLong() + most.toNanos();
        while (!Collections.disjoint(now, transfers) && nanoTime.getAsLong() - deadline < 0) {
            TimeUnit.MILLISECONDS.sleep(POLL_MS);
        }
    }

    private void sweep() {
        long now = nanoTime.getAsLong();
        transfers.removeIf(transfer -> {
            boolean stands = now - transfer.movedAtNanos() > limit.toNanos();
            return stands && giveUp(transfer);
        });
    }

    /** False: it could not be given up, and is tried again. It must not keep others, nor all later sweeps, from theirs. */
    private boolean giveUp(Transfer transfer) {
        try {
            transfer.giveUp(new TintypeException(
                    Reason.UNAVAILABLE,
                    "the transfer stood still for " + limit.toSeconds()
                            + " s and was given up; begin again, or resume an upload in chunks"));
        } catch (RuntimeException | Error e) {
            log.error("a transfer that stands still could not be given up; it is tried again", e);
            return false;
        }
        givenUp.incrementAndGet();
        return true;
    }

    @Override
    public void close() {
        sweeper.shutdownNow();
    }
}
