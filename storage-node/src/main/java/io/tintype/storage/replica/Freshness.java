// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica;

import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * How old reads from a replica that does not lead may be.
 *
 * <p>A beat names the commit mark at a moment when the primary held its lease, so that nobody else can have committed
 * more. Once that much is applied here, reads show at least the state of that moment, and the moment lies after the
 * time that the beat is known to have been sent after. What was shown once is shown by every later state: it holds
 * whatever role the replica takes, so that such reads go on while nobody leads. Its age is known as long as both clocks
 * agree on how much time has passed since it was learned: the monotonic one stands still while the machine is suspended.
 * Confined to the shard's loop.
 */
final class Freshness {
    /** A state not older than a time by the monotonic clock, and when that was learned. */
    private record AsOf(long nanos, Now learned) {}

    private @Nullable AsOf shown;
    private @Nullable AsOf waiting;
    private long waitingFor;

    void beat(Beat beat, long sentAfterNanos, long applied, Now now) {
        if (!beat.leased() || sentAfterNanos == Long.MIN_VALUE) {
            return;
        }
        var asOf = new AsOf(sentAfterNanos, now);
        if (applied >= beat.committed()) {
            show(asOf);
        } else if (waiting == null || !now.agreesSince(waiting.learned)) {
            waiting = asOf;
            waitingFor = beat.committed();
        }
    }

    void applied(long applied) {
        if (waiting != null && applied >= waitingFor) {
            show(waiting);
            waiting = null;
        }
    }

    private void show(AsOf asOf) {
        if (shown == null || asOf.nanos >= shown.nanos) {
            shown = asOf;
        }
    }

    OptionalLong ageNanos(Now now) {
        return shown == null || !now.agreesSince(shown.learned)
                ? OptionalLong.empty()
                : OptionalLong.of(Math.max(0, now.nanos() - shown.nanos));
    }
}
