// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import java.util.concurrent.atomic.AtomicLong;

/** An amount of bytes that many share. Thread-safe; never blocks. */
final class ByteBudget {
    private final long limit;
    private final AtomicLong taken = new AtomicLong();

    ByteBudget(long limit) {
        this.limit = limit;
    }

    /** Takes, unless that goes over the limit; the first taker always gets what it asks for. */
    boolean tryTake(long bytes) {
        long now = taken.addAndGet(bytes);
        if (now > limit && now > bytes) {
            taken.addAndGet(-bytes);
            return false;
        }
        return true;
    }

    /** Takes, even over the limit; the taker then looks at {@link #isOver} and gives something back. */
    void take(long bytes) {
        taken.addAndGet(bytes);
    }

    void give(long bytes) {
        taken.addAndGet(-bytes);
    }

    boolean isOver() {
        return taken.get() > limit;
    }

    long taken() {
        return taken.get();
    }

    long limit() {
        return limit;
    }
}
