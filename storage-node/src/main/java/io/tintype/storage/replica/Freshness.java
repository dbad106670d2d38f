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
 * agree on how much time has passed since then: the monotonic one stands still while the machine is suspended.
 * Confined to the shard's loop.
 */
final class Freshness {
    /** What is shown is not older than this. */
    private @Nullable Now shown;

    /** Nor older than this, once so much is applied. */
    private @Nullable Now waiting;

    private long waitingFor;

    void beat(Beat beat, @Nullable Now sentAfter, long applied, Now now) {
        if (!beat.leased() || sentAfter == null || !now.agreesSince(sentAfter)) {
            return;
        }
        if (applied >= beat.committed()) {
            show(sentAfter);
        } else if (waiting == null || !now.agreesSince(waiting)) {
            waiting = sentAfter;
            waitingFor = beat.committed();
        }
    }

    void applied(long applied) {
        if (waiting != null && applied >= waitingFor) {
            show(waiting);
            waiting = null;
        }
    }

    private void show(Now asOf) {
        if (shown == null || asOf.nanosSince(shown) >= 0) {
            shown = asOf;
        }
    }

    OptionalLong ageNanos(Now now) {
        return shown == null || !now.agreesSince(shown)
                ? OptionalLong.empty()
                : OptionalLong.of(Math.max(0, now.nanosSince(shown)));
    }
}
