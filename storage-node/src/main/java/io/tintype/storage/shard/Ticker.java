// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import io.tintype.storage.replica.Restfulness;
import java.util.Collection;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Tells a node's replicas of the time: all of them at those ticks at which one that rests may be due, and in between only
 * while there is one that does not. Only to ask hundreds of replicas whether they rest costs more than those have to do.
 *
 * <p>{@link #tick} on the timer's thread, {@link #stirred} on any.
 */
final class Ticker {
    private final AtomicBoolean stirred = new AtomicBoolean();
    private boolean anyAwake;
    private long ticks;

    /** A replica rests no longer. */
    void stirred() {
        stirred.set(true);
    }

    /** Who is told of the time. */
    interface Ticked {
        /**
         * Time passed.
         *
         * @param tick how often it had before
         * @return whether to tell of the next tick as well; false: of the next that may concern one at rest
         */
        boolean tick(long tick);
    }

    /** Time passed. */
    void tick(Collection<? extends Ticked> running) {
        long tick = ticks++;
        boolean news = stirred.getAndSet(false);
        if (tick % Restfulness.TICKS_AT_REST == 0 || anyAwake || news) {
            anyAwake = false;
            for (var shard : running) {
                anyAwake |= shard.tick(tick);
            }
        }
    }
}
