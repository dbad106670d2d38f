// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import io.tintype.model.PoolId;
import io.tintype.model.ShardId;
import java.time.Instant;
import java.util.Optional;

/**
 * How far a user's move is, or how his last one ended. Immutable.
 *
 * @param user the user, where he lives now
 * @param state what is going on
 * @param toShard the shard he is being moved to; empty where no move is under way
 * @param toPool that shard's pool
 * @param number which move: the generation that it makes; 0: he never moved
 * @param result how the last move ended
 * @param since when the move began, or the last one ended
 * @param blobsTotal blobs to be compared or copied, as counted when copying began
 * @param blobsDone of these, done
 * @param bytesTotal their bytes
 * @param bytesDone of these, done
 * @param bytesPerSecond bytes that are copied a second
 */
public record MoveInfo(
        UserInfo user,
        State state,
        Optional<ShardId> toShard,
        Optional<PoolId> toPool,
        long number,
        Result result,
        Instant since,
        long blobsTotal,
        long blobsDone,
        long bytesTotal,
        long bytesDone,
        long bytesPerSecond) {

    /** What a move is doing. */
    public enum State {
        /** No move is under way. */
        NONE,
        /** The target has not begun, or cannot be asked at the moment. */
        WAITING,
        /** The target copies. */
        COPYING,
        /** The target has everything; the directory is about to say so. */
        READY
    }

    /** How a move ended. */
    public enum Result {
        /** None has ended, or one is under way. */
        NONE,
        /** The user lives on the target. */
        DONE,
        /** Somebody aborted it. */
        ABORTED,
        /** Writes would have paused for more than two seconds; another try takes up what was copied. */
        FROZEN_TOO_LONG,
        /** The target had no room. */
        TARGET_FULL,
        /** What was copied did not come out equal to what the source has. */
        MISMATCH,
        /** The target's pool grants less than the user has stored. */
        OVER_QUOTA
    }

    /** Whether a move is under way. */
    public boolean isUnderWay() {
        return state != State.NONE;
    }
}
