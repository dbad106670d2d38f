// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.disk;

import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Keeps native memory alive while it is in use: {@link #close} waits for everyone inside and lets nobody in again.
 *
 * <p>Thread-safe. Without it, a read during shutdown would be a crash of the process.
 */
final class Gate implements AutoCloseable {
    private static final int CLOSED = 1 << 31;

    private final AtomicInteger state = new AtomicInteger();

    /**
     * Goes in; {@link #exit} must follow.
     *
     * @throws TintypeException UNAVAILABLE once the store is being closed
     */
    void enter() {
        int before = state.getAndIncrement();
        if ((before & CLOSED) != 0) {
            exit();
            throw new TintypeException(Reason.UNAVAILABLE, "the store on this disk is being closed");
        }
    }

    void exit() {
        int now = state.decrementAndGet();
        if (now == CLOSED) {
            synchronized (this) {
                notifyAll();
            }
        }
    }

    @Override
    public void close() {
        state.getAndUpdate(s -> s | CLOSED);
        boolean interrupted = false;
        synchronized (this) {
            while (state.get() != CLOSED) {
                try {
                    wait();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
