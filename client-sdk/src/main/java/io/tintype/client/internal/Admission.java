// SPDX-License-Identifier: Apache-2.0
package io.tintype.client.internal;

import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;

/** Bounds the operations in flight, and by that threads and memory; lets none begin once closed. Thread-safe. */
final class Admission {
    private final int limit;
    private final Semaphore free;
    private volatile boolean closed;

    Admission(int limit) {
        this.limit = limit;
        free = new Semaphore(limit);
    }

    /**
     * Lets an operation in.
     *
     * @return to be run once it is over; running it again does nothing
     * @throws TintypeException OVERLOADED, or UNAVAILABLE once closed
     */
    Runnable enter() {
        if (closed) {
            throw new TintypeException(Reason.UNAVAILABLE, "the client is closed; make a new one");
        }
        if (!free.tryAcquire()) {
            throw new TintypeException(
                    Reason.OVERLOADED,
                    "this client has " + limit + " calls in flight, which is its limit; wait for some to end before"
                            + " starting more, or raise maxCallsInFlight");
        }
        var left = new AtomicBoolean();
        return () -> {
            if (left.compareAndSet(false, true)) {
                free.release();
            }
        };
    }

    void close() {
        closed = true;
    }
}
