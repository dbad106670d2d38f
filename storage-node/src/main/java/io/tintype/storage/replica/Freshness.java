// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica;

import java.util.OptionalLong;

/**
 * How old reads from a replica that does not lead may be.
 *
 * <p>A beat names the commit mark at a moment when the primary held its lease, so that nobody else can have committed
 * more. Once that much is applied here, reads show at least the state of that moment, and the moment lies after the
 * time that the beat is known to have been sent after. What was shown once is shown by every later state: it holds
 * whatever role the replica takes, so that such reads go on while nobody leads. Confined to the shard's loop.
 */
final class Freshness {
    private long asOfNanos = Long.MIN_VALUE;
    private long waitingAsOfNanos = Long.MIN_VALUE;
    private long waitingFor;

    void beat(Beat beat, long sentAfterNanos, long applied) {
        if (!beat.leased() || sentAfterNanos == Long.MIN_VALUE) {
            return;
        }
        if (applied >= beat.committed()) {
            asOfNanos = Math.max(asOfNanos, sentAfterNanos);
        } else if (waitingAsOfNanos == Long.MIN_VALUE) {
            waitingAsOfNanos = sentAfterNanos;
            waitingFor = beat.committed();
        }
    }

    void applied(long applied) {
        if (waitingAsOfNanos != Long.MIN_VALUE && applied >= waitingFor) {
            asOfNanos = Math.max(asOfNanos, waitingAsOfNanos);
            waitingAsOfNanos = Long.MIN_VALUE;
        }
    }

    OptionalLong ageNanos(long nowNanos) {
        return asOfNanos == Long.MIN_VALUE ? OptionalLong.empty() : OptionalLong.of(Math.max(0, nowNanos - asOfNanos));
    }
}
