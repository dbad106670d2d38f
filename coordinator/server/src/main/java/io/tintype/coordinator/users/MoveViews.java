// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.users;

import io.tintype.model.PoolId;
import io.tintype.model.UserId;
import io.tintype.proto.internal.v1.DescribeMoveResponse;
import io.tintype.proto.internal.v1.DirectoryEntry;
import io.tintype.proto.internal.v1.DirectoryState;
import io.tintype.proto.internal.v1.MoveEnd;
import io.tintype.proto.internal.v1.OwnershipState;
import io.tintype.proto.v1.Move;
import io.tintype.proto.v1.MoveResult;
import io.tintype.proto.v1.MoveState;
import io.tintype.proto.v1.User;
import org.jspecify.annotations.Nullable;

/** Entries of the directory as the public API shows them. Pure. */
final class MoveViews {
    private MoveViews() {}

    /** A user's move, or how his last one ended; {@code target}: what the target says, where it was asked. */
    static Move of(UserId user, DirectoryEntry entry, @Nullable DescribeMoveResponse target) {
        var pool = PoolId.parse(entry.getPool());
        var move = Move.newBuilder()
                .setUser(User.newBuilder()
                        .setId(user.value())
                        .setRegion(pool.region())
                        .setTier(pool.tier())
                        .setShard(entry.getHome())
                        .setGeneration(entry.getGeneration()))
                .setSinceMs(entry.getSinceMs());
        if (entry.getState() != DirectoryState.DIRECTORY_STATE_MOVING) {
            return move.setState(MoveState.MOVE_STATE_NONE)
                    .setNumber(entry.getLastMove())
                    .setResult(result(entry.getLastEnd()))
                    .build();
        }
        var toPool = PoolId.parse(entry.getToPool());
        move.setToShard(entry.getTo())
                .setToRegion(toPool.region())
                .setToTier(toPool.tier())
                .setNumber(entry.getMove())
                .setState(MoveState.MOVE_STATE_WAITING);
        if (target != null && target.getUser().getMove() == entry.getMove()) {
            move.setState(state(target.getUser().getState()))
                    .setBlobsTotal(target.getBlobsTotal())
                    .setBlobsDone(target.getBlobsDone())
                    .setBytesTotal(target.getBytesTotal())
                    .setBytesDone(target.getBytesDone())
                    .setBytesPerSecond(target.getBytesPerSecond());
        }
        return move.build();
    }

    private static MoveState state(OwnershipState target) {
        return switch (target) {
            case OWNERSHIP_STATE_IMPORTING -> MoveState.MOVE_STATE_COPYING;
            case OWNERSHIP_STATE_READY -> MoveState.MOVE_STATE_READY;
            default -> MoveState.MOVE_STATE_WAITING;
        };
    }

    private static MoveResult result(MoveEnd end) {
        return switch (end) {
            case MOVE_END_UNSPECIFIED, UNRECOGNIZED -> MoveResult.MOVE_RESULT_UNSPECIFIED;
            case MOVE_END_COMMITTED -> MoveResult.MOVE_RESULT_DONE;
            case MOVE_END_CANCELLED -> MoveResult.MOVE_RESULT_ABORTED;
            case MOVE_END_FROZEN_TOO_LONG -> MoveResult.MOVE_RESULT_FROZEN_TOO_LONG;
            case MOVE_END_TARGET_FULL -> MoveResult.MOVE_RESULT_TARGET_FULL;
            case MOVE_END_MISMATCH -> MoveResult.MOVE_RESULT_MISMATCH;
            case MOVE_END_OVER_QUOTA -> MoveResult.MOVE_RESULT_OVER_QUOTA;
        };
    }
}
