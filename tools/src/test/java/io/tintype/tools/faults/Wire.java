// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.faults;

import java.io.IOException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.random.RandomGenerator;

/**
 * What goes from one process to another, in that direction. It delivers in order or not at all, as TCP does: what is cut
 * waits and arrives later, or its connection ends first. Thread-safe.
 */
final class Wire {
    private static final int RETRANSMIT_MILLIS = 200;
    private static final int MOST_RETRANSMITS = 5;

    /**
     * How a wire treats what passes. Immutable.
     *
     * @param delayMillis longest wait of each piece; drawn for each
     * @param lossPercent pieces that come only after one or more retransmissions
     * @param resetPerMille pieces at which the connection breaks
     */
    record Quality(int delayMillis, int lossPercent, int resetPerMille) {
        static final Quality GOOD = new Quality(0, 0, 0);
    }

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private int cuts;
    private volatile Quality quality = Quality.GOOD;

    /** Lets nothing through any more, until as many calls of {@link #mend}. */
    void cut() {
        lock.lock();
        try {
            cuts++;
        } finally {
            lock.unlock();
        }
    }

    /** Undoes one {@link #cut}. */
    void mend() {
        lock.lock();
        try {
            cuts--;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** From now on. */
    void become(Quality other) {
        quality = other;
    }

    /** Waits until the wire is whole. */
    void awaitWhole() throws InterruptedException {
        lock.lock();
        try {
            while (cuts > 0) {
                changed.await();
            }
        } finally {
            lock.unlock();
        }
    }

    /**
     * Holds a piece up for as long as the wire takes.
     *
     * @throws IOException when the connection breaks instead
     */
    void pass(RandomGenerator random) throws IOException, InterruptedException {
        awaitWhole();
        var now = quality;
        if (now.equals(Quality.GOOD)) {
            return;
        }
        if (random.nextInt(1000) < now.resetPerMille()) {
            throw new IOException("the wire broke the connection");
        }
        long wait = now.delayMillis() == 0 ? 0 : random.nextInt(now.delayMillis() + 1);
        if (random.nextInt(100) < now.lossPercent()) {
            wait += (long) RETRANSMIT_MILLIS * (1 + random.nextInt(MOST_RETRANSMITS));
        }
        TimeUnit.MILLISECONDS.sleep(wait);
        awaitWhole();
    }
}
