// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica;

/**
 * The epoch below which nothing is taken, and the grant to the primary of that epoch.
 *
 * <p>A promise counts against others from the moment it is made, and for others once it is durable: refusals may be
 * given at once, answers in the new epoch only after the fsync ({@link Rule#PROMISE_IS_FSYNCED_FIRST}). A grant is
 * volatile: after a start the longest possible one is assumed. Confined to the shard's loop.
 */
final class Promises {
    private final boolean durabilityMatters;
    private long promised;
    private long durable;
    private long grantEndsNanos;

    Promises(long durable, boolean durabilityMatters, long grantEndsNanos) {
        this.promised = durable;
        this.durable = durable;
        this.durabilityMatters = durabilityMatters;
        this.grantEndsNanos = grantEndsNanos;
    }

    long promised() {
        return promised;
    }

    /** Raises the promise. True: it is news, and must be made durable. */
    boolean raise(long epoch) {
        if (epoch <= promised) {
            return false;
        }
        promised = epoch;
        if (!durabilityMatters) {
            durable = epoch;
        }
        return true;
    }

    void persisted(long epoch) {
        durable = Math.max(durable, epoch);
    }

    /** Whether answers in the promised epoch may be given. */
    boolean mayAnswer() {
        return durable >= promised;
    }

    /** The follower elects nobody, and leads nothing, before the time given. */
    void grant(long endsNanos) {
        grantEndsNanos = Math.max(grantEndsNanos, endsNanos);
    }

    /**
     * Every primary that a grant was given to serves no longer. True of whoever finds itself named by a transfer: the
     * primary before it had stopped, and had itself waited out what it granted to those before.
     */
    void release(long nowNanos) {
        grantEndsNanos = Math.min(grantEndsNanos, nowNanos);
    }

    boolean grantIsOver(long nowNanos) {
        return nowNanos - grantEndsNanos >= 0;
    }
}
