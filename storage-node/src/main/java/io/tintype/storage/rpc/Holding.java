// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.rpc;

import com.google.errorprone.annotations.concurrent.GuardedBy;

/**
 * What one transfer has taken from a {@link ByteBudget} and not given back yet. Thread-safe; never blocks.
 *
 * <p>Always: after {@link #close} it holds nothing, whatever still goes on elsewhere.
 */
final class Holding {
    private final ByteBudget budget;

    @GuardedBy("this")
    private long bytes;

    @GuardedBy("this")
    private boolean closed;

    Holding(ByteBudget budget) {
        this.budget = budget;
    }

    /**
     * Takes more, as {@link ByteBudget#takeOrWait}.
     *
     * @return false: not yet, or never again
     */
    synchronized boolean takeOrWait(long more, Runnable retry) {
        if (closed || !budget.takeOrWait(more, retry)) {
            return false;
        }
        bytes += more;
        return true;
    }

    /** Gives back what is above this. */
    void keepOnly(long keep) {
        long back;
        synchronized (this) {
            back = Math.max(0, bytes - keep);
            bytes -= back;
        }
        budget.give(back);
    }

    /** Gives everything back, for good. */
    void close() {
        synchronized (this) {
            closed = true;
        }
        keepOnly(0);
    }
}
