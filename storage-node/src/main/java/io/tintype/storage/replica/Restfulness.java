// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica;

import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;

/**
 * Whether a replica rests: since a tick that had nothing to do, it was told of nothing but ticks and heartbeats. At rest it
 * is ticked {@value #TICKS_AT_REST} times less often, about once a heartbeat, so that hundreds of shards that nobody uses
 * cost next to nothing.
 *
 * <p>No promise is kept by ticks: leases, grants and promises are held against the clock whenever they are used. What a
 * tick notices, a primary that fell silent or a member that lags, it may notice late, as after any pause of the process;
 * at rest that is by a heartbeat at most. The simulator leaves out the same ticks.
 *
 * <p>{@link #took} on the shard's loop, {@link #isDue} on the timer's thread.
 */
public final class Restfulness {
    /** At rest, one tick in so many; about one in a heartbeat. */
    public static final int TICKS_AT_REST = 5;

    /** In the others somebody waits for the time to do something. */
    private static final Set<ReplicaState> RESTFUL = Collections.unmodifiableSet(
            EnumSet.of(ReplicaState.PRIMARY, ReplicaState.FOLLOWER, ReplicaState.LEARNER, ReplicaState.OBSERVER));

    private boolean stirred;
    private volatile boolean atRest;

    // Confined to the timer's thread:
    private int left;

    /** The core took an event, wanted so many things done, and is in this state now. */
    public void took(ReplicaEvent event, int actions, ReplicaState state) {
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
    public boolean isDue() {
        if (atRest && --left > 0) {
            return false;
        }
        left = TICKS_AT_REST;
        return true;
    }
}
