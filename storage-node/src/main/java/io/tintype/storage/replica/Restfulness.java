// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica;

import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;

/**
 * Whether a replica rests: since a tick that had nothing to do, it was told of nothing but ticks and heartbeats. At rest it
 * is ticked {@value #TICKS_AT_REST} times less often, about once a heartbeat, and as long as it hears the primary, or is
 * ticked with each of its own beats, {@value #TICKS_HEARD} times, so that hundreds of shards that nobody uses cost next to
 * nothing. All replicas at rest are ticked at the same ticks, so that their loops sleep in between.
 *
 * <p>No promise is kept by ticks: leases, grants and promises are held against the clock whenever they are used. What a
 * tick notices, a primary that fell silent or a member that lags, it may notice late, as after any pause of the process;
 * at rest that is by two heartbeats at most, counted from the last one that was heard. The simulator leaves out the same
 * ticks.
 *
 * <p>{@link #took}, {@link #tickedWithBeat} and {@link #isAtRest} on the shard's loop, {@link #isDue} on the timer's thread.
 */
public final class Restfulness {
    /** At rest, one tick in so many; about one in a heartbeat. */
    public static final int TICKS_AT_REST = 5;

    /** At rest, one tick in so many, whatever is heard: a few heartbeats. */
    static final int TICKS_HEARD = 4 * TICKS_AT_REST;

    /** In the others somebody waits for the time to do something. */
    private static final Set<ReplicaState> RESTFUL = Collections.unmodifiableSet(
            EnumSet.of(ReplicaState.PRIMARY, ReplicaState.FOLLOWER, ReplicaState.LEARNER, ReplicaState.OBSERVER));

    private boolean stirred;
    private volatile boolean atRest;
    private volatile boolean spared;

    /** The core took an event, wanted so many things done, and is in this state now. Whether that ended a rest. */
    public boolean took(ReplicaEvent event, int actions, ReplicaState state) {
        boolean rested = atRest;
        if (event instanceof ReplicaEvent.Tick) {
            atRest = !stirred && actions == 0 && RESTFUL.contains(state);
            stirred = false;
        } else if (stirs(event)) {
            stirred = true;
            atRest = false;
        } else if (event instanceof ReplicaEvent.BeatReceived && actions > 0 && state != ReplicaState.PRIMARY) {
            spared = true; // a primary answers those of others too, and has members to watch
        }
        return rested && !atRest;
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

    /** Whether it rests. */
    public boolean isAtRest() {
        return atRest;
    }

    /** The core had its tick along with a beat of its own. */
    public void tickedWithBeat() {
        spared = true;
    }

    /**
     * Whether to tick now; asked once a tick.
     *
     * @param tick how many there were before, the same for all replicas of a node
     */
    public boolean isDue(long tick) {
        if (!atRest) {
            return true;
        }
        if (tick % TICKS_AT_REST != 0) {
            return false;
        }
        boolean due = !spared || tick % TICKS_HEARD == 0;
        spared = false;
        return due;
    }
}
