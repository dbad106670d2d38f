// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import io.tintype.storage.replica.ReplicaEvent;
import io.tintype.storage.replica.ReplicaState;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;

/**
 * Whether a shard rests: since a tick that had nothing to do, it was told of nothing but ticks and heartbeats. A shard at
 * rest is ticked {@value #TICKS_AT_REST} times less often, so that hundreds of shards that nobody uses cost next to nothing.
 * Ticks keep no promise: what they notice at rest, a primary that fell silent, is a matter of seconds.
 *
 * <p>{@link #took} on the shard's loop, {@link #isDue} on the timer's thread.
 */
final class Restfulness {
    /** At rest, one tick in so many; about one in a heartbeat. */
    static final int TICKS_AT_REST = 5;

    /** In the others somebody waits for the time to do something. */
    private static final Set<ReplicaState> RESTFUL = Collections.unmodifiableSet(
            EnumSet.of(ReplicaState.PRIMARY, ReplicaState.FOLLOWER, ReplicaState.LEARNER, ReplicaState.OBSERVER));

    private boolean stirred;
    private volatile boolean atRest;

    // Confined to the timer's thread:
    private int left;

    /** The core took an event, wanted so many things done, and is in this state now. */
    void took(ReplicaEvent event, int actions, ReplicaState state) {
        if (event instanceof ReplicaEvent.Tick) {
            atRest = !stirred && actions == 0 && RESTFUL.contains(state);
            stirred = false;
        } else if (stirs(event)) {
            stirred = true;
            atRest = false;
        }
    }

    private static boolean stirs(ReplicaEvent event) {
        if (event instanceof ReplicaEvent.BeatReceived beat) {
            return beat.beat().deaf();
        }
        if (event instanceof ReplicaEvent.BeatAnswered answer) {
            return answer.answer().leaving() || answer.answer().full();
        }
        return true;
    }

    /** Whether to tick now; asked once a tick. */
    boolean isDue() {
        if (atRest && --left > 0) {
            return false;
        }
        left = TICKS_AT_REST;
        return true;
    }
}
