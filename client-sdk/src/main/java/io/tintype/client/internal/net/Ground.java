// SPDX-License-Identifier: Apache-2.0
package io.tintype.client.internal.net;

/**
 * When an operation last gained ground, over all its attempts. One that repeats what another did before it is on its way and
 * must not be given up meanwhile; but if it then fails no further on, the operation has gained nothing since. Thread-safe.
 */
final class Ground {
    private long lastGained;
    private long gainedBefore;
    private long furthest;
    private long reached;

    Ground(long nowNanos) {
        lastGained = nowNanos;
        gainedBefore = nowNanos;
    }

    /** An attempt begins. */
    synchronized void begin() {
        gainedBefore = lastGained;
        reached = 0;
    }

    /** The attempt has moved so many bytes more. */
    synchronized void covered(long bytes, long nowNanos) {
        reached += bytes;
        lastGained = nowNanos;
        if (reached > furthest) {
            furthest = reached;
            gainedBefore = nowNanos;
        }
    }

    /** The attempt failed. */
    synchronized void lost() {
        lastGained = gainedBefore;
    }

    /** By {@link System#nanoTime}. */
    synchronized long lastGainedNanos() {
        return lastGained;
    }
}
