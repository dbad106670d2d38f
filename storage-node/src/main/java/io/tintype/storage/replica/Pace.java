// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica;

/**
 * How long a replica takes to make a record durable, from the moment it is appended at the primary until the primary
 * knows: one record is looked at after the other, and their times averaged. Confined to the shard's loop.
 */
final class Pace {
    /** A new time counts for so much of the average. */
    private static final int WEIGHT = 4;

    /** What was last seen so long ago says nothing of now. */
    private static final long FORGOTTEN_NANOS = 5_000_000_000L;

    private long probe;
    private long probeSince;
    private long average;
    private long sampledAt;

    /** Records up to this one were appended. */
    void appended(long seq, long nowNanos) {
        if (probe == 0) {
            probe = seq;
            probeSince = nowNanos;
        }
    }

    /** The replica has made records up to this one durable. */
    void durable(long seq, long nowNanos) {
        if (probe != 0 && seq >= probe) {
            long took = nowNanos - probeSince;
            average = isFresh(nowNanos) ? average + (took - average) / WEIGHT : took;
            sampledAt = nowNanos;
            probe = 0;
        }
    }

    /** Forgets the record looked at: it may have been cut away, or sent on a stream that ended. */
    void forget() {
        probe = 0;
    }

    /** What it takes at present; 0: nothing is known. */
    long nanos(long nowNanos) {
        long known = isFresh(nowNanos) ? average : 0;
        return probe == 0 ? known : Math.max(known, nowNanos - probeSince);
    }

    private boolean isFresh(long nowNanos) {
        return average > 0 && nowNanos - sampledAt < FORGOTTEN_NANOS;
    }
}
