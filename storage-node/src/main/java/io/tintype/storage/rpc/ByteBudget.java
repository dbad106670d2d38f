// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.rpc;

import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import java.time.Duration;
import java.util.ArrayDeque;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Bytes that all transfers of one direction may hold in memory together: what bounds them is their bytes, not their
 * number. Thread-safe; never blocks.
 *
 * <p>Always: what is in use is what was taken and not yet given back, and never above the limit.
 */
final class ByteBudget {
    private static final Logger log = LoggerFactory.getLogger(ByteBudget.class);

    /** After which delay a refused caller may find room. */
    static final Duration RETRY_AFTER = Duration.ofMillis(250);

    private final String name;
    private final long limit;
    private final int maxWaiting;
    private final ArrayDeque<Runnable> waiting = new ArrayDeque<>();
    private long used;

    /**
     * A budget nobody uses yet.
     *
     * @param name what a refusal calls it: the setting that holds the limit
     * @param limit in bytes
     * @param maxWaiting callers that may wait at once; further ones are refused
     */
    ByteBudget(String name, long limit, int maxWaiting) {
        this.name = name;
        this.limit = limit;
        this.maxWaiting = maxWaiting;
    }

    /**
     * Takes bytes, or nothing.
     *
     * @throws TintypeException OVERLOADED, with the delay after which to try again
     */
    void take(long bytes) {
        if (!tryTake(bytes)) {
            throw refusal();
        }
    }

    /** Takes bytes if they are left. */
    synchronized boolean tryTake(long bytes) {
        if (used + bytes > limit) {
            return false;
        }
        used += bytes;
        return true;
    }

    /**
     * Takes bytes if they are left; else remembers to call once some are given back. Whoever is called asks again, and may
     * have to wait again.
     *
     * @param retry called once, on the thread that gave bytes back: hand over at once
     * @throws TintypeException OVERLOADED where too many wait already
     */
    synchronized boolean takeOrWait(long bytes, Runnable retry) {
        if (tryTake(bytes)) {
            return true;
        }
        if (waiting.size() >= maxWaiting) {
            throw refusal();
        }
        waiting.add(retry);
        return false;
    }

    /** Gives bytes back that were taken before. */
    void give(long bytes) {
        if (bytes == 0) {
            return;
        }
        Runnable[] next;
        synchronized (this) {
            used -= bytes;
            if (used < 0) {
                throw new IllegalStateException(name + ": gave back more than was taken");
            }
            if (waiting.isEmpty()) {
                return;
            }
            next = waiting.toArray(Runnable[]::new);
            waiting.clear();
        }
        for (var retry : next) {
            wake(retry);
        }
    }

    /** They wait for nothing else any more: whoever fails must not take the others' turn along, nor fail who gave back. */
    private void wake(Runnable retry) {
        try {
            retry.run();
        } catch (RuntimeException | Error e) {
            log.error("{}: a transfer that waited for bytes could not go on", name, e);
        }
    }

    /** Whether at least this share of the limit, 0 to 1, is in use. */
    synchronized boolean isFuller(double share) {
        return used >= limit * share;
    }

    /** Bytes in use. */
    synchronized long used() {
        return used;
    }

    /** Who waits for bytes to be given back. */
    synchronized int waiting() {
        return waiting.size();
    }

    /** The limit, in bytes. */
    long limit() {
        return limit;
    }

    /** What a caller is told who finds no room. */
    TintypeException refusal() {
        return new TintypeException(
                Reason.OVERLOADED,
                "this node's transfers hold " + used() + " of the " + limit + " bytes that " + name
                        + " allows; try again a little later, or another node",
                RETRY_AFTER);
    }
}
